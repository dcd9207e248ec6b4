#pragma once

#include <algorithm>
#include <cmath>

namespace pathwitness {

/// The half-width of a 95 % interval in standard deviations.
inline constexpr double kZ95 = 1.96;

struct Interval {
  double low = 0;
  double high = 0;

  bool operator==(const Interval&) const = default;
};

/// The 95 % interval of a ratio of which `hits` of `trials` were seen; [0, 1] without trials.
/// Source: E. B. Wilson, "Probable inference" (1927).
inline Interval WilsonInterval(double hits, double trials) {
  if (!(trials > 0)) {
    return {.low = 0, .high = 1};
  }
  const double ratio = hits / trials;
  const double z2 = kZ95 * kZ95 / trials;
  const double center = (ratio + z2 / 2) / (1 + z2);
  const double half = kZ95 * std::sqrt(ratio * (1 - ratio) / trials + z2 / (4 * trials)) / (1 + z2);
  // Without hits the lower bound is 0 exactly; the subtraction leaves dust.
  return {.low = hits <= 0 ? 0 : std::max(0.0, center - half),
          .high = hits >= trials ? 1 : std::min(1.0, center + half)};
}

}  // namespace pathwitness
