#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "diagnosis/route_class.h"
#include "exporter/evidence/comparison.h"
#include "exporter/evidence/incident_json.h"
#include "exporter/evidence/plain_text.h"
#include "exporter/evidence/report.h"
#include "exporter/rfc3339.h"
#include "probes/base/wilson_interval.h"

namespace pathwitness {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr double kMilliseconds = 1000;

OrderedJson TextOrNull(const std::string& text) {
  return text.empty() ? OrderedJson() : OrderedJson(text);
}

OrderedJson ShownJson(const ShownAddress& shown) {
  if (shown.address.empty()) {
    return {};
  }
  OrderedJson json;
  json["address"] = shown.address;
  json["name"] = TextOrNull(shown.name);
  json["asn"] = shown.asn == 0 ? OrderedJson() : OrderedJson(shown.asn);
  json["owner"] = TextOrNull(shown.owner);
  json["as_name"] = TextOrNull(shown.as_name);
  return json;
}

OrderedJson RoundTripsJson(const DurationStats& stats) {
  if (stats.count == 0) {
    return {};
  }
  OrderedJson json;
  json["count"] = stats.count;
  json["last"] = stats.last * kMilliseconds;
  json["avg"] = stats.mean * kMilliseconds;
  json["best"] = stats.min * kMilliseconds;
  json["worst"] = stats.max * kMilliseconds;
  json["stdev"] = stats.Deviation() * kMilliseconds;
  return json;
}

OrderedJson EndToEndJson(const EndToEndStats& stats) {
  const auto sent = static_cast<double>(stats.sent - std::min(stats.unsent, stats.sent));
  const auto lost = static_cast<double>(stats.lost - std::min(stats.unsent, stats.lost));
  const Interval interval = WilsonInterval(lost, sent);
  OrderedJson json;
  json["sent"] = stats.sent;
  json["lost"] = stats.lost;
  json["late"] = stats.late;
  json["unsent"] = stats.unsent;
  json["loss"] = sent > 0 ? OrderedJson(lost / sent) : OrderedJson();
  json["loss_low"] = sent > 0 ? OrderedJson(interval.low) : OrderedJson();
  json["loss_high"] = sent > 0 ? OrderedJson(interval.high) : OrderedJson();
  json["avg_ms"] = stats.round_trips == 0 ? OrderedJson()
                                          : OrderedJson(stats.round_trip_sum * kMilliseconds /
                                                        static_cast<double>(stats.round_trips));
  return json;
}

OrderedJson HopRowJson(const HopRow& row) {
  OrderedJson json;
  json["ttl"] = row.ttl;
  json["responders"] = OrderedJson::array();
  for (const ShownAddress& responder : row.responders) {
    json["responders"].push_back(ShownJson(responder));
  }
  json["class"] = TextOrNull(row.hop_class);
  json["sent"] = row.stats.sent;
  json["received"] = row.stats.received;
  json["late"] = row.stats.late;
  json["lost"] = row.stats.Lost();
  json["credited"] = row.stats.credited;
  json["round_trip_ms"] = RoundTripsJson(row.stats.round_trips);
  return json;
}

std::string Dump(const OrderedJson& json) {
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

OrderedJson TtlOrNull(unsigned ttl) {
  return ttl == 0 ? OrderedJson() : OrderedJson(ttl);
}

OrderedJson MomentJson(const ComparedMoment& moment) {
  OrderedJson json;
  json["from"] = FormatRfc3339(moment.from, TimePrecision::Seconds);
  json["to"] = FormatRfc3339(moment.to, TimePrecision::Seconds);
  json["known"] = moment.is_known;
  json["reached"] = moment.is_reached;
  json["length"] = moment.length;
  json["end_to_end"] = EndToEndJson(moment.end_to_end);
  return json;
}

OrderedJson ChangeJson(const ComparedChange& change) {
  OrderedJson json;
  json["before"] = change.before;
  json["after"] = change.after;
  json["class"] = RouteChangeClassName(change.kind);
  json["partial"] = change.is_partial;
  json["last_common_ttl"] = TtlOrNull(change.last_common_ttl);
  json["last_common"] = ShownJson(change.last_common);
  json["ttl_before"] = TtlOrNull(change.ttl_before);
  json["first_before"] = ShownJson(change.first_before);
  json["ttl_after"] = TtlOrNull(change.ttl_after);
  json["first_after"] = ShownJson(change.first_after);
  json["rejoin_before"] = TtlOrNull(change.rejoin_before);
  json["rejoin_after"] = TtlOrNull(change.rejoin_after);
  json["rejoin"] = ShownJson(change.rejoin);
  json["length_delta"] = change.length_delta ? OrderedJson(*change.length_delta) : OrderedJson();
  json["text"] = DescribeChange(change);
  return json;
}

OrderedJson RowJson(const ComparedRow& row) {
  OrderedJson json = OrderedJson::array();
  for (const ComparedHop& hop : row) {
    OrderedJson cell;
    cell["mark"] = HopMarkName(hop.mark);
    cell["hop"] = hop.row ? HopRowJson(*hop.row) : OrderedJson();
    json.push_back(std::move(cell));
  }
  return json;
}

OrderedJson TimeJson(WallTime time) {
  return FormatRfc3339(time, TimePrecision::Seconds);
}

template <typename Items, typename ToJson>
OrderedJson ListJson(const Items& items, ToJson to_json) {
  OrderedJson json = OrderedJson::array();
  for (const auto& item : items) {
    json.push_back(to_json(item));
  }
  return json;
}

OrderedJson ServiceJson(const HttpsStats& stats) {
  OrderedJson json;
  json["requests"] = stats.requests;
  json["failed"] = stats.Failed();
  json["failures"] = OrderedJson::object();
  for (std::size_t i = 0; i < stats.failures.size(); ++i) {
    if (stats.failures[i] > 0) {
      json["failures"][std::string(kHttpFailureNames[i])] = stats.failures[i];
    }
  }
  json["last_status"] = stats.last_status == 0 ? OrderedJson() : OrderedJson(stats.last_status);
  json["duration_ms"] = RoundTripsJson(stats.durations);
  json["phase_avg_ms"] = OrderedJson::object();
  for (std::size_t i = 0; i < stats.phases.size(); ++i) {
    const HttpsStats::Phase& phase = stats.phases[i];
    json["phase_avg_ms"][std::string(kHttpPhaseNames[i])] =
        phase.count == 0
            ? OrderedJson()
            : OrderedJson(phase.sum * kMilliseconds / static_cast<double>(phase.count));
  }
  return json;
}

OrderedJson WindowJson(const ReportWindow& window) {
  OrderedJson json;
  json["name"] = window.name;
  json["from"] = TimeJson(window.from);
  json["to"] = TimeJson(window.to);
  json["known"] = window.is_known;
  json["reached"] = window.is_reached;
  json["rounds"] = window.rounds;
  json["end_to_end"] = EndToEndJson(window.end_to_end);
  json["hops"] = ListJson(window.hops, HopRowJson);
  json["service"] = window.service ? ServiceJson(*window.service) : OrderedJson();
  return json;
}

OrderedJson ProbesJson(const ReportProbes& probes) {
  OrderedJson json;
  json["protocol"] = probes.protocol;
  json["port"] = probes.port == 0 ? OrderedJson() : OrderedJson(probes.port);
  json["payload_bytes"] = probes.payload_bytes;
  json["dscp"] = probes.dscp;
  json["flows"] = probes.flows;
  json["interval_seconds"] = ToSeconds(probes.interval);
  json["end_to_end_interval_seconds"] = ToSeconds(probes.end_to_end_interval);
  json["timeout_seconds"] = ToSeconds(probes.timeout);
  return json;
}

OrderedJson VerdictPartJson(const ReportVerdict& verdict) {
  OrderedJson json;
  json["state"] = verdict.state;
  json["direction"] = verdict.direction;
  json["segment"] = verdict.segment;
  json["owner"] = TextOrNull(verdict.owner);
  json["probability"] = verdict.probability;
  json["likeliest"] = TextOrNull(verdict.likeliest);
  json["second"] = TextOrNull(verdict.second);
  json["second_probability"] = verdict.second_probability;
  json["likely"] = verdict.likely ? OrderedJson(*verdict.likely) : OrderedJson();
  json["text"] = verdict.text;
  return json;
}

OrderedJson UpdateJson(const IncidentUpdate& update) {
  OrderedJson json;
  json["at"] = TimeJson(update.at);
  json["bad"] = update.bad;
  json["total"] = update.total;
  json["via"] = TextOrNull(update.via);
  json["state"] = update.state;
  json["direction"] = update.direction;
  json["segment"] = TextOrNull(update.segment);
  json["owner"] = TextOrNull(update.owner);
  json["probability"] = update.probability;
  json["text"] = update.text;
  return json;
}

OrderedJson FollowUpJson(const FollowUp& note) {
  OrderedJson json;
  json["at"] = TimeJson(note.at);
  json["author"] = note.author;
  json["text"] = note.text;
  return json;
}

OrderedJson IncidentJson(const IncidentRecord& incident) {
  OrderedJson json;
  json["id"] = incident.id;
  json["opened"] = TimeJson(incident.opened);
  json["since"] = TimeJson(incident.since);
  json["last_seen"] = TimeJson(incident.last_seen);
  json["closed"] = incident.closed ? TimeJson(*incident.closed) : OrderedJson();
  json["merged_into"] = TextOrNull(incident.merged_into);
  json["cause"] = incident.cause;
  json["targets"] = incident.targets;
  json["updates"] = ListJson(incident.updates, UpdateJson);
  json["follow_ups"] = ListJson(incident.follow_ups, FollowUpJson);
  return json;
}

OrderedJson CellJson(const ReportMinute::Cell& cell) {
  OrderedJson json;
  json["sent"] = cell.sent;
  json["lost"] = cell.lost;
  json["avg_ms"] = cell.average ? OrderedJson(*cell.average * kMilliseconds) : OrderedJson();
  return json;
}

OrderedJson MinuteJson(const ReportMinute& minute) {
  OrderedJson json;
  json["at"] = TimeJson(minute.at);
  json["seconds"] = ToSeconds(minute.length);
  json["destination"] = CellJson(minute.destination);
  json["near_hop"] = minute.near_hop ? CellJson(*minute.near_hop) : OrderedJson();
  json["far_hop"] = minute.far_hop ? CellJson(*minute.far_hop) : OrderedJson();
  return json;
}

OrderedJson FlowJson(const ReportFlow& flow) {
  OrderedJson json;
  json["index"] = flow.index;
  json["source_port"] = flow.source_port == 0 ? OrderedJson() : OrderedJson(flow.source_port);
  json["sent"] = flow.sent;
  json["lost"] = flow.lost;
  json["bad"] = flow.is_bad;
  return json;
}

OrderedJson CountsJson(const Counts& counts) {
  OrderedJson json;
  json["sent"] = counts.sent;
  json["received"] = counts.received;
  return json;
}

OrderedJson FindingJson(const ReportFinding& finding) {
  OrderedJson json;
  json["what"] = finding.what;
  json["state"] = finding.state;
  json["text"] = finding.text;
  return json;
}

OrderedJson RouteChangeJson(const ReportChange& change) {
  OrderedJson json;
  json["at"] = TimeJson(change.at);
  json["kind"] = change.kind;
  json["class"] = change.where;
  json["ttl"] = change.ttl;
  json["last_common"] = ShownJson(change.last_common);
  json["before"] = ListJson(change.before, ShownJson);
  json["after"] = ListJson(change.after, ShownJson);
  return json;
}

OrderedJson ClockJson(const ReportClock& clock) {
  OrderedJson json;
  json["synchronized"] = clock.is_synchronized;
  json["offset_seconds"] = clock.offset ? OrderedJson(*clock.offset) : OrderedJson();
  json["maximum_error_seconds"] = clock.maximum ? OrderedJson(*clock.maximum) : OrderedJson();
  return json;
}

OrderedJson ContactJson(const ReportContact& contact) {
  OrderedJson json;
  json["who"] = contact.who;
  json["asn"] = contact.asn == 0 ? OrderedJson() : OrderedJson(contact.asn);
  json["why"] = contact.why;
  return json;
}

OrderedJson OneWayJson(const Report& report) {
  if (!report.forward || !report.backward) {
    return {};
  }
  OrderedJson json;
  json["forward"] = CountsJson(*report.forward);
  json["return"] = CountsJson(*report.backward);
  return json;
}

OrderedJson HeadJson(const Report& report) {
  OrderedJson json;
  json["schema"] = kReportSchema;
  json["version"] = kReportVersion;
  json["made_at"] = TimeJson(report.made_at);
  json["made_by"] = {{"version", report.version}, {"revision", report.revision}};
  json["redacted"] = report.is_redacted;
  json["target"] = report.target;
  json["prober"] = report.prober;
  json["family"] = report.family;
  json["host"] = TextOrNull(report.host);
  json["source"] = ShownJson(report.source);
  json["destination"] = ShownJson(report.destination);
  json["probes"] = ProbesJson(report.probes);
  return json;
}

}  // namespace

std::string ComparisonJson(const Comparison& comparison) {
  OrderedJson json;
  json["target"] = PlainText(comparison.prober.target);
  json["prober"] = ProberName(comparison.prober.prober);
  json["family"] = ProberFamilyName(comparison.prober.family);
  for (const char* const list : {"moments", "changes", "rows"}) {
    json[list] = OrderedJson::array();
  }
  for (const ComparedMoment& moment : comparison.moments) {
    json["moments"].push_back(MomentJson(moment));
  }
  for (const ComparedChange& change : comparison.changes) {
    json["changes"].push_back(ChangeJson(change));
  }
  for (const ComparedRow& row : comparison.rows) {
    json["rows"].push_back(RowJson(row));
  }
  return Dump(json);
}

std::string ReportJson(const Report& report) {
  OrderedJson json = HeadJson(report);
  json["verdict"] = report.verdict ? VerdictPartJson(*report.verdict) : OrderedJson();
  json["incident"] = report.incident ? IncidentJson(*report.incident) : OrderedJson();
  json["windows"] = ListJson(report.windows, WindowJson);
  json["near_ttl"] = report.near_ttl == 0 ? OrderedJson() : OrderedJson(report.near_ttl);
  json["far_ttl"] = report.far_ttl == 0 ? OrderedJson() : OrderedJson(report.far_ttl);
  json["minutes"] = ListJson(report.minutes, MinuteJson);
  json["flows"] = ListJson(report.flows, FlowJson);
  json["one_way"] = OneWayJson(report);
  json["return_path"] = OrderedJson();
  json["findings"] = ListJson(report.findings, FindingJson);
  json["route_changes"] = ListJson(report.changes, RouteChangeJson);
  json["clock"] = report.clock ? ClockJson(*report.clock) : OrderedJson();
  json["method"] = report.method;
  json["contacts"] = ListJson(report.contacts, ContactJson);
  return Dump(json);
}

std::string IncidentDocument(const IncidentRecord& incident) {
  return Dump(IncidentJson(incident));
}

std::string IncidentsDocument(const std::vector<IncidentRecord>& incidents) {
  OrderedJson json;
  json["incidents"] = ListJson(incidents, IncidentJson);
  return Dump(json);
}

}  // namespace pathwitness
