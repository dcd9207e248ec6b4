#pragma once

#include <algorithm>
#include <atomic>

#include "exporter/web/web_config.h"
#include "probes/base/time.h"

namespace pathwitness {

/// A bucket of `burst` requests, full at first, that gains one every `interval`. Kept as the time
/// at which it will be full again, so that one atomic number does. May be used from many threads at
/// once.
/// Source: ITU-T I.371, generic cell rate algorithm, virtual scheduling.
class RateLimiter {
 public:
  /// Without an interval it lets everything pass.
  explicit RateLimiter(const RateLimitConfig& config)
      : interval_(config.interval), depth_(config.interval * config.burst) {}

  bool Allows(MonoTime now) {
    if (interval_ <= Duration::zero()) {
      return true;
    }
    Duration::rep before = full_at_.load();
    while (true) {
      const Duration full_at = std::max(Duration(before), now.time_since_epoch()) + interval_;
      if (full_at - now.time_since_epoch() > depth_) {
        return false;
      }
      if (full_at_.compare_exchange_weak(before, full_at.count())) {
        return true;
      }
    }
  }

 private:
  const Duration interval_;
  const Duration depth_;
  std::atomic<Duration::rep> full_at_{0};  // since MonoTime's epoch
};

}  // namespace pathwitness
