#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "probes/base/time.h"

// Times as the file has them: whole seconds for buckets, milliseconds for events, of Unix time.
namespace pathwitness {

inline WallTime FloorTo(WallTime time, Duration step) {
  const Duration into = time.time_since_epoch() % step;
  return time - (into < Duration::zero() ? into + step : into);
}

inline std::int64_t UnixSeconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

inline std::int64_t UnixMilliseconds(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

/// A clock of nanoseconds ends in the year 2262; what a damaged file says beyond is cut to that.
inline WallTime FromUnixMilliseconds(std::int64_t milliseconds) {
  constexpr std::int64_t kLatest = 9'000'000'000'000;
  return WallTime(std::chrono::milliseconds(std::clamp(milliseconds, -kLatest, kLatest)));
}

inline WallTime FromUnixSeconds(std::int64_t seconds) {
  constexpr std::int64_t kLatest = 9'000'000'000;
  return FromUnixMilliseconds(std::clamp(seconds, -kLatest, kLatest) * 1000);
}

inline std::int64_t WholeSeconds(Duration duration) {
  return std::chrono::floor<std::chrono::seconds>(duration).count();
}

}  // namespace pathwitness
