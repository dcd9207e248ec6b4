#include "exporter/pages/page_json.h"

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "exporter/evidence/report_facts.h"
#include "exporter/pages/shown_values.h"
#include "exporter/rfc3339.h"

namespace pathwitness {
namespace {

using Json = nlohmann::ordered_json;
using Said = std::map<ProberKey, const VerdictSnapshot*>;

constexpr double kMilliseconds = 1000;

Json TextOrNull(std::string_view text) {
  return text.empty() ? Json() : Json(text);
}

Json TimeJson(WallTime time) {
  return FormatRfc3339(time, TimePrecision::Seconds);
}

Json MeanMs(double sum, std::uint64_t count) {
  return count == 0 ? Json() : Json(sum * kMilliseconds / static_cast<double>(count));
}

Json MillisecondsOrNull(const std::optional<double>& seconds) {
  return seconds ? Json(*seconds * kMilliseconds) : Json();
}

// What is no UTF-8 in a name becomes U+FFFD instead of an exception.
std::string Dump(const Json& json, int indent = 2) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json ProberJson(const ProberStatus& status, const Said& said) {
  Json json;
  json["prober"] = ProberName(status.key.prober);
  json["family"] = ProberFamilyName(status.key.family);
  json["state"] = ProberStateName(status.state);
  json["address"] = TextOrNull(status.address);
  json["rounds"] = status.rounds;
  json["last_round"] = status.rounds == 0 ? Json() : TimeJson(status.last_round);
  json["verdict"] = Json();
  if (const auto found = said.find(status.key); found != said.end()) {
    const VerdictSnapshot& verdict = *found->second;
    json["verdict"]["state"] = VerdictStateName(verdict.verdict->state);
    json["verdict"]["since"] = TimeJson(verdict.since);
    json["verdict"]["text"] = verdict.verdict->text;
  }
  return json;
}

Json TraceJson(const TraceSnapshot& trace, const Said& said) {
  Json json = ProberJson(trace.status, said);
  json["sent"] = trace.probes;
  json["lost"] = trace.lost;
  json["late"] = trace.late;
  json["round_trip_mean_ms"] = MeanMs(trace.round_trips.sum, trace.round_trips.Count());
  json["reached"] = trace.reached;
  json["hops"] = trace.hops.size();
  return json;
}

Json HttpsJson(const HttpsSnapshot& https, const Said& said) {
  Json json = ProberJson(https.status, said);
  std::uint64_t failed = 0;
  for (const std::uint64_t count : https.failures) {
    failed += count;
  }
  json["requests"] = https.requests;
  json["failed"] = failed;
  json["last"] = Json();
  if (https.last) {
    const HttpResult& last = *https.last;
    json["last"]["status"] = last.status == 0 ? Json() : Json(last.status);
    json["last"]["failure"] =
        last.failure ? Json(kHttpFailureNames[static_cast<std::size_t>(*last.failure)]) : Json();
    json["last"]["duration_ms"] = last.duration * kMilliseconds;
    json["last"]["phases_ms"] = Json::object();
    for (std::size_t i = 0; i < last.phases.size(); ++i) {
      json["last"]["phases_ms"][std::string(kHttpPhaseNames[i])] =
          MillisecondsOrNull(last.phases[i]);
    }
  }
  return json;
}

Json PulseJson(const PulseSnapshot& pulse, const Said& said) {
  Json json = ProberJson(pulse.status, said);
  json["last_beat"] = pulse.timestamp ? Json(*pulse.timestamp) : Json();  // NaN becomes null
  return json;
}

/// The probers of one target.
struct Probers {
  std::vector<const TraceSnapshot*> traces;
  std::vector<const HttpsSnapshot*> https;
  std::vector<const PulseSnapshot*> pulses;
};

/// Those of each target, also of one without any.
std::map<std::string_view, Probers> ProbersByTarget(const StatusView& view) {
  std::map<std::string_view, Probers> probers;
  for (const std::string& target : view.targets) {
    probers.emplace(target, Probers());
  }
  const auto add = [&probers](const auto& snapshots, auto list) {
    for (const auto& snapshot : snapshots) {
      (probers[snapshot->status.key.target].*list).push_back(snapshot.get());
    }
  };
  add(view.traces, &Probers::traces);
  add(view.https, &Probers::https);
  add(view.pulses, &Probers::pulses);
  return probers;
}

Said SaidIn(const StatusView& view) {
  Said said;
  for (const auto& verdict : view.verdicts) {
    if (verdict->verdict) {
      said.emplace(verdict->status.key, verdict.get());
    }
  }
  return said;
}

Json ProbersJson(const Probers& probers, const Said& said) {
  Json json = Json::array();
  for (const TraceSnapshot* const trace : probers.traces) {
    json.push_back(TraceJson(*trace, said));
  }
  for (const HttpsSnapshot* const https : probers.https) {
    json.push_back(HttpsJson(*https, said));
  }
  for (const PulseSnapshot* const pulse : probers.pulses) {
    json.push_back(PulseJson(*pulse, said));
  }
  return json;
}

Json HeadJson(const StatusView& view) {
  Json json;
  json["as_of"] = TimeJson(view.frame.now);
  json["environment"] = view.frame.environment;
  json["open_incidents"] = Json::array();
  for (const IncidentRecord& incident : view.open_incidents) {
    json["open_incidents"].push_back(incident.id);
  }
  return json;
}

Json HopJson(const LiveHop& hop) {
  const HopCounters& counters = hop.counters;
  Json json;
  json["ttl"] = hop.ttl;
  json["address"] = TextOrNull(hop.responder.address);
  json["name"] = TextOrNull(hop.responder.name);
  json["asn"] = hop.responder.asn == 0 ? Json() : Json(hop.responder.asn);
  json["owner"] = TextOrNull(hop.responder.owner);
  json["as_name"] = TextOrNull(hop.responder.as_name);
  json["class"] = TextOrNull(hop.hop_class);
  json["sent"] = counters.probes;
  json["unanswered"] = counters.replies_missing;
  json["round_trip_last_ms"] = MillisecondsOrNull(counters.last_round_trip);
  json["round_trip_mean_ms"] = MeanMs(counters.round_trip_sum, counters.round_trip_count);
  return json;
}

Json ChartJson(const NamedChart& named) {
  const PathChart& chart = named.chart;
  Json json;
  json["name"] = named.name;
  json["from"] = TimeJson(chart.from);
  json["to"] = TimeJson(chart.to);
  json["columns"] = Json::array();
  for (const EndToEndStats& column : chart.columns) {
    Json cell;
    cell["sent"] = column.sent;
    cell["lost"] = column.lost;
    cell["round_trip_mean_ms"] = MeanMs(column.round_trip_sum, column.round_trips);
    json["columns"].push_back(std::move(cell));
  }
  return json;
}

Json ServiceChartJson(const NamedServiceChart& named) {
  Json json;
  json["name"] = named.name;
  json["from"] = TimeJson(named.chart.from);
  json["to"] = TimeJson(named.chart.to);
  json["columns"] = Json::array();
  for (const HttpsStats& column : named.chart.columns) {
    Json cell;
    cell["requests"] = column.requests;
    cell["failed"] = column.Failed();
    cell["duration_mean_ms"] =
        column.durations.count == 0 ? Json() : Json(column.durations.mean * kMilliseconds);
    for (std::size_t i = 0; i < column.phases.size(); ++i) {
      cell["phases_mean_ms"][std::string(kHttpPhaseNames[i])] =
          MeanMs(column.phases[i].sum, column.phases[i].count);
    }
    json["columns"].push_back(std::move(cell));
  }
  return json;
}

Json ServiceJson(const WatchedService& service) {
  Json json;
  json["prober"] = ProberName(service.prober.prober);
  json["family"] = ProberFamilyName(service.prober.family);
  json["charts"] = Json::array();
  for (const NamedServiceChart& chart : service.charts) {
    json["charts"].push_back(ServiceChartJson(chart));
  }
  return json;
}

Json PathJson(const PathView& path) {
  Json json = Json::array();
  for (const std::vector<IpAddress>& hop : path) {
    json.push_back(hop.empty() ? Json() : Json(hop.front().ToString()));
  }
  return json;
}

Json ChangeJson(const RouteChangeRecord& change) {
  const RouteEvent& event = change.event;
  Json json;
  json["at"] = TimeJson(event.at);
  json["kind"] = RouteEventKindName(event.kind);
  json["class"] = RouteChangeClassName(change.kind);
  json["ttl"] = event.ttl;
  json["last_common_ttl"] = event.last_common_ttl == 0 ? Json() : Json(event.last_common_ttl);
  json["last_common"] = event.last_common ? Json(event.last_common->ToString()) : Json();
  json["before"] = PathJson(event.before);
  json["after"] = PathJson(event.after);
  return json;
}

Json TracedPathJson(const TracedPath& path) {
  Json json;
  json["prober"] = ProberName(path.trace->status.key.prober);
  json["family"] = ProberFamilyName(path.trace->status.key.family);
  for (const char* const list : {"hops", "charts", "route_changes"}) {
    json[list] = Json::array();
  }
  for (const LiveHop& hop : LiveHopsOf(path)) {
    json["hops"].push_back(HopJson(hop));
  }
  for (const NamedChart& chart : path.charts) {
    json["charts"].push_back(ChartJson(chart));
  }
  for (const RouteChangeRecord& change : path.changes) {
    json["route_changes"].push_back(ChangeJson(change));
  }
  return json;
}

}  // namespace

// A line for each target, which is forgotten before the next one is made: all of them as one tree
// would take longer to put into memory than to write.
std::string TargetsDocument(const StatusView& view) {
  constexpr int kOneLine = -1;
  const Said said = SaidIn(view);
  std::string text = Dump(HeadJson(view), kOneLine);
  text.erase(text.rfind('}'));
  text += ",\"targets\":[";
  std::string_view separator = "\n";
  for (const auto& [name, probers] : ProbersByTarget(view)) {
    Json target;
    target["name"] = name;
    target["probers"] = ProbersJson(probers, said);
    text += separator;
    text += Dump(target, kOneLine);
    separator = ",";
  }
  return text + "]}\n";
}

std::string TargetDocument(const TargetView& view) {
  Json json = HeadJson(view.status);
  json["name"] = view.name;
  json["probers"] = ProbersJson(ProbersByTarget(view.status)[view.name], SaidIn(view.status));
  json["history_problem"] = TextOrNull(view.history_problem);
  json["services"] = Json::array();
  for (const WatchedService& service : view.services) {
    json["services"].push_back(ServiceJson(service));
  }
  json["paths"] = Json::array();
  for (const TracedPath& path : view.paths) {
    json["paths"].push_back(TracedPathJson(path));
  }
  return Dump(json);
}

}  // namespace pathwitness
