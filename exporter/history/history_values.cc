#include "exporter/history/history_values.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace pathwitness {

void DurationStats::Add(double seconds) {
  Merge({.count = 1, .last = seconds, .min = seconds, .max = seconds, .mean = seconds});
}

// Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample
// variances" (1979).
void DurationStats::Merge(const DurationStats& later) {
  if (later.count == 0) {
    return;
  }
  if (count == 0) {
    *this = later;
    return;
  }
  const auto here = static_cast<double>(count);
  const auto there = static_cast<double>(later.count);
  const double difference = later.mean - mean;
  squares += later.squares + difference * difference * here * there / (here + there);
  mean += difference * there / (here + there);
  min = std::min(min, later.min);
  max = std::max(max, later.max);
  last = later.last;
  count += later.count;
}

double DurationStats::Deviation() const {
  return count < 2 ? 0 : std::sqrt(std::max(0.0, squares) / static_cast<double>(count - 1));
}

void HopStats::Merge(const HopStats& later) {
  sent += later.sent;
  received += later.received;
  late += later.late;
  credited += later.credited;
  round_trips.Merge(later.round_trips);
}

void EndToEndStats::Merge(const EndToEndStats& later) {
  sent += later.sent;
  lost += later.lost;
  late += later.late;
  unsent += later.unsent;
  round_trips += later.round_trips;
  round_trip_sum += later.round_trip_sum;
}

// The route of the newest round is the last, and the oldest is the one that goes.
void TraceStats::AddRoute(std::shared_ptr<const Route> route) {
  const auto known = std::find_if(routes.begin(), routes.end(), [&](const auto& other) {
    return other == route || *other == *route;
  });
  if (known != routes.end()) {
    std::rotate(known, known + 1, routes.end());
    return;
  }
  if (routes.size() == kMostRoutes) {
    routes.erase(routes.begin());
  }
  routes.push_back(std::move(route));
}

void TraceStats::Merge(const TraceStats& later) {
  rounds += later.rounds;
  end_to_end.Merge(later.end_to_end);
  flows.resize(std::max(flows.size(), later.flows.size()));
  for (std::size_t i = 0; i < later.flows.size(); ++i) {
    flows[i].sent += later.flows[i].sent;
    flows[i].lost += later.flows[i].lost;
  }
  if (hops.size() < later.hops.size()) {
    hops.resize(later.hops.size());
  }
  for (std::size_t i = 0; i < later.hops.size(); ++i) {
    hops[i].Merge(later.hops[i]);
  }
  for (const std::shared_ptr<const Route>& route : later.routes) {
    AddRoute(route);
  }
}

std::uint64_t HttpsStats::Failed() const {
  return std::accumulate(failures.begin(), failures.end(), std::uint64_t{0});
}

void HttpsStats::Merge(const HttpsStats& later) {
  requests += later.requests;
  for (std::size_t i = 0; i < failures.size(); ++i) {
    failures[i] += later.failures[i];
  }
  durations.Merge(later.durations);
  for (std::size_t i = 0; i < phases.size(); ++i) {
    phases[i].count += later.phases[i].count;
    phases[i].sum += later.phases[i].sum;
  }
  last_status = later.requests > 0 ? later.last_status : last_status;
}

void OneWayStats::Merge(const OneWayStats& later) {
  forward.packets += later.forward.packets;
  forward.lost += later.forward.lost;
  backward.packets += later.backward.packets;
  backward.lost += later.backward.lost;
}

bool IncidentUpdate::IsSameExceptAt(const IncidentUpdate& other) const {
  IncidentUpdate same_time = other;
  same_time.at = at;
  return *this == same_time;
}

}  // namespace pathwitness
