#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace pathwitness {

/// A round trip in two bytes, as of which very many are kept: logarithmic, in steps of 0.03 % from
/// a microsecond up to two minutes. 0: none.
using SmallRoundTrip = std::uint16_t;

inline constexpr double kSmallRoundTripStepsPerFold = 3500;

/// Not positive: none.
inline SmallRoundTrip ToSmallRoundTrip(double milliseconds) {
  if (!(milliseconds > 0)) {
    return 0;
  }
  const double steps = std::round(std::log(milliseconds * 1e3) * kSmallRoundTripStepsPerFold);
  return static_cast<SmallRoundTrip>(
      std::clamp<double>(steps, 1, std::numeric_limits<SmallRoundTrip>::max()));
}

/// Pre: there is one.
inline double ToMilliseconds(SmallRoundTrip small) {
  return std::exp(small / kSmallRoundTripStepsPerFold) / 1e3;
}

}  // namespace pathwitness
