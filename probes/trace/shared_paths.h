#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What probes to one responder came to. Counts wrap around; only differences mean something.
struct HopEvidence {
  std::uint32_t probes = 0;
  std::uint32_t missing = 0;      // neither answered in time nor late
  std::uint32_t round_trips = 0;  // answered in time
  double round_trip_sum = 0;      // seconds

  HopEvidence& operator+=(const HopEvidence& other);
  HopEvidence operator-(const HopEvidence& other) const;
  bool operator==(const HopEvidence&) const = default;
};

/// The tree of all paths, and what is known of each of its nodes.
///
/// A node is a responder behind one sequence of responders: two paths meet in a node only when
/// every hop before it has answered both with the same addresses. Evidence is kept at the node, and
/// belongs to all paths through it; a responder that is reached by two ways is two nodes.
class SharedPaths {
 public:
  using NodeId = std::uint32_t;
  static constexpr NodeId kNone = UINT32_MAX;

  struct Node {
    NodeId parent = kNone;
    std::uint32_t members = 0;  // flows of paths that lead through it
    std::uint64_t root = 0;     // of first hops: what paths have in common before them
    IpAddress address;
    HopEvidence evidence;
    std::optional<double> last_round_trip;  // seconds
  };

  /// The node of `address` behind `parent`; kNone as parent: the first hop of paths from `root`.
  NodeId Join(std::uint64_t root, NodeId parent, const IpAddress& address);
  /// Pre: joined; nodes behind it that were joined by the same path were left before.
  void Leave(NodeId id);

  const Node& At(NodeId id) const { return nodes_[id]; }
  void Record(NodeId id, const HopEvidence& evidence);
  std::size_t Size() const { return children_.size(); }
  /// Above all ids in use.
  std::size_t IdLimit() const { return nodes_.size(); }

 private:
  struct Edge {
    std::uint64_t root = 0;
    NodeId parent = kNone;
    IpAddress address;

    bool operator==(const Edge&) const = default;
  };
  struct EdgeHash {
    std::size_t operator()(const Edge& edge) const;
  };

  std::vector<Node> nodes_;
  std::vector<NodeId> free_;
  std::unordered_map<Edge, NodeId, EdgeHash> children_;
};

/// One prober's place in the tree: which nodes its flows lead through, as far as their addresses
/// are known without a gap, and what it has been told of their evidence. Who answered behind a gap
/// is remembered: it takes its place as soon as the gap is closed.
class PathMembership {
 public:
  /// Evidence that others brought for one hop.
  struct Credit {
    std::uint8_t ttl = 0;
    IpAddress responder;
    HopEvidence evidence;
    std::optional<double> last_round_trip;  // seconds
  };

  /// `root`: what paths must have in common before their first hop. Pre: empty or left.
  void Enter(std::uint64_t root, std::size_t flows);
  /// Must be called before it is destroyed.
  void Leave(SharedPaths& tree);

  /// `responder` answered a probe of `flow` with TTL `ttl`. Another one than before there ends what
  /// was known behind it. No round trip: the answer was late.
  void OnAnswer(SharedPaths& tree, std::uint16_t flow, std::uint8_t ttl, const IpAddress& responder,
                std::optional<Duration> round_trip);
  void OnSilence(SharedPaths& tree, std::uint16_t flow, std::uint8_t ttl);
  /// The path of `flow` has no routers at `ttl` and behind.
  void OnEnd(SharedPaths& tree, std::uint16_t flow, std::uint8_t ttl);

  /// Calls `take(credit)` for all that others found out since the last call. Each node counts once,
  /// however many flows lead through it.
  template <typename Take>
  void TakeCredits(const SharedPaths& tree, Take take) {
    for (Place& place : places_) {
      if (place.flows == 0) {
        continue;
      }
      const SharedPaths::Node& node = tree.At(place.node);
      if (node.evidence.probes != place.seen.probes) {
        take(Credit{.ttl = place.ttl,
                    .responder = node.address,
                    .evidence = node.evidence - place.seen,
                    .last_round_trip = node.last_round_trip});
        place.seen = node.evidence;
      }
    }
  }

  /// Calls `visit(node, ttl, flows)` for each node that `flows` (1 or more) of the prober's lead
  /// through.
  template <typename Visit>
  void ForEachNode(Visit visit) const {
    for (const Place& place : places_) {
      if (place.flows > 0) {
        visit(place.node, place.ttl, place.flows);
      }
    }
  }

  /// kNone: not known.
  SharedPaths::NodeId NodeAt(std::uint16_t flow, std::uint8_t ttl) const;

  /// How many TTLs of `flow` are known without a gap.
  std::size_t KnownLength(std::uint16_t flow) const { return flows_[flow].size(); }

 private:
  struct Place {
    SharedPaths::NodeId node = SharedPaths::kNone;
    HopEvidence seen;  // of the node's
    std::uint8_t ttl = 0;
    std::uint8_t flows = 0;  // of this prober, that lead through the node; 0: the place is free
  };
  using PlaceId = std::uint16_t;
  /// An answer from behind a hop that is not known.
  struct Early {
    std::uint16_t flow = 0;
    std::uint8_t ttl = 0;
    IpAddress responder;
  };

  void Remember(std::uint16_t flow, std::uint8_t ttl, const IpAddress& responder);
  void Append(SharedPaths& tree, std::uint16_t flow, const IpAddress& responder);
  void AppendEarly(SharedPaths& tree, std::uint16_t flow);
  std::optional<IpAddress> TakeEarly(std::uint16_t flow, std::uint8_t ttl);
  std::vector<Early>::iterator FindEarly(std::uint16_t flow, std::uint8_t ttl);
  PlaceId Sit(SharedPaths& tree, SharedPaths::NodeId node, std::uint8_t ttl);
  void Cut(SharedPaths& tree, std::uint16_t flow, std::uint8_t ttl);
  void Record(SharedPaths& tree, std::uint16_t flow, std::uint8_t ttl, const HopEvidence& evidence);

  std::uint64_t root_ = 0;
  std::vector<std::vector<PlaceId>> flows_;  // by TTL from 1
  std::vector<Place> places_;
  std::vector<Early> early_;  // in no order; at most one of a flow and TTL
};

}  // namespace pathwitness
