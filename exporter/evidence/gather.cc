#include "exporter/evidence/gather.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pathwitness {
namespace {

// Each costs a look into the history; with more of them a report would take longer than a scrape.
constexpr std::size_t kMostNeighbours = 100;

/// A fault that is told of later than that did not begin where it was noticed.
constexpr Duration kKnownWithin = std::chrono::minutes(2);

bool IsTrace(const ProberKey& prober) {
  return prober.prober == ProberKind::TraceIcmp || prober.prober == ProberKind::TraceUdp ||
         prober.prober == ProberKind::TraceTcp;
}

void AddResponder(HistoryReader& history, const IpAddress& address, WallTime at,
                  Responders& responders) {
  if (responders.contains(address)) {
    return;
  }
  if (std::optional<ResponderFacts> facts = history.Responder(address, at)) {
    responders.emplace(address, std::move(*facts));
  }
}

void AddPath(HistoryReader& history, const PathView& path, WallTime at, Responders& responders) {
  for (const std::vector<IpAddress>& hop : path) {
    for (const IpAddress& address : hop) {
      AddResponder(history, address, at, responders);
    }
  }
}

OwnerTable OwnersOf(const Config* config, const Responders& responders) {
  return config == nullptr ? OwnerTable({}, {}, NetworksOf(responders))
                           : OwnerTable(config->owners, config->exchanges, NetworksOf(responders));
}

TargetConfig TargetOf(const Config* config, const std::string& name) {
  if (config != nullptr) {
    const auto found = std::ranges::find(config->targets, name, &TargetConfig::name);
    if (found != config->targets.end()) {
      return *found;
    }
  }
  return {.name = name};
}

bool HasNewRoute(const TraceBucket& bucket, const std::vector<TraceBucket>& earlier) {
  return std::ranges::any_of(bucket.stats.routes, [&earlier](const auto& route) {
    return std::ranges::none_of(earlier, [&route](const TraceBucket& other) {
      return std::ranges::any_of(other.stats.routes,
                                 [&route](const auto& known) { return *known == *route; });
    });
  });
}

// A fault is known some seconds after it began: what was lost or led astray until then is no part
// of how it was before. Where packets always get lost there is no better end than the first sign.
WallTime EndOfBefore(HistoryReader& history, const ReportOrder& order) {
  if (!order.since) {
    return order.from;
  }
  std::vector<TraceBucket> buckets =
      history.Traces(order.prober, *order.since - kKnownWithin, *order.since, Resolution::Fine);
  while (!buckets.empty()) {
    const TraceBucket newest = std::move(buckets.back());
    buckets.pop_back();
    const WallTime end = newest.start + newest.length;
    const EndToEndStats& stats = newest.stats.end_to_end;
    const bool is_good = stats.lost == stats.unsent && !HasNewRoute(newest, buckets);
    if (is_good && end <= *order.since) {
      return end;
    }
  }
  return *order.since;
}

std::vector<WindowFacts> Windows(HistoryReader& history, const ReportOrder& order) {
  const WallTime fault = EndOfBefore(history, order);
  std::vector<WindowFacts> windows = {{.name = "before", .from = fault - order.around, .to = fault},
                                      {.name = "during", .from = order.from, .to = order.to}};
  if (order.to < order.now) {
    windows.push_back(
        {.name = "after", .from = order.to, .to = std::min(order.now, order.to + order.around)});
  }
  return windows;
}

void FillWindows(HistoryReader& history, const ReportOrder& order, ReportFacts& facts) {
  const ProberKey service{order.prober.target, ProberKind::Https, order.prober.family};
  for (WindowFacts& window : facts.windows) {
    window.trace = history.TraceBetween(order.prober, window.from, window.to);
    window.service = history.HttpsBetween(service, window.from, window.to);
  }
}

Counts CountsOfFlow(const FlowStats& flow) {
  return {.sent = static_cast<double>(flow.sent),
          .received = static_cast<double>(flow.sent - std::min(flow.lost, flow.sent))};
}

Counts CountsOfWay(const OneWayPackets& way) {
  return {.sent = static_cast<double>(way.packets),
          .received = static_cast<double>(way.packets - std::min(way.lost, way.packets))};
}

std::optional<OneWayLoss> OneWayOf(HistoryReader& history, const ReportOrder& order) {
  const ProberKey reflector{order.prober.target, ProberKind::Reflector, order.prober.family};
  const auto stats = history.OneWayBetween(reflector, order.from, order.to);
  if (!stats) {
    return std::nullopt;
  }
  return OneWayLoss{.forward = CountsOfWay(stats->forward),
                    .backward = CountsOfWay(stats->backward)};
}

void AddNeighbours(HistoryReader& history, const ReportOrder& order, ReportFacts& facts) {
  std::vector<ProberKey> others = history.Probers();
  std::erase_if(others, [&order](const ProberKey& prober) {
    return !IsTrace(prober) || prober.target == order.prober.target;
  });
  facts.are_neighbours_known = others.size() <= kMostNeighbours;
  if (!facts.are_neighbours_known) {
    return;
  }
  for (const ProberKey& prober : others) {
    if (const auto stats = history.TraceBetween(prober, order.from, order.to)) {
      facts.neighbours.push_back({.target = prober.target, .end_to_end = stats->end_to_end});
    }
  }
}

std::optional<IncidentRecord> NewestIncident(HistoryReader& history, const ReportOrder& order) {
  std::optional<IncidentRecord> newest;
  for (IncidentRecord& incident : history.Incidents(order.from, order.to)) {
    if (std::ranges::find(incident.targets, order.prober.target) != incident.targets.end()) {
      newest = std::move(incident);
    }
  }
  return newest;
}

void AddEverybody(HistoryReader& history, const ReportOrder& order, ReportFacts& facts) {
  for (const WindowFacts& window : facts.windows) {
    if (window.trace) {
      AddPath(history, ViewOf(*window.trace), window.from, facts.responders);
      for (const std::shared_ptr<const Route>& route : window.trace->routes) {
        AddResponder(history, route->source, window.from, facts.responders);
        AddResponder(history, route->destination, window.from, facts.responders);
      }
    }
  }
  for (const RouteChangeRecord& change : facts.changes) {
    AddPath(history, change.event.before, order.from, facts.responders);
    AddPath(history, change.event.after, order.from, facts.responders);
  }
}

}  // namespace

