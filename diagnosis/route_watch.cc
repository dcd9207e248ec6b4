#include "diagnosis/route_watch.h"

#include <algorithm>
#include <set>
#include <utility>

#include "diagnosis/answered_path.h"

// Only when a hop is away for good are the paths laid beside each other, to tell where they part:
// an inserted hop shifts all behind it, and they are no changes.
namespace pathwitness {
namespace {

constexpr std::size_t kMostFlows = 64;
constexpr unsigned kRoundsToStall = 30;

}  // namespace

std::vector<RouteEvent> RouteWatch::OnRound(const Round& round) {
  if (round.flow >= kMostFlows) {
    return {};
  }
  if (round.destination != destination_ || round.source != source_) {
    *this = RouteWatch();
    destination_ = round.destination;
    source_ = round.source;
  }
  ++rounds_;
  Flow& flow = FlowOf(round.flow);
  const PathView answered = AnsweredPath(round);
  const bool is_circling = !DestinationIndex(answered) && HasCircle(answered);
  flow.is_looping = is_circling && flow.is_circling;
  flow.is_circling = is_circling;

  Follow(flow, answered, Compare(flow, answered));
  const RouteEvent stamp = {.round = round.number, .at = round.started, .flow = round.flow};
  std::vector<RouteEvent> events;
  if (std::any_of(flow.hops.begin(), flow.hops.end(),
                  [](const HopMemory& hop) { return hop.HasMoved(); })) {
    if (std::optional<RouteEvent> change = Change(flow, stamp)) {
      events.push_back(*std::move(change));
    }
    return events;
  }
  Learn(flow, answered, stamp, events);
  if (flow.candidate.empty()) {
    WatchSilence(flow, answered, round, events);
  }
  return events;
}

RouteWatch::Flow& RouteWatch::FlowOf(std::uint16_t number) {
  if (flows_.size() <= number) {
    flows_.resize(number + 1U);
  }
  return flows_[number];
}

// True when a hop whose responders are known for sure answers with others only.
bool RouteWatch::Compare(Flow& flow, const PathView& seen) const {
  bool is_strange = false;
  for (std::size_t i = 0; i < std::min(seen.size(), flow.hops.size()); ++i) {
    HopMemory& hop = flow.hops[i];
    if (seen[i].empty()) {
      continue;
    }
    if (hop.KnowsAny(seen[i])) {
      hop.away = 0;
    } else if (hop.IsTrusted()) {
      ++hop.away;
      is_strange = true;
    }
  }
  const std::optional<std::size_t> expected = DestinationIndex(ViewOf(flow.hops));
  const std::optional<std::size_t> found = DestinationIndex(seen);
  const bool is_nearer = expected && found && *found < *expected;
  if (is_nearer && flow.hops[*expected].IsTrusted()) {
    ++flow.hops[*expected].away;
    is_strange = true;
  }
  return is_strange;
}

// Keeps what answers while a hop is away: it may be the next path.
void RouteWatch::Follow(Flow& flow, const PathView& seen, bool is_strange) const {
  flow.stalled = is_strange ? 0 : flow.stalled + 1;
  if (flow.stalled > kRoundsToStall) {
    for (HopMemory& hop : flow.hops) {
      hop.away = 0;
    }
  }
  if (std::none_of(flow.hops.begin(), flow.hops.end(),
                   [](const HopMemory& hop) { return hop.away > 0; })) {
    flow.candidate.clear();
    return;
  }
  flow.candidate.resize(std::max(flow.candidate.size(), seen.size()));
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i].empty()) {
      flow.candidate[i].Learn(seen[i], rounds_);
    }
  }
}

// While a hop is away only known addresses are learnt: the others may belong to another path.
void RouteWatch::Learn(Flow& flow, const PathView& seen, const RouteEvent& stamp,
                       std::vector<RouteEvent>& events) {
  const bool is_settled = flow.candidate.empty();
  if (is_settled) {
    flow.hops.reserve(seen.size());  // and no more, as resize might
    flow.hops.resize(std::max(flow.hops.size(), seen.size()));
  }
  for (std::size_t i = 0; i < std::min(seen.size(), flow.hops.size()); ++i) {
    HopMemory& hop = flow.hops[i];
    if (seen[i].empty() || hop.known.size() == kWidestHop) {
      continue;
    }
    if (!hop.IsTrusted()) {
      if (is_settled) {
        hop.Learn(seen[i], rounds_);
      }
      continue;
    }
    const std::optional<IpAddress> admitted = hop.Admit(seen[i], rounds_);
    if (admitted && !IsKnownToOthers(flow, i, *admitted)) {
      RouteEvent& event = events.emplace_back(stamp);
      event.kind = RouteEventKind::EcmpChanged;
      event.ttl = static_cast<std::uint8_t>(i + 1);
      event.after = ViewOf(flow.hops);
      event.before = event.after;
      std::erase(event.before[i], *admitted);
    }
    std::vector<IpAddress> known = seen[i];
    std::erase_if(known, [&](const IpAddress& address) { return !hop.Knows(address); });
    if (!known.empty()) {
      hop.Learn(known, rounds_);
    }
  }
}

