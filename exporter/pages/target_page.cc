#include "exporter/pages/target_page.h"

#include <fmt/format.h>

#include <array>

#include "exporter/pages/incident_pages.h"
#include "exporter/pages/shown_values.h"
#include "exporter/rfc3339.h"

namespace pathwitness {
namespace {

constexpr std::array<std::string_view, 8> kHopHeads = {
    "TTL", "Name", "Address", "Owner", "Unanswered", "RTT last", "RTT mean", "Judged"};
constexpr std::array<std::string_view, 6> kChangeHeads = {"At",     "What",        "Where",
                                                          "Behind", "Hops before", "Hops after"};

std::string OrNone(std::string_view text) {
  return text.empty() ? std::string(kNoValue) : EscapeHtml(text);
}

/// "trace_icmp over ipv4": one of the target's.
std::string NameOf(const ProberKey& prober) {
  return fmt::format("{} over {}", ProberName(prober.prober), ProberFamilyName(prober.family));
}

std::string MeanRoundTrip(const HopCounters& hop) {
  return hop.round_trip_count == 0
             ? std::string(kNoValue)
             : ShowSeconds(hop.round_trip_sum / static_cast<double>(hop.round_trip_count));
}

void AppendHop(std::string& rows, const LiveHop& hop) {
  const HopCounters& counters = hop.counters;
  const std::string address = hop.responder.address;
  rows += fmt::format(
      "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td class=\"number\">{}</td>"
      "<td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td></tr>\n",
      hop.ttl, OrNone(hop.responder.name),
      address.empty() ? "<span class=\"unknown\">no answer</span>" : EscapeHtml(address),
      OrNone(OwnerText(hop.responder)), ShowLoss(counters.replies_missing, counters.probes),
      counters.last_round_trip ? ShowSeconds(*counters.last_round_trip) : std::string(kNoValue),
      MeanRoundTrip(counters), OrNone(hop.hop_class));
}

std::string HopTable(const TracedPath& path) {
  const std::vector<LiveHop> hops = LiveHopsOf(path);
  if (hops.empty()) {
    return "<p class=\"soft\">No hop is known yet.</p>\n";
  }
  std::string rows = HeadRow(kHopHeads) + "<tbody>\n";
  for (const LiveHop& hop : hops) {
    AppendHop(rows, hop);
  }
  return ScrollBox("Hops now, " + NameOf(path.trace->status.key), rows + "</tbody>\n") +
         "<p class=\"soft\">Counts are since the start of the prober. A router that answers few "
         "probes loses nothing by that alone: what matters is loss that goes on to the end.</p>\n";
}

std::string_view KindText(RouteEventKind kind) {
  constexpr std::array<std::string_view, 3> kTexts = {"route changed", "equal paths changed",
                                                      "hop went silent"};
  return kTexts[static_cast<std::size_t>(kind)];
}

std::string PathText(const PathView& path) {
  std::string text;
  for (const std::vector<IpAddress>& hop : path) {
    text += text.empty() ? "" : " › ";
    text += hop.empty() ? "*" : hop.front().ToString();
  }
  return OrNone(text);
}

/// What the path was before a change and what it is after it.
std::string CompareLink(const ProberKey& prober, WallTime at) {
  constexpr Duration kLength = std::chrono::minutes(5);
  const auto shown = [](WallTime time) {
    return EscapeUrl(FormatRfc3339(time, TimePrecision::Seconds));
  };
  return fmt::format("/compare?target={}&amp;prober={}&amp;family={}&amp;at1={}&amp;at2={}",
                     EscapeUrl(prober.target), ProberName(prober.prober),
                     ProberFamilyName(prober.family), shown(at - kLength), shown(at));
}

void AppendChange(std::string& rows, const RouteChangeRecord& change) {
  const RouteEvent& event = change.event;
  const std::string behind = event.last_common ? fmt::format("hop {} ({})", event.last_common_ttl,
                                                             event.last_common->ToString())
                                               : fmt::format("hop {}", event.ttl);
  rows += fmt::format(
      "<tr><td><a href=\"{}\">{}</a></td><td>{}</td><td>{}</td><td>{}</td><td class=\"wide\">{}"
      "</td><td class=\"wide\">{}</td></tr>\n",
      CompareLink(change.prober, event.at), FormatRfc3339(event.at, TimePrecision::Seconds),
      KindText(event.kind), RouteChangeClassName(change.kind), behind, PathText(event.before),
      PathText(event.after));
}

std::string ChangeTable(const TracedPath& path) {
  std::string html = "<h3>Route changes of the last 14 days</h3>\n";
  if (path.changes.empty()) {
    return html + "<p class=\"soft\">None is known.</p>\n";
  }
  std::string rows = HeadRow(kChangeHeads) + "<tbody>\n";
  for (const RouteChangeRecord& change : path.changes) {
    AppendChange(rows, change);
  }
  return html + ScrollBox("Route changes, " + NameOf(path.trace->status.key), rows + "</tbody>\n");
}

std::string PathPart(const TracedPath& path, bool has_history) {
  std::string html = fmt::format("<h2>{}</h2>\n", NameOf(path.trace->status.key));
  if (path.said != nullptr && path.said->verdict) {
    html += fmt::format("<p class=\"said\">{}</p>\n", EscapeHtml(path.said->verdict->text));
  }
  html += HopTable(path);
  html += "<div class=\"charts\">\n";
  for (const NamedChart& named : path.charts) {
    html += ChartSvg(named.chart, named.name);
  }
  html += "</div>\n";
  return has_history ? html + ChangeTable(path) : html;
}

std::string ServicePart(const WatchedService& service) {
  std::string html = fmt::format("<h2>{}</h2>\n<div class=\"charts\">\n", NameOf(service.prober));
  for (const NamedServiceChart& named : service.charts) {
    html += ServiceChartSvg(named.chart, named.name);
  }
  return html + "</div>\n";
}

std::string HistoryPart(const TargetView& view) {
  if (view.history_problem.empty()) {
    return fmt::format(
        "<p><a href=\"/compare?target={0}\">Compare its path at two or three moments</a> · "
        "<a href=\"/targets/{0}?span=14d\">Chart of 14 days</a></p>\n",
        EscapeUrl(view.name));
  }
  return fmt::format("<p class=\"said\">Only what is live is shown: {}.</p>\n",
                     EscapeHtml(view.history_problem));
}

}  // namespace

std::vector<LiveHop> LiveHopsOf(const TracedPath& path) {
  std::vector<LiveHop> hops;
  for (std::size_t i = 0; i < path.trace->hops.size(); ++i) {
    LiveHop hop{.ttl = static_cast<unsigned>(i + 1), .counters = path.trace->hops[i]};
    if (hop.counters.address) {
      hop.responder.address = hop.counters.address->ToString();
      if (path.names != nullptr) {
        const auto name = path.names->names.find(*hop.counters.address);
        hop.responder.name = name == path.names->names.end() ? "" : name->second;
      }
    }
    // The route may be of a round before or after: who stands there must be the same.
    const bool is_same = path.route != nullptr && i < path.route->path.size() &&
                         i < path.route->networks.size() &&
                         path.route->path[i] == hop.counters.address;
    if (is_same && hop.counters.address) {
      const AddressOwner& network = path.route->networks[i];
      hop.responder.asn = network.asn;
      hop.responder.owner = network.name;
      hop.responder.as_name = network.as_name;
    }
    if (path.trace->last_round != nullptr &&
        hop.counters.address == path.trace->last_round->destination) {
      hop.hop_class = "destination";
    } else if (path.said != nullptr && i < path.said->hops.size()) {
      hop.hop_class = HopClassName(path.said->hops[i]);
    }
    hops.push_back(std::move(hop));
  }
  return hops;
}

std::string TargetPage(const TargetView& view) {
  std::string body;
  if (!view.status.open_incidents.empty()) {
    body += OpenIncidents(view.status.open_incidents, view.status.frame.now);
  }
  body += StatusTable(view.status);
  body += HistoryPart(view);
  for (const WatchedService& service : view.services) {
    body += ServicePart(service);
  }
  for (const TracedPath& path : view.paths) {
    body += PathPart(path, view.history_problem.empty());
  }
  return PageDocument(view.status.frame, view.name, body,
                      "/api/v1/targets/" + EscapeUrl(view.name));
}

}  // namespace pathwitness
