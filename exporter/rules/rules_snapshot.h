#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/rules/rule_drift.h"
#include "probes/base/snapshot_board.h"
#include "probes/base/time.h"

namespace pathwitness {

/// Why rules could not be compared: a closed set, the `reason` label.
enum class ComparisonFailure : std::uint8_t {
  Rules,  // the shipped ones cannot be read
  Dns,
  Connect,
  Tls,
  Timeout,
  Status,    // another status code than 200
  TooLarge,  // the answer
  Parse,     // it is no list of rules
  Internal,  // our own fault: unreadable password file, out of descriptors
};
inline constexpr std::array<std::string_view, 9> kComparisonFailureNames = {
    "rules", "dns", "connect", "tls", "timeout", "status", "too_large", "parse", "internal"};

/// How far the rules that one Prometheus runs are the shipped ones.
struct RulesSnapshot {
  std::string prometheus;  // its URL without user, password and fragment
  Duration interval{};
  std::vector<RuleDrift> drifts;  // of the last comparison that succeeded
  bool has_compared = false;      // ever, that is
  WallTime last_comparison;       // that succeeded; when this one was configured before that
  std::uint64_t comparisons = 0;  // that are over, failed ones too
  std::array<std::uint64_t, kComparisonFailureNames.size()> failures{};
  std::string error;  // of the last comparison, for people; empty when it succeeded
};

/// Key: the URL as it is shown.
using RulesBoard = SnapshotBoard<std::string, RulesSnapshot>;

}  // namespace pathwitness
