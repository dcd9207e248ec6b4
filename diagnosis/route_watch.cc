#include "diagnosis/route_watch.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

// A hop is judged by itself: `away` counts the rounds in which only strange addresses answered at
// its TTL. Silence neither adds to it nor ends it, a known address ends it. Only when a hop is away
// for good are the paths laid beside each other, to tell where they part: an inserted hop shifts
// all behind it, and they are no changes.
namespace pathwitness {
namespace {

constexpr std::size_t kMostFlows = 64;
constexpr std::size_t kMostHops = 64;
constexpr std::size_t kWidest = 16;        // addresses of a hop
constexpr std::size_t kMostNewcomers = 4;  // of a hop
constexpr unsigned kRoundsToChange = 3;
constexpr unsigned kRoundsToAdmit = 3;
constexpr unsigned kKnownRoundsToAdmit = 2;
constexpr unsigned kPatienceWithNewcomers = 100;  // known rounds for each of its own
constexpr unsigned kRoundsToStall = 30;
constexpr double kMistrust = .05;        // that a hop has more responders than were seen
constexpr double kChance = .001;         // that all of a hop's known responders were away by chance
constexpr double kSilenceChance = 1e-6;  // that a hop was silent by chance

// Rounds in a row without any of `known` equal responders, if there was just one more of them.
unsigned RoundsToMove(std::size_t known) {
  if (known < 2) {
    return kRoundsToChange;  // one that was always alone is not balanced by packet
  }
  const double rounds = std::log(kChance) / -std::log(static_cast<double>(known) + 1);
  return std::max(kRoundsToChange, static_cast<unsigned>(std::ceil(rounds)));
}

void AddOnce(std::vector<IpAddress>& addresses, const IpAddress& address) {
  if (addresses.size() < kWidest &&
      std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
    addresses.push_back(address);
  }
}

void TrimSilence(PathView& view) {
  while (!view.empty() && view.back().empty()) {
    view.pop_back();
  }
}

bool Holds(const std::vector<IpAddress>& hop, const IpAddress& address) {
  return std::find(hop.begin(), hop.end(), address) != hop.end();
}

// What lies behind the destination's first answer is no path: where its last answer is lost now and
// then, it is known at two TTLs, and the first one counts.
void EndAtDestination(PathView& view, const IpAddress& destination) {
  const auto at = std::find_if(view.begin(), view.end(),
                               [&](const auto& hop) { return Holds(hop, destination); });
  if (at != view.end()) {
    view.erase(at + 1, view.end());
  }
  TrimSilence(view);
}

// An unreachable says that somebody gave up, not who stands at that TTL.
PathView Answers(const Round& round) {
  PathView view;
  for (const Hop& hop : round.hops) {
    if (hop.ttl == 0 || hop.ttl > kMostHops) {
      continue;
    }
    view.resize(std::max<std::size_t>(view.size(), hop.ttl));
    for (const HopReply& reply : hop.replies) {
      const bool is_end = reply.kind == ReplyKind::Reached || reply.responder == round.destination;
      if (is_end || reply.kind == ReplyKind::TimeExceeded) {
        AddOnce(view[hop.ttl - 1U], is_end ? round.destination : reply.responder);
      }
    }
  }
  EndAtDestination(view, round.destination);
  return view;
}

// By TTL - 1. Hops that many paths share are probed in some rounds only.
std::vector<bool> Asked(const Round& round) {
  std::vector<bool> asked(kMostHops);
  for (const Hop& hop : round.hops) {
    if (hop.ttl > 0 && hop.ttl <= kMostHops && hop.sent > 0) {
      asked[hop.ttl - 1U] = true;
    }
  }
  return asked;
}

// True when an address answers again behind another one.
bool HasCircle(const PathView& view) {
  for (std::size_t i = 0; i < view.size(); ++i) {
    bool has_other = false;
    for (std::size_t j = i + 1; j < view.size(); ++j) {
      const bool is_same = HasCommonAddress(view[i], view[j]);
      if (is_same && has_other) {
        return true;
      }
      has_other = has_other || (!view[j].empty() && !is_same);
    }
  }
  return false;
}

}  // namespace

unsigned SamplesToTrust(std::size_t known) {
  const auto k = static_cast<double>(known);
  return static_cast<unsigned>(std::ceil(std::log(kMistrust / (k + 1)) / std::log(k / (k + 1))));
}

bool RouteWatch::HopMemory::Knows(const IpAddress& address) const {
  return std::any_of(known.begin(), known.end(),
                     [&](const KnownAddress& entry) { return entry.address == address; });
}

bool RouteWatch::HopMemory::KnowsAny(const std::vector<IpAddress>& addresses) const {
  return std::any_of(addresses.begin(), addresses.end(),
                     [this](const IpAddress& address) { return Knows(address); });
}

bool RouteWatch::HopMemory::IsTrusted() const {
  return !known.empty() && known.size() < kWidest && samples >= SamplesToTrust(known.size());
}

bool RouteWatch::HopMemory::HasMoved() const {
  return away >= RoundsToMove(known.size());
}

bool RouteWatch::HopMemory::HasFallenSilent() const {
  const auto answered = static_cast<double>(samples);
  const double share = answered / (answered + static_cast<double>(missed) + 1);
  return IsTrusted() && silent_run >= kRoundsToChange &&
         std::pow(1 - share, silent_run) < kSilenceChance;
}

void RouteWatch::HopMemory::Learn(const std::vector<IpAddress>& answers, std::uint64_t round) {
  ++samples;
  for (const IpAddress& address : answers) {
    auto entry = std::find_if(known.begin(), known.end(), [&](const KnownAddress& candidate) {
      return candidate.address == address;
    });
    if (entry == known.end()) {
      if (known.size() == kWidest) {
        continue;
      }
      entry = known.insert(known.end(), {.address = address});
    }
    ++entry->count;
    entry->last_sample = samples;
    entry->last_round = round;
  }
  Forget();
}

// Takes out the responders that have been away for too long to be there still.
void RouteWatch::HopMemory::Forget() {
  if (known.size() < 2) {
    return;
  }
  std::erase_if(known, [this, size = known.size()](const KnownAddress& entry) {
    const double share =
        std::min(static_cast<double>(entry.count) / static_cast<double>(entry.last_sample),
                 1 / static_cast<double>(size));
    return std::pow(1 - share, static_cast<double>(samples - entry.last_sample)) < kSilenceChance;
  });
}

// Takes note of strange addresses at a trusted hop, and gives the one that is now believed to
// belong there: it keeps appearing, and so do those known.
std::optional<IpAddress> RouteWatch::HopMemory::Admit(const std::vector<IpAddress>& answers,
                                                      std::uint64_t round) {
  if (KnowsAny(answers)) {
    for (Newcomer& newcomer : newcomers) {
      ++newcomer.known_rounds;
    }
  }
  for (const IpAddress& address : answers) {
    if (Knows(address)) {
      continue;
    }
    auto newcomer = std::find_if(newcomers.begin(), newcomers.end(),
                                 [&](const Newcomer& entry) { return entry.address == address; });
    if (newcomer == newcomers.end()) {
      if (newcomers.size() == kMostNewcomers) {
        newcomers.erase(newcomers.begin());
      }
      newcomer = newcomers.insert(newcomers.end(), {.address = address});
    }
    ++newcomer->rounds;
  }
  std::erase_if(newcomers, [](const Newcomer& entry) {
    return entry.known_rounds > entry.rounds * kPatienceWithNewcomers;
  });
  const auto admitted = std::find_if(newcomers.begin(), newcomers.end(), [](const Newcomer& entry) {
    return entry.rounds >= kRoundsToAdmit && entry.known_rounds >= kKnownRoundsToAdmit;
  });
  if (admitted == newcomers.end()) {
    return std::nullopt;
  }
  const IpAddress address = admitted->address;
  known.push_back(
      {.address = address, .count = admitted->rounds, .last_sample = samples, .last_round = round});
  newcomers.erase(admitted);
  return address;
}

std::vector<IpAddress> RouteWatch::HopMemory::Addresses() const {
  std::vector<IpAddress> addresses;
  for (const KnownAddress& entry : known) {
    addresses.push_back(entry.address);
  }
  return addresses;
}

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
  const PathView answered = Answers(round);
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
    flow.hops.resize(std::max(flow.hops.size(), seen.size()));
  }
  for (std::size_t i = 0; i < std::min(seen.size(), flow.hops.size()); ++i) {
    HopMemory& hop = flow.hops[i];
    if (seen[i].empty() || hop.known.size() == kWidest) {
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
  const std::vector<bool> asked = Asked(round);
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

  std::uint64_t last_seen = 0;  // of what is gone now
  for (const HopMemory& hop : flow.hops) {
    for (const KnownAddress& entry : hop.known) {
      last_seen = std::max(last_seen, hop.away > 0 ? entry.last_round : 0);
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
  const auto at = std::find_if(view.begin(), view.end(),
                               [this](const auto& hop) { return Holds(hop, destination_); });
  return at == view.end() ? std::nullopt
                          : std::optional(static_cast<std::size_t>(at - view.begin()));
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
