#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probes/base/histogram.h"
#include "probes/base/prober_status.h"
#include "probes/base/snapshot_board.h"
#include "probes/trace/round.h"

namespace pathwitness {

inline constexpr std::array<std::string_view, 7> kUnreachableCodeNames = {
    "net", "host", "protocol", "port", "frag_needed", "admin", "other"};

/// Why a due end-to-end probe could not be sent. It counts as sent and lost all the same: a target
/// that cannot be tried is down, never missing.
enum class UnsentReason : std::uint8_t { Dns, NoRoute, Unsupported, SendError };
inline constexpr std::array<std::string_view, 4> kUnsentReasonNames = {"dns", "no_route",
                                                                       "unsupported", "send_error"};

/// Counters of one TTL since the prober's start; they go on through route changes. They hold what
/// other paths with the same prefix brought, too.
struct HopCounters {
  std::uint64_t probes = 0;
  std::uint64_t probes_credited = 0;  // of them, sent for other paths
  std::uint64_t replies_missing = 0;  // neither answered in time nor late
  std::uint64_t round_trip_count = 0;
  double round_trip_sum = 0;              // seconds
  std::optional<double> last_round_trip;  // seconds; of the last round that had an answer
  std::optional<IpAddress> address;       // newest responder
  std::uint8_t reply_ttl = 0;
  std::optional<std::uint8_t> quoted_ttl;
  std::vector<MplsLabel> mpls;

  bool operator==(const HopCounters&) const = default;
};

/// End-to-end probes of one flow since the prober's start, over once answered or lost. Those that
/// could not be sent are not among them: they tell nothing of the path.
struct FlowCounters {
  std::uint64_t probes = 0;
  std::uint64_t lost = 0;

  bool operator==(const FlowCounters&) const = default;
};

/// A round that is over, and since when.
struct EndedRound {
  WallTime at;
  std::shared_ptr<const Round> round;
};

/// What one trace prober knows: everything its series and pages need.
struct TraceSnapshot {
  ProberStatus status;

  std::uint64_t probes = 0;  // end to end; finished ones: answered, late or lost
  std::uint64_t lost = 0;
  std::uint64_t late = 0;
  Histogram round_trips;  // end to end, seconds
  std::array<std::uint64_t, kUnreachableCodeNames.size()> unreachable{};
  std::array<std::uint64_t, kUnsentReasonNames.size()> unsent{};
  std::vector<FlowCounters> flows;  // by index of the flow; as many as were ever probed
  /// By index of the flow: its UDP or TCP source port, or its ICMP identifier.
  std::vector<std::uint16_t> flow_ports;

  bool reached = false;  // in the last round
  std::uint8_t destination_hop = 0;
  std::uint8_t last_responding_hop = 0;
  std::vector<HopCounters> hops;  // hops[0] is TTL 1; only the present path's length

  WallTime last_trouble;  // end of the last round that was one; the epoch: none was

  std::shared_ptr<const Round> last_round;  // null before the first
  /// Those that ended less than kRoundsShownFor before it, the oldest first. A round that waits for
  /// a lost answer holds up the ones behind it, and then several end at once: who looks every
  /// second sees all of them.
  std::vector<EndedRound> rounds_before;

  static constexpr Duration kRoundsShownFor = std::chrono::seconds(5);
};

using TraceBoard = SnapshotBoard<ProberKey, TraceSnapshot>;

/// Why a hop probe was put off.
enum class DeferReason : std::uint8_t { Budget, ResponderBudget, Network, FirstHop };
inline constexpr std::array<std::string_view, 4> kDeferReasonNames = {"budget", "responder_budget",
                                                                      "network", "first_hop"};

/// Which hop probes were given up for lack of budget; the first go first.
enum class ShedTier : std::uint8_t { Focus, Hop };
inline constexpr std::array<std::string_view, 2> kShedTierNames = {"focus", "hop"};

/// What the trace engine tells of itself.
struct TraceSelf {
  std::array<std::uint64_t, 2> packets_sent{};                     // by IpFamily
  std::vector<std::pair<std::string, std::uint64_t>> send_errors;  // errno name -> count
  std::uint64_t replies_unmatched = 0;  // well formed, but no probe of ours is waiting for it
  std::uint64_t replies_spoofed = 0;    // matches a probe but not its secret
  std::uint64_t replies_malformed = 0;
  std::uint64_t replies_late = 0;
  std::uint64_t replies_duplicate = 0;
  std::uint64_t receive_drops = 0;
  std::array<std::uint64_t, kDeferReasonNames.size()> deferred{};  // hop probes, by DeferReason
  std::array<std::uint64_t, kShedTierNames.size()> shed{};         // hop probes, by ShedTier
  std::uint64_t responders = 0;  // that have a budget of their own
  std::uint64_t waiting = 0;     // hop probes that wait for their responder's turn
  std::uint64_t focus_sets = 0;  // probers whose hops are probed once a second
  double packet_budget_per_second = 0;
  bool is_privileged = false;  // raw sockets, not the unprivileged port
};

using TraceSelfBoard = SnapshotBoard<int, TraceSelf>;  // one entry, key 0

}  // namespace pathwitness
