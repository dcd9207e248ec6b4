#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "probes/base/prober_key.h"
#include "probes/base/time.h"

namespace pathwitness {

enum class SkipReason : std::uint8_t {
  Overrun,      // the round before was not over, or the process was not scheduled in time
  Budget,       // shed under the packet or connection budget
  RateLimited,  // the service asked for a pause (429, Retry-After)
};
inline constexpr std::array<std::string_view, 3> kSkipReasonNames = {"overrun", "budget",
                                                                     "rate_limited"};

/// `Unknown` until the first round is stored.
enum class ProberState : std::uint8_t { Unknown, Up, Down };

/// A prober's own pulse, and what it measures right now: the part every snapshot has in common.
///
/// `last_round` advances only when a round's results are stored; it starts at the prober's start,
/// so that a prober which never finishes a round looks stale too.
struct ProberStatus {
  ProberKey key;
  Duration interval{};
  WallTime last_round;
  WallTime last_attempt;
  std::uint64_t rounds = 0;
  std::array<std::uint64_t, kSkipReasonNames.size()> rounds_skipped{};
  std::uint64_t restarts = 0;
  ProberState state = ProberState::Unknown;
  std::uint64_t state_changes = 0;  // Up to Down or back; leaving Unknown is no change

  std::string address;         // being probed now; empty while unresolved
  std::string source_address;  // empty while unknown
  std::uint16_t port = 0;      // 0: the protocol has none
};

/// Moves `status` to `state` and counts a transition between Up and Down. True when people should
/// hear of it: at such a transition, and when the very first round finds the target down.
inline bool EnterState(ProberStatus& status, ProberState state) {
  const ProberState before = std::exchange(status.state, state);
  const bool is_change = before != ProberState::Unknown && before != state;
  status.state_changes += is_change ? 1 : 0;
  return is_change || (before == ProberState::Unknown && state == ProberState::Down);
}

/// What a restarted engine carries on from the snapshot its predecessor left: counters go on, and
/// the restart is counted. Same shape for every kind of prober.
inline void CountRestart(ProberStatus& status) {
  ++status.restarts;
}

}  // namespace pathwitness
