#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "probes/base/time.h"

namespace pathwitness {

/// Packet rates that probers share: a token bucket for each key that somebody uses. As with
/// PacketBudget, some may spend what is not there, and the others wait until it is paid back.
class SharedLimits {
 public:
  using Id = std::uint32_t;

  /// 0: no limit.
  void SetRate(double packets_per_second) { rate_ = packets_per_second; }

  Id Enter(std::uint64_t key, MonoTime now) {
    const auto [found, is_new] = ids_.try_emplace(key, 0);
    if (is_new) {
      if (free_.empty()) {
        free_.push_back(static_cast<Id>(buckets_.size()));
        buckets_.emplace_back();
      }
      found->second = free_.back();
      free_.pop_back();
      buckets_[found->second] = {.key = key, .tokens = Burst(), .refilled = now};
    }
    ++buckets_[found->second].users;
    return found->second;
  }

  void Leave(Id id) {
    if (--buckets_[id].users == 0) {
      ids_.erase(buckets_[id].key);
      free_.push_back(id);
    }
  }

  bool HasRoom(Id id, MonoTime now) {
    if (rate_ <= 0) {
      return true;
    }
    Bucket& bucket = buckets_[id];
    const double earned = rate_ * ToSeconds(now - bucket.refilled);
    bucket.tokens = std::min(Burst(), bucket.tokens + earned);
    bucket.refilled = now;
    return bucket.tokens >= 1;
  }

  /// At most a second's worth is owed: who may always send must not silence the others for long.
  void Spend(Id id) { buckets_[id].tokens = std::max(buckets_[id].tokens - 1, -rate_); }

 private:
  struct Bucket {
    std::uint64_t key = 0;
    std::uint32_t users = 0;
    double tokens = 0;
    MonoTime refilled{};
  };

  double Burst() const { return std::max(32.0, rate_ / 10); }

  double rate_ = 0;
  std::unordered_map<std::uint64_t, Id> ids_;
  std::vector<Bucket> buckets_;
  std::vector<Id> free_;
};

}  // namespace pathwitness
