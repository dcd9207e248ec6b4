#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "diagnosis/hop_memory.h"
#include "diagnosis/path_alignment.h"
#include "probes/base/time.h"
#include "probes/trace/round.h"

namespace pathwitness {

enum class RouteEventKind : std::uint8_t {
  RouteChanged,   // other hops in place of the known ones, which are gone
  EcmpChanged,    // one more of several equal hops, or the flow moved to one that others use
  HopWentSilent,  // a hop in the middle answers no more; what is behind it does
};

/// Something happened to a route. TTLs count from 1; 0 means there is none.
struct RouteEvent {
  RouteEventKind kind = RouteEventKind::RouteChanged;
  std::uint64_t round = 0;  // in which it was decided
  WallTime at;              // when that round started
  std::uint16_t flow = 0;   // that showed it first
  std::uint8_t ttl = 0;     // of the first hop that differs, in the path after the change

  // Of RouteChanged, and of EcmpChanged when a flow moved.
  std::uint8_t last_common_ttl = 0;
  std::optional<IpAddress> last_common;  // the last hop before the change that answers
  std::uint8_t rejoin_ttl_before = 0;    // where the paths meet again
  std::uint8_t rejoin_ttl = 0;
  std::optional<int> length_delta;  // hops to the destination, after minus before
  bool is_loop = false;             // packets circulate on the path after the change
  PathView before;
  PathView after;

  bool operator==(const RouteEvent&) const = default;
};

/// Tells changes of one path's route from what only looks like them: hops that are silent now and
/// then, per-packet and per-flow load balancing, a lost last answer, an outage.
///
/// Fed with the rounds of one prober in their order. Knows each flow's path by itself. Flows that
/// change together are one event. A new destination or source is a new path, not an event.
///
/// Memory is bounded whatever answers: 64 flows of 64 hops with 16 addresses each; a hop with more
/// is taken for one that answers from anywhere, and tells nothing any more.
class RouteWatch {
 public:
  std::vector<RouteEvent> OnRound(const Round& round);

  /// The most addresses that any hop has, over all flows; 0 before anything answered.
  unsigned EcmpWidth() const;

  /// True when the newest two rounds of a flow showed packets going in a circle and never arriving.
  bool IsLooping() const;

 private:
  using Hops = std::vector<HopMemory>;
  struct Flow {
    Hops hops;
    Hops candidate;  // what answered since a hop is away
    unsigned stalled = 0;
    bool is_circling = false;  // in the last round
    bool is_looping = false;   // in the last two
  };

  Flow& FlowOf(std::uint16_t number);
  bool Compare(Flow& flow, const PathView& seen) const;
  void Follow(Flow& flow, const PathView& seen, bool is_strange) const;
  void Learn(Flow& flow, const PathView& seen, const RouteEvent& stamp,
             std::vector<RouteEvent>& events);
  void WatchSilence(Flow& flow, const PathView& answered, const Round& round,
                    std::vector<RouteEvent>& events);
  std::optional<RouteEvent> Change(Flow& flow, RouteEvent event);
  bool IsKnownToOthers(const Flow& flow, std::size_t index, const IpAddress& address) const;
  bool IsMoveAmongKnown(const Flow& flow) const;
  PathView ViewOf(const Hops& hops) const;
  std::optional<std::size_t> DestinationIndex(const PathView& view) const;

  IpAddress destination_;
  IpAddress source_;
  std::vector<Flow> flows_;
  std::uint32_t rounds_ = 0;
  std::uint32_t last_decided_ = 0;  // the round of the last change
};

}  // namespace pathwitness
