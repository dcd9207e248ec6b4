#pragma once

#include <chrono>

namespace pathwitness {

using Duration = std::chrono::nanoseconds;
using MonoTime = std::chrono::steady_clock::time_point;  // intervals, deadlines, round trips
using WallTime = std::chrono::system_clock::time_point;  // shown to people, written to files

/// The only source of time: SystemClock in main, FakeClock in tests.
///
/// Both readings may be taken from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonoTime Now() const = 0;
  virtual WallTime WallNow() const = 0;
};

class SystemClock final : public Clock {
 public:
  MonoTime Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override { return std::chrono::system_clock::now(); }
};

/// Seconds as Prometheus wants them: base unit, floating point.
inline double ToSeconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// Unix time in seconds with fraction.
inline double ToUnixSeconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace pathwitness