// Silence counts where something behind it answers; elsewhere the path is cut, not the hop shy.
void RouteWatch::WatchSilence(Flow& flow, const PathView& answered, const Round& round,
                              std::vector<RouteEvent>& events) {
  const std::vector<bool> asked = AskedHops(round);
  for (std::size_t i = 0; i < std::min(answered.size(), flow.hops.size()); ++i) {
    HopMemory& hop = flow.hops[i];
    if (!answered[i].empty()) {
      hop.missed += hop.silent_run;
      hop.silent_run = 0;
      hop.is_silent = false;
      continue;
    }
    hop.silent_run += asked[i] ? 1U : 0U;
    if (hop.is_silent || !hop.HasFallenSilent()) {
      continue;
    }
    const bool is_told = std::any_of(flows_.begin(), flows_.end(), [i](const Flow& other) {
      return i < other.hops.size() && other.hops[i].is_silent;
    });
    hop.is_silent = true;
    if (!is_told) {
      events.push_back({.kind = RouteEventKind::HopWentSilent,
                        .round = round.number,
                        .at = round.started,
                        .flow = round.flow,
                        .ttl = static_cast<std::uint8_t>(i + 1),
                        .before = ViewOf(flow.hops)});
    }
  }
}

namespace {

std::optional<int> LengthDelta(const std::optional<std::size_t>& before,
                               const std::optional<std::size_t>& after) {
  if (!before || !after) {
    return std::nullopt;
  }
  return static_cast<int>(*after) - static_cast<int>(*before);
}

void Describe(const PathAlignment& alignment, RouteEvent& event) {
  event.ttl = alignment.first_different;
  event.last_common_ttl = alignment.last_common;
  event.rejoin_ttl_before = alignment.rejoin_before;
  event.rejoin_ttl = alignment.rejoin_after;
  if (alignment.last_common > 0) {
    const std::vector<IpAddress>& hop = event.after[alignment.last_common - 1U];
    const std::vector<IpAddress>& old = event.before[alignment.last_common - 1U];
    event.last_common = *std::find_first_of(hop.begin(), hop.end(), old.begin(), old.end());
  }
}

}  // namespace

// Makes the candidate the flow's path. What the paths share before and behind the difference keeps
// what was learnt of it. Empty when another flow has already told of this change.
std::optional<RouteEvent> RouteWatch::Change(Flow& flow, RouteEvent event) {
  event.before = ViewOf(flow.hops);
  event.after = ViewOf(flow.candidate);
  const PathAlignment alignment = AlignPaths(event.before, event.after);
  event.kind = IsMoveAmongKnown(flow) ? RouteEventKind::EcmpChanged : RouteEventKind::RouteChanged;
  event.is_loop = flow.is_circling;
  event.length_delta = LengthDelta(DestinationIndex(event.before), DestinationIndex(event.after));
  Describe(alignment, event);

  std::uint32_t last_seen = 0;  // of what is gone now
  for (const HopMemory& hop : flow.hops) {
    for (const KnownAddress& entry : hop.known) {
      last_seen = std::max(last_seen, hop.away > 0 ? entry.last_round : 0U);
    }
  }
  Hops next = std::exchange(flow.candidate, {});
  next.resize(event.after.size());
  for (std::size_t j = 0; j < next.size(); ++j) {
    const bool is_shared = j + 1 < alignment.first_different ||
                           (alignment.rejoin_after > 0 && j + 1 >= alignment.rejoin_after);
    if (is_shared && alignment.partners[j] &&
        (event.after[j].empty() || flow.hops[*alignment.partners[j]].KnowsAny(event.after[j]))) {
      next[j] = std::move(flow.hops[*alignment.partners[j]]);
      next[j].away = 0;
    }
  }
  flow.hops = std::move(next);
  flow.stalled = 0;
  if (last_seen < last_decided_) {
    return std::nullopt;
  }
  last_decided_ = rounds_;
  return event;
}

bool RouteWatch::IsKnownToOthers(const Flow& flow, std::size_t index,
                                 const IpAddress& address) const {
  return std::any_of(flows_.begin(), flows_.end(), [&](const Flow& other) {
    return &other != &flow && index < other.hops.size() && other.hops[index].Knows(address);
  });
}

// True when all that is new to this flow is in use by others: it was hashed anew.
bool RouteWatch::IsMoveAmongKnown(const Flow& flow) const {
  for (std::size_t i = 0; i < flow.hops.size(); ++i) {
    if (flow.hops[i].away == 0) {
      continue;
    }
    const std::vector<IpAddress> found =
        i < flow.candidate.size() ? flow.candidate[i].Addresses() : std::vector<IpAddress>();
    const bool is_known = std::all_of(found.begin(), found.end(), [&](const IpAddress& address) {
      return IsKnownToOthers(flow, i, address);
    });
    if (found.empty() || !is_known) {
      return false;
    }
  }
  return true;
}

PathView RouteWatch::ViewOf(const Hops& hops) const {
  PathView view;
  for (const HopMemory& hop : hops) {
    view.push_back(hop.Addresses());
  }
  EndAtDestination(view, destination_);
  return view;
}

std::optional<std::size_t> RouteWatch::DestinationIndex(const PathView& view) const {
  return IndexOf(view, destination_);
}

unsigned RouteWatch::EcmpWidth() const {
  std::vector<std::set<IpAddress>> hops(kMostHops);
  for (const Flow& flow : flows_) {
    for (std::size_t i = 0; i < flow.hops.size(); ++i) {
      for (const KnownAddress& entry : flow.hops[i].known) {
        hops[i].insert(entry.address);
      }
    }
  }
  std::size_t widest = 0;
  for (const std::set<IpAddress>& addresses : hops) {
    widest = std::max(widest, addresses.size());
  }
  return static_cast<unsigned>(widest);
}

bool RouteWatch::IsLooping() const {
  return std::any_of(flows_.begin(), flows_.end(),
                     [](const Flow& flow) { return flow.is_looping; });
}

}  // namespace pathwitness
