#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "probes/base/time.h"
#include "probes/base/wilson_interval.h"

namespace pathwitness {

/// Whether a path loses packets for sure: at least 3 end-to-end probes of the last minute, and more
/// than 1 % by the lower end of the interval.
class LossGate {
 public:
  void OnProbe(bool is_lost, MonoTime now) {
    Slot& slot = slots_[static_cast<std::size_t>(EraOf(now)) % slots_.size()];
    if (slot.era != EraOf(now)) {
      slot = {.era = EraOf(now)};
    }
    ++slot.probes;
    if (is_lost) {
      ++slot.lost;
    }
  }

  bool IsOpen(MonoTime now) const {
    constexpr std::uint32_t kFewest = 3;
    constexpr double kTolerated = 0.01;
    const Slot sum = LastMinute(now);
    return sum.lost >= kFewest && WilsonInterval(sum.lost, sum.probes).low > kTolerated;
  }

  /// End-to-end probes of the last minute came back, all of them.
  bool IsClean(MonoTime now) const {
    const Slot sum = LastMinute(now);
    return sum.probes > 0 && sum.lost == 0;
  }

 private:
  static constexpr Duration kSlot = std::chrono::seconds(10);
  struct Slot {
    std::int64_t era = 0;
    std::uint32_t probes = 0;
    std::uint32_t lost = 0;
  };

  static std::int64_t EraOf(MonoTime time) { return time.time_since_epoch() / kSlot; }

  Slot LastMinute(MonoTime now) const {
    Slot sum;
    for (const Slot& slot : slots_) {
      if (slot.era + static_cast<std::int64_t>(slots_.size()) > EraOf(now)) {
        sum.probes += slot.probes;
        sum.lost += slot.lost;
      }
    }
    return sum;
  }

  std::array<Slot, 6> slots_{};
};

}  // namespace pathwitness
