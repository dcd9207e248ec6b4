#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "probes/base/prober_status.h"
#include "probes/base/snapshot_board.h"
#include "probes/base/time.h"
#include "probes/reflect/one_way_count.h"

namespace pathwitness {

/// Why a request that was due could not be sent: a closed set, the `reason` label.
enum class UnsentRequest : std::uint8_t {
  Dns,   // no address
  Key,   // no usable key file
  Send,  // the kernel refused
};
inline constexpr std::array<std::string_view, 3> kUnsentRequestNames = {"dns", "key", "send"};

/// What one prober knows by its reflector. It is up when an answer came in the last round.
struct OneWaySnapshot {
  ProberStatus status;
  std::uint64_t requests = 0;
  std::array<std::uint64_t, kUnsentRequestNames.size()> unsent{};
  std::array<std::uint64_t, kAnswerRefusalNames.size()> refused{};
  OneWayTotals totals;
  std::optional<WallTime> last_answer;
};

using OneWayBoard = SnapshotBoard<ProberKey, OneWaySnapshot>;

}  // namespace pathwitness