Responders GatherResponders(HistoryReader& history, const std::vector<TraceStats>& paths,
                            WallTime at) {
  Responders responders;
  for (const TraceStats& path : paths) {
    AddPath(history, ViewOf(path), at, responders);
  }
  return responders;
}

Comparison CompareMoments(HistoryReader& history, const ProberKey& prober,
                          const std::vector<WallTime>& moments, Duration length,
                          const Config* config) {
  std::vector<MomentFacts> facts;
  std::vector<TraceStats> paths;
  for (const WallTime moment : moments) {
    facts.push_back({.from = moment,
                     .to = moment + length,
                     .stats = history.TraceBetween(prober, moment, moment + length)});
    if (facts.back().stats) {
      paths.push_back(*facts.back().stats);
    }
  }
  const Responders responders =
      GatherResponders(history, paths, moments.empty() ? WallTime() : moments.back());
  return Compare(prober, facts, responders, OwnersOf(config, responders));
}

ReportFacts GatherReport(HistoryReader& history, const ReportOrder& order, const Config* config) {
  ReportFacts facts{.prober = order.prober,
                    .target = TargetOf(config, order.prober.target),
                    .windows = Windows(history, order)};
  FillWindows(history, order, facts);
  const auto during = std::ranges::find(facts.windows, "during", &WindowFacts::name);
  if (during->trace) {
    std::ranges::transform(during->trace->flows, std::back_inserter(facts.flows), CountsOfFlow);
  }
  facts.one_way = OneWayOf(history, order);
  const WallTime first = order.from - order.around;
  const WallTime last = facts.windows.back().to;
  facts.minutes = history.Traces(order.prober, first, last, Resolution::Coarse);
  facts.changes = history.RouteChanges(order.prober, first, last);
  facts.incident = NewestIncident(history, order);
  AddNeighbours(history, order, facts);
  AddEverybody(history, order, facts);
  if (config != nullptr) {
    facts.owners = config->owners;
    facts.exchanges = config->exchanges;
  }
  facts.made_at = order.now;
  return facts;
}

}  // namespace pathwitness
