#include "exporter/history/path_recorder.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "probes/trace/rounds_since.h"

namespace pathwitness {
namespace {

// A counter that went back is that of another prober with the same name.
template <typename Number>
Number Gained(Number before, Number now) {
  return now < before ? now : now - before;
}

std::uint64_t Total(const std::array<std::uint64_t, kUnsentReasonNames.size()>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::optional<IpAddress> ResponderOf(const Hop& hop) {
  return hop.replies.empty() ? hop.known_responder : std::optional(hop.replies.front().responder);
}

HopStats StatsOf(const Hop& hop) {
  HopStats stats;
  const std::uint64_t missing = std::min(hop.credited_missing, hop.credited);
  stats.sent = std::uint64_t{hop.sent} + hop.credited;
  stats.credited = hop.credited;
  stats.received = std::min<std::uint64_t>(hop.replies.size(), hop.sent) + hop.credited - missing;
  stats.late = std::min<std::uint64_t>(hop.late, stats.sent - stats.received);
  for (const HopReply& reply : hop.replies) {
    stats.round_trips.Add(ToSeconds(reply.round_trip));
  }
  return stats;
}

}  // namespace

Route FollowRoute(const Route* before, const Round& round) {
  Route route{.source = round.source, .destination = round.destination};
  if (before != nullptr && before->source == round.source &&
      before->destination == round.destination) {
    route.hops = before->hops;
  }
  for (const Hop& hop : round.hops) {
    const std::optional<IpAddress> responder = ResponderOf(hop);
    if (!responder || hop.ttl == 0) {
      continue;
    }
    const std::size_t index = hop.ttl - 1U;
    const bool is_elsewhere =
        index < route.hops.size() && route.hops[index] && route.hops[index] != responder;
    if (is_elsewhere || index >= route.hops.size()) {
      route.hops.resize(index + 1);  // what stood behind a hop that is another now is unknown
    }
    route.hops[index] = responder;
  }
  // A probe that goes one hop too far reaches the destination, too, when its own answer is lost.
  const auto end =
      std::find(route.hops.begin(), route.hops.end(), std::optional(route.destination));
  route.is_reached = end != route.hops.end();
  if (route.is_reached) {
    route.hops.erase(end + 1, route.hops.end());
  }
  return route;
}

void PathRecorder::OnSnapshot(const Snapshot& snapshot) {
  static const TraceSnapshot kNothing;
  const Snapshot before = std::exchange(seen_, snapshot);
  const TraceSnapshot& old = before ? *before : kNothing;
  EndToEndStats& all = stats_.end_to_end;
  all.sent += Gained(old.probes, snapshot->probes);
  all.lost += Gained(old.lost, snapshot->lost);
  all.late += Gained(old.late, snapshot->late);
  all.unsent += Gained(Total(old.unsent), Total(snapshot->unsent));
  all.round_trips += Gained(old.round_trips.Count(), snapshot->round_trips.Count());
  all.round_trip_sum += Gained(old.round_trips.sum, snapshot->round_trips.sum);

  stats_.flows.resize(std::max(stats_.flows.size(), snapshot->flows.size()));
  for (std::size_t i = 0; i < snapshot->flows.size(); ++i) {
    const FlowCounters earlier = i < old.flows.size() ? old.flows[i] : FlowCounters();
    stats_.flows[i].sent += Gained(earlier.probes, snapshot->flows[i].probes);
    stats_.flows[i].lost += Gained(earlier.lost, snapshot->flows[i].lost);
  }

  OnRoundsSince(old.last_round.get(), *snapshot);
}

void PathRecorder::OnRoundsSince(const Round* seen, const TraceSnapshot& now) {
  const std::vector<std::shared_ptr<const Round>> rounds = RoundsSince(seen, now);
  if (rounds.empty()) {
    return;
  }
  const std::uint64_t next = rounds.front()->number;
  if (seen != nullptr && next > seen->number + 1) {
    rounds_missed_ += next - seen->number - 1;
  }
  for (const std::shared_ptr<const Round>& round : rounds) {
    OnRound(*round);
  }
}

void PathRecorder::OnRound(const Round& round) {
  ++stats_.rounds;
  stats_.hops.reserve(round.hops.size());  // and no more, as resize might
  for (const Hop& hop : round.hops) {
    if (hop.ttl == 0) {
      continue;
    }
    if (stats_.hops.size() < hop.ttl) {
      stats_.hops.resize(hop.ttl);
    }
    stats_.hops[hop.ttl - 1U].Merge(StatsOf(hop));
  }
  const std::size_t flow = round.flow % kMostFlows;
  if (flows_.size() <= flow) {
    flows_.resize(flow + 1);
  }
  Route route = FollowRoute(flows_[flow].get(), round);
  if (flows_[flow] == nullptr || *flows_[flow] != route) {
    const auto same = std::find_if(flows_.begin(), flows_.end(), [&route](const auto& other) {
      return other != nullptr && *other == route;
    });
    flows_[flow] = same != flows_.end() ? *same : std::make_shared<const Route>(std::move(route));
  }
  stats_.AddRoute(flows_[flow]);
}

// Member by member: the memory of the hops is used again.
void PathRecorder::Clear() {
  stats_.rounds = 0;
  stats_.end_to_end = EndToEndStats();
  stats_.flows.clear();
  stats_.hops.clear();
  stats_.routes.clear();
}

void ServiceRecorder::OnSnapshot(const Snapshot& snapshot) {
  static const HttpsSnapshot kNothing;
  const Snapshot before = std::exchange(seen_, snapshot);
  const HttpsSnapshot& old = before ? *before : kNothing;
  const std::uint64_t requests = Gained(old.requests, snapshot->requests);
  if (requests == 0) {
    return;
  }
  stats_.requests += requests;
  for (std::size_t i = 0; i < stats_.failures.size(); ++i) {
    stats_.failures[i] += Gained(old.failures[i], snapshot->failures[i]);
  }
  for (std::size_t i = 0; i < stats_.phases.size(); ++i) {
    stats_.phases[i].count += Gained(old.phases[i].count, snapshot->phases[i].count);
    stats_.phases[i].sum += Gained(old.phases[i].sum, snapshot->phases[i].sum);
  }
  if (snapshot->last) {
    stats_.durations.Add(snapshot->last->duration);
    stats_.last_status = snapshot->last->status;
  }
}

void OneWayRecorder::OnSnapshot(const Snapshot& snapshot) {
  static const OneWaySnapshot kNothing;
  const Snapshot before = std::exchange(seen_, snapshot);
  const OneWayTotals& old = before ? before->totals : kNothing.totals;
  const auto gained = [](const OneWayPackets& earlier, const OneWayPackets& now) -> OneWayPackets {
    return {.packets = Gained(earlier.packets, now.packets),
            .lost = Gained(earlier.lost, now.lost)};
  };
  stats_.Merge({.forward = gained(old.forward, snapshot->totals.forward),
                .backward = gained(old.backward, snapshot->totals.backward)});
}

}  // namespace pathwitness
