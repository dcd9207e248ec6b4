#pragma once

#include <algorithm>

#include "probes/base/time.h"

namespace pathwitness {

/// `rate` a second, and as many at once after a pause.
class TokenBucket {
 public:
  TokenBucket(double rate, MonoTime now) : rate_(rate), tokens_(rate), refilled_(now) {}

  bool Take(MonoTime now) {
    tokens_ = TokensAt(now);
    refilled_ = now;
    if (tokens_ < 1) {
      return false;
    }
    tokens_ -= 1;
    return true;
  }

  /// Nothing would be forgotten with it.
  bool IsFull(MonoTime now) const { return TokensAt(now) >= rate_; }

 private:
  double TokensAt(MonoTime now) const {
    return std::min(rate_, tokens_ + rate_ * ToSeconds(now - refilled_));
  }

  double rate_;
  double tokens_;
  MonoTime refilled_;
};

}  // namespace pathwitness
