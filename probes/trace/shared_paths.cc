#include "probes/trace/shared_paths.h"

#include <algorithm>
#include <functional>

namespace pathwitness {

HopEvidence& HopEvidence::operator+=(const HopEvidence& other) {
  probes += other.probes;
  missing += other.missing;
  round_trips += other.round_trips;
  round_trip_sum += other.round_trip_sum;
  return *this;
}

HopEvidence HopEvidence::operator-(const HopEvidence& other) const {
  return {.probes = probes - other.probes,
          .missing = missing - other.missing,
          .round_trips = round_trips - other.round_trips,
          .round_trip_sum = round_trip_sum - other.round_trip_sum};
}

std::size_t SharedPaths::EdgeHash::operator()(const Edge& edge) const {
  const std::uint64_t hash = std::hash<IpAddress>()(edge.address) ^ edge.root;
  return hash ^ (edge.parent + 1ULL) * 0x9e3779b97f4a7c15ULL;
}

SharedPaths::NodeId SharedPaths::Join(std::uint64_t root, NodeId parent, const IpAddress& address) {
  const auto [found, is_new] = children_.try_emplace({root, parent, address}, kNone);
  if (is_new) {
    if (free_.empty()) {
      free_.push_back(static_cast<NodeId>(nodes_.size()));
      nodes_.emplace_back();
    }
    found->second = free_.back();
    free_.pop_back();
    nodes_[found->second] = {.parent = parent, .root = root, .address = address};
  }
  ++nodes_[found->second].members;
  return found->second;
}

void SharedPaths::Leave(NodeId id) {
  Node& node = nodes_[id];
  if (--node.members == 0) {
    children_.erase({node.root, node.parent, node.address});
    free_.push_back(id);
  }
}

void SharedPaths::Record(NodeId id, const HopEvidence& evidence) {
  Node& node = nodes_[id];
  node.evidence += evidence;
  if (evidence.round_trips > 0) {
    node.last_round_trip = evidence.round_trip_sum / evidence.round_trips;
  }
}

void PathMembership::Enter(std::uint64_t root, std::size_t flows) {
  root_ = root;
  flows_.assign(flows, {});
  places_.clear();
  early_.clear();
}

void PathMembership::Leave(SharedPaths& tree) {
  for (std::size_t flow = 0; flow < flows_.size(); ++flow) {
    Cut(tree, static_cast<std::uint16_t>(flow), 1);
  }
}

void PathMembership::OnAnswer(SharedPaths& tree, std::uint16_t flow, std::uint8_t ttl,
                              const IpAddress& responder, std::optional<Duration> round_trip) {
  std::vector<PlaceId>& path = flows_[flow];
  if (ttl <= path.size() && tree.At(places_[path[ttl - 1U]].node).address != responder) {
    Cut(tree, flow, ttl);
  }
  if (ttl > path.size() + 1U) {
    return Remember(flow, ttl, responder);
  }
  if (ttl == path.size() + 1U) {
    Append(tree, flow, responder);
  }
  HopEvidence evidence{.probes = 1};
  if (round_trip) {
    evidence.round_trips = 1;
    evidence.round_trip_sum = ToSeconds(*round_trip);
  }
  Record(tree, flow, ttl, evidence);
  AppendEarly(tree, flow);
}

void PathMembership::OnSilence(SharedPaths& tree, std::uint16_t flow, std::uint8_t ttl) {
  Record(tree, flow, ttl, {.probes = 1, .missing = 1});
}

void PathMembership::OnEnd(SharedPaths& tree, std::uint16_t flow, std::uint8_t ttl) {
  Cut(tree, flow, ttl);
}

SharedPaths::NodeId PathMembership::NodeAt(std::uint16_t flow, std::uint8_t ttl) const {
  const std::vector<PlaceId>& path = flows_[flow];
  return ttl <= path.size() ? places_[path[ttl - 1U]].node : SharedPaths::kNone;
}

// Routers are asked at different paces: without a memory, an answer that comes before its turn
// would be worth nothing until the router's whole line has passed once more.
void PathMembership::Remember(std::uint16_t flow, std::uint8_t ttl, const IpAddress& responder) {
  const auto known = FindEarly(flow, ttl);
  if (known == early_.end()) {
    early_.push_back({.flow = flow, .ttl = ttl, .responder = responder});
    return;
  }
  if (known->responder != responder) {
    known->responder = responder;
    std::erase_if(early_,
                  [&](const Early& early) { return early.flow == flow && early.ttl > ttl; });
  }
}

void PathMembership::Append(SharedPaths& tree, std::uint16_t flow, const IpAddress& responder) {
  std::vector<PlaceId>& path = flows_[flow];
  const SharedPaths::NodeId parent = path.empty() ? SharedPaths::kNone : places_[path.back()].node;
  const auto ttl = static_cast<std::uint8_t>(path.size() + 1);
  path.push_back(Sit(tree, tree.Join(root_, parent, responder), ttl));
}

/// Adds those who answered early and are behind no gap any more. Each brings its newest answer as
/// evidence, but not the round trip: that may be old.
void PathMembership::AppendEarly(SharedPaths& tree, std::uint16_t flow) {
  while (true) {
    const auto ttl = static_cast<std::uint8_t>(KnownLength(flow) + 1);
    const std::optional<IpAddress> responder = TakeEarly(flow, ttl);
    if (!responder) {
      return;
    }
    Append(tree, flow, *responder);
    Record(tree, flow, ttl, {.probes = 1});
  }
}

std::vector<PathMembership::Early>::iterator PathMembership::FindEarly(std::uint16_t flow,
                                                                       std::uint8_t ttl) {
  return std::ranges::find_if(
      early_, [&](const Early& early) { return early.flow == flow && early.ttl == ttl; });
}

/// Who answered at `ttl` before its turn, if anybody; it is early no more.
std::optional<IpAddress> PathMembership::TakeEarly(std::uint16_t flow, std::uint8_t ttl) {
  const auto known = FindEarly(flow, ttl);
  if (known == early_.end()) {
    return std::nullopt;
  }
  const IpAddress responder = known->responder;
  early_.erase(known);
  return responder;
}

/// The place for a node that was just joined. What happened there before is not this prober's.
PathMembership::PlaceId PathMembership::Sit(SharedPaths& tree, SharedPaths::NodeId node,
                                            std::uint8_t ttl) {
  auto place = std::ranges::find_if(places_, [node](const Place& candidate) {
    return candidate.flows > 0 && candidate.node == node;
  });
  if (place == places_.end()) {
    place = std::ranges::find(places_, std::uint8_t{0}, &Place::flows);
    place = place == places_.end() ? places_.insert(places_.end(), Place()) : place;
    *place = {.node = node, .seen = tree.At(node).evidence, .ttl = ttl};
  }
  ++place->flows;
  return static_cast<PlaceId>(place - places_.begin());
}

void PathMembership::Cut(SharedPaths& tree, std::uint16_t flow, std::uint8_t ttl) {
  std::vector<PlaceId>& path = flows_[flow];
  while (path.size() >= ttl) {
    Place& place = places_[path.back()];
    tree.Leave(place.node);
    --place.flows;
    path.pop_back();
  }
  std::erase_if(early_, [&](const Early& early) { return early.flow == flow && early.ttl >= ttl; });
}

void PathMembership::Record(SharedPaths& tree, std::uint16_t flow, std::uint8_t ttl,
                            const HopEvidence& evidence) {
  std::vector<PlaceId>& path = flows_[flow];
  if (ttl > path.size()) {
    return;
  }
  Place& place = places_[path[ttl - 1U]];
  tree.Record(place.node, evidence);
  place.seen += evidence;
}

}  // namespace pathwitness
