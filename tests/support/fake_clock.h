#pragma once

#include <algorithm>
#include <atomic>

#include "probes/base/time.h"

namespace pathwitness {

/// Time that moves only when a test says so. Starts at 2026-01-01T00:00:00Z. Any thread may read.
class FakeClock final : public Clock {
 public:
  MonoTime Now() const override { return now_; }
  WallTime WallNow() const override { return wall_start_ + (now_.load() - start_); }

  void Advance(Duration step) { now_ = now_.load() + step; }
  void AdvanceTo(MonoTime when) { now_ = std::max(when, now_.load()); }

 private:
  MonoTime start_{std::chrono::hours(1)};
  std::atomic<MonoTime> now_ = start_;
  WallTime wall_start_{std::chrono::seconds(1767225600)};
};

}  // namespace pathwitness
