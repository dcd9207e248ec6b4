#include "exporter/pages/gather_views.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

#include "exporter/archive/archive.h"
#include "exporter/history/history_reader.h"
#include "exporter/history/incident_log.h"
#include "exporter/pages/follow_ups.h"
#include "exporter/pages/reports_page.h"

namespace pathwitness {
namespace {

constexpr Duration kHour = std::chrono::hours(1);
constexpr Duration kDay = std::chrono::days(1);
constexpr Duration kFortnight = std::chrono::days(14);
constexpr Duration kIncidentsBack = std::chrono::days(90);
constexpr std::size_t kMostChanges = 50;

/// The history, when one is kept.
std::unique_ptr<HistoryReader> OpenHistory(const Config& config) {
  return config.history.is_enabled ? std::make_unique<HistoryReader>(
                                         HistoryDirectory(config.history, config.state_directory))
                                   : nullptr;
}

/// Why nothing older is known; empty: it is.
std::string ProblemOf(const HistoryReader* history) {
  if (history == nullptr) {
    return "no history is kept (history.enabled)";
  }
  const std::optional<HistoryFailure> failure = history->Failure();
  return failure ? "the history cannot be read (" + std::string(HistoryFailureName(*failure)) + ")"
                 : std::string();
}

template <typename Snapshots>
void KeepOnly(const std::string& target, Snapshots& snapshots) {
  std::erase_if(snapshots,
                [&](const auto& snapshot) { return snapshot->status.key.target != target; });
}

/// What a chart shows.
struct ChartSpan {
  const char* name;
  Duration length;
  std::size_t columns;
};

std::vector<ChartSpan> SpansOf(const TargetOrder& order) {
  std::vector<ChartSpan> spans = {{"Last hour", kHour, 120}, {"Last 24 hours", kDay, 144}};
  if (order.has_long_charts) {
    spans.push_back({"Last 14 days", kFortnight, 168});
  }
  return spans;
}

Resolution ResolutionOf(const ChartSpan& span) {
  return span.length > kHour ? Resolution::Coarse : Resolution::Best;
}

WatchedService ReadService(HistoryReader& history, const ProberKey& prober, WallTime now,
                           const TargetOrder& order) {
  WatchedService service{.prober = prober, .charts = {}};
  for (const ChartSpan& span : SpansOf(order)) {
    const WallTime from = now - span.length;
    service.charts.push_back(
        {.name = span.name,
         .chart = ServiceChartOf(history.Https(prober, from, now, ResolutionOf(span)), from, now,
                                 span.columns)});
  }
  return service;
}

void AddHistory(HistoryReader& history, WallTime now, const TargetOrder& order, TracedPath& path) {
  const ProberKey& prober = path.trace->status.key;
  for (const ChartSpan& span : SpansOf(order)) {
    const WallTime from = now - span.length;
    path.charts.push_back({.name = span.name,
                           .chart = ChartOf(history.Traces(prober, from, now, ResolutionOf(span)),
                                            from, now, span.columns)});
  }
  path.changes = history.RouteChanges(prober, now - kFortnight, now);
  std::ranges::reverse(path.changes);
  path.changes.resize(std::min(path.changes.size(), kMostChanges));
}

bool Concerns(const IncidentRecord& incident, const std::string& target) {
  return std::ranges::find(incident.targets, target) != incident.targets.end();
}

/// What the board has of now joins what the history has of all the time, but a little late.
void AddLive(const PageSources& sources, std::map<std::string, IncidentRecord>& incidents) {
  for (const IncidentBoard::Pointer& live : sources.boards.incidents.All()) {
    IncidentRecord record = RecordOf(*live, live->last_seen);
    const auto [entry, is_new] = incidents.try_emplace(live->id, record);
    if (!is_new) {
      entry->second.closed = record.closed;
      entry->second.merged_into = std::move(record.merged_into);
    }
  }
}

}  // namespace

StatusView GatherStatus(const PageSources& sources) {
  const Boards& boards = sources.boards;
  StatusView view{.frame = sources.frame,
                  .targets = {},
                  .traces = boards.traces.All(),
                  .https = boards.https.All(),
                  .pulses = boards.pulses.All(),
                  .verdicts = boards.verdicts.All()};
  std::ranges::transform(sources.config->targets, std::back_inserter(view.targets),
                         &TargetConfig::name);
  for (const IncidentBoard::Pointer& incident : boards.incidents.All()) {
    if (incident->IsOpen()) {
      view.open_incidents.push_back(RecordOf(*incident, incident->last_seen));
    }
  }
  return view;
}

std::optional<TargetView> GatherTarget(const PageSources& sources, const TargetOrder& order) {
  TargetView view{.name = order.name, .status = GatherStatus(sources), .services = {}, .paths = {}};
  if (std::ranges::find(view.status.targets, order.name) == view.status.targets.end()) {
    return std::nullopt;
  }
  view.status.targets = {order.name};
  KeepOnly(order.name, view.status.traces);
  KeepOnly(order.name, view.status.https);
  KeepOnly(order.name, view.status.pulses);
  std::erase_if(view.status.open_incidents,
                [&](const IncidentRecord& incident) { return !Concerns(incident, order.name); });
  const std::unique_ptr<HistoryReader> history = OpenHistory(*sources.config);
  view.history_problem = ProblemOf(history.get());
  for (const auto& https : view.status.https) {
    if (history != nullptr) {
      view.services.push_back(ReadService(*history, https->status.key, sources.frame.now, order));
    }
  }
  for (const auto& trace : view.status.traces) {
    TracedPath path{.trace = trace,
                    .route = sources.boards.routes.Find(trace->status.key),
                    .said = sources.boards.verdicts.Find(trace->status.key),
                    .names = sources.boards.names.Find(0)};
    if (history != nullptr) {
      AddHistory(*history, sources.frame.now, order, path);
      view.history_problem = ProblemOf(history.get());
    }
    view.paths.push_back(std::move(path));
  }
  return view;
}

IncidentsView GatherIncidents(const PageSources& sources) {
  IncidentsView view{.frame = sources.frame, .incidents = {}};
  std::map<std::string, IncidentRecord> by_id;
  const std::unique_ptr<HistoryReader> history = OpenHistory(*sources.config);
  if (history != nullptr) {
    const WallTime now = sources.frame.now;
    for (IncidentRecord& incident : history->Incidents(now - kIncidentsBack, now)) {
      by_id.emplace(incident.id, std::move(incident));
    }
  }
  view.history_problem = ProblemOf(history.get());
  AddLive(sources, by_id);
  for (auto& [id, incident] : by_id) {
    view.incidents.push_back(std::move(incident));
  }
  std::ranges::sort(view.incidents, std::greater(), &IncidentRecord::id);
  view.incidents.resize(std::min(view.incidents.size(), kMostListedIncidents));
  return view;
}

std::optional<IncidentView> GatherIncident(const PageSources& sources, const std::string& id) {
  std::map<std::string, IncidentRecord> by_id;
  if (const std::unique_ptr<HistoryReader> history = OpenHistory(*sources.config)) {
    if (std::optional<IncidentRecord> incident = history->Incident(id)) {
      by_id.emplace(id, *std::move(incident));
    }
  }
  AddLive(sources, by_id);
  const auto found = by_id.find(id);
  if (found == by_id.end()) {
    return std::nullopt;
  }
  const IncidentRecord& incident = found->second;
  // The last report of a time that the incident was a part of.
  const WallTime end = incident.closed.value_or(sources.frame.now) + sources.config->archive.every;
  return IncidentView{.frame = sources.frame,
                      .incident = incident,
                      .reports = ReportsBetween(ArchiveFolder(*sources.config),
                                                incident.witness.target, incident.since, end),
                      .form_token = FormToken(sources.form_key, id),
                      .draft = {},
                      .refusal = {}};
}

}  // namespace pathwitness
