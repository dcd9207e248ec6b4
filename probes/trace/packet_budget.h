#pragma once

#include <algorithm>

#include "probes/base/time.h"
#include "probes/trace/tracer.h"

namespace pathwitness {

/// The packet rate of all probers together: a token bucket. End-to-end probes always go and may
/// run it into debt, which hop probes then pay by waiting. Focus may use only what others leave.
class PacketBudget {
 public:
  explicit PacketBudget(MonoTime now) : refilled_(now) {}

  void SetRate(double packets_per_second) {
    rate_ = packets_per_second;
    tokens_ = std::min(tokens_, Burst());
  }

  bool MaySend(HopTier tier, MonoTime now) {
    Refill(now);
    return tokens_ >= (tier == HopTier::Focus ? Burst() / 2 : 1);
  }

  /// When MaySend allows a probe of a round again, if nothing else is sent.
  MonoTime NextToken() const {
    const std::chrono::duration<double> wait(std::max(0.0, 1 - tokens_) / rate_);
    return refilled_ + std::chrono::ceil<Duration>(wait);
  }

  void Spend() { tokens_ -= 1; }

 private:
  // What falls due in a turn that comes late must not be put off for that alone.
  double Burst() const { return std::max(32.0, rate_ / 10); }

  void Refill(MonoTime now) {
    tokens_ = std::min(Burst(), tokens_ + rate_ * ToSeconds(now - refilled_));
    refilled_ = now;
  }

  double rate_ = 0;
  double tokens_ = 0;
  MonoTime refilled_;
};

}  // namespace pathwitness
