#pragma once

#include <chrono>
#include <cstdint>

#include "probes/base/time.h"

// Times as the file has them: whole seconds for buckets, milliseconds for events, of Unix time.
namespace pathwitness {

inline WallTime FloorTo(WallTime time, Duration step) {
  const auto into = time.time_since_epoch() % step;
  return time - (into < into.zero() ? into + step : into);
}

inline std::int64_t UnixSeconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

inline std::int64_t UnixMilliseconds(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

inline WallTime FromUnixSeconds(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

inline WallTime FromUnixMilliseconds(std::int64_t milliseconds) {
  return WallTime(std::chrono::milliseconds(milliseconds));
}

inline std::int64_t WholeSeconds(Duration duration) {
  return std::chrono::floor<std::chrono::seconds>(duration).count();
}

}  // namespace pathwitness
