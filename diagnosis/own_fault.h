#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "probes/base/time.h"

namespace pathwitness {

/// What is wrong with the observer itself, in the order in which it is looked at: while there is
/// something, what it sees of others is no evidence.
enum class OwnFault : std::uint8_t {
  None,
  ClockStep,
  LocalDrops,
  Silence,  // nothing answers, and whether that is the uplink is not known yet
  Uplink,
  Dns,
};

/// "none", "clock_step", "local_drops", "silence", "uplink" or "dns".
std::string_view OwnFaultName(OwnFault fault);

/// What the observer knows of itself, over the window that is judged.
struct OwnState {
  Duration clock_step{};                // wall clock against steady clock
  std::uint64_t receive_drops = 0;      // answers that its own sockets dropped
  bool is_silent = false;               // no end-to-end probe is answered any more
  std::optional<bool> gateway_answers;  // since then; empty: not known yet
  unsigned anchors = 0;                 // targets that are up as long as the uplink is
  unsigned anchors_down = 0;
  unsigned lookups = 0;
  unsigned lookups_failed = 0;
};

OwnFault FindOwnFault(const OwnState& state);

}  // namespace pathwitness
