#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "probes/base/prober_status.h"
#include "probes/base/snapshot_board.h"

namespace pathwitness {

/// Why a pulse could not be read: a closed set, the `reason` label.
enum class PulseFailure : std::uint8_t {
  Dns,
  Connect,
  Tls,
  Timeout,
  Status,
  Missing,  // no such header, field, sample or file; never pushed
  Invalid,  // found, but it is no time
  Io,       // the file cannot be read
  Internal,
};
inline constexpr std::array<std::string_view, 9> kPulseFailureNames = {
    "dns", "connect", "tls", "timeout", "status", "missing", "invalid", "io", "internal"};

/// What one pulse prober knows of the thing it watches.
struct PulseSnapshot {
  ProberStatus status;
  /// Unix seconds of the beat that the last successful look found; absent: none ever. The state is
  /// Up when the last look found one at most three expected intervals away from now.
  std::optional<double> timestamp;
  Duration expected_interval{};
  std::array<std::uint64_t, kPulseFailureNames.size()> failures{};
  std::string error;  // of the last look, for people; empty when it found a time
};

using PulseBoard = SnapshotBoard<ProberKey, PulseSnapshot>;

}  // namespace pathwitness
