#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "exporter/pages/html.h"
#include "exporter/pages/public_status.h"
#include "exporter/rfc3339.h"

namespace pathwitness {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 2> kHeads = {"What", "State"};
constexpr std::size_t kMostNamed = 10;  // targets of one incident

std::string_view NameOf(PublicState state) {
  return kPublicStateNames.at(static_cast<std::size_t>(state));
}

/// In the words of those who use a service, not of those who run its network.
std::string_view KindText(std::string_view kind) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTexts = {
      {{"loss", "packets lost"},
       {"latency", "slow"},
       {"flow_dependent", "some connections disturbed"},
       {"service", "service disturbed"}}};
  const auto* const found =
      std::ranges::find(kTexts, kind, &std::pair<std::string_view, std::string_view>::first);
  return found == kTexts.end() ? "disturbed" : found->second;
}

/// "2026-01-31 16:13".
std::string ShowMinute(WallTime time) {
  std::string text = FormatRfc3339(time, TimePrecision::Seconds).substr(0, 16);
  text[10] = ' ';
  return text;
}

std::string ShowLength(Duration length) {
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(length).count();
  return minutes < 120 ? fmt::format("{} min", minutes) : fmt::format("{} h", minutes / 60);
}

/// "All 12 are up.", or "2 of 12 are down, 1 impaired."
std::string Headline(const std::vector<PublicTarget>& targets) {
  std::string parts;
  for (const PublicState state : {PublicState::Down, PublicState::Impaired, PublicState::Unknown}) {
    const auto count = std::ranges::count(targets, state, &PublicTarget::state);
    if (count > 0) {
      parts +=
          fmt::format("{}{}{} {}", parts.empty() ? "" : ", ", count,
                      parts.empty() ? fmt::format(" of {}", targets.size()) : "", NameOf(state));
    }
  }
  if (targets.empty()) {
    return "<p>Nothing is shown here yet.</p>\n";
  }
  const PublicState worst = targets.front().state;
  return fmt::format("<p class=\"headline {}\">{}.</p>\n", NameOf(worst),
                     parts.empty() ? fmt::format("All {} up", targets.size()) : parts);
}

std::string Targets(const std::vector<PublicTarget>& targets) {
  if (targets.empty()) {
    return {};
  }
  const std::size_t named = std::min(targets.size(), kMostPublicTargets);
  std::string rows = HeadRow(kHeads) + "<tbody>\n";
  for (std::size_t i = 0; i < named; ++i) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"{}\">{}</td></tr>\n",
                        EscapeHtml(targets[i].name), NameOf(targets[i].state),
                        NameOf(targets[i].state));
  }
  std::string html = ScrollBox("Now", rows + "</tbody>\n");
  if (named < targets.size()) {
    html += fmt::format("<p class=\"soft\">And {} more.</p>\n", targets.size() - named);
  }
  return html;
}

std::string Names(const std::vector<std::string>& targets) {
  std::string names;
  for (std::size_t i = 0; i < std::min(targets.size(), kMostNamed); ++i) {
    names += (names.empty() ? "" : ", ") + EscapeHtml(targets[i]);
  }
  return targets.size() <= kMostNamed
             ? names
             : fmt::format("{} and {} more", names, targets.size() - kMostNamed);
}

std::string Incident(const PublicIncident& incident, WallTime now) {
  std::string html = fmt::format(
      "<h3>{} UTC: {}</h3>\n<p>{} Concerned: {}.", ShowMinute(incident.since),
      KindText(incident.kind),
      incident.closed
          ? fmt::format("Over after {}.", ShowLength(*incident.closed - incident.since))
          : fmt::format("<b class=\"down\">For {} now.</b>", ShowLength(now - incident.since)),
      Names(incident.targets));
  if (!incident.owner.empty()) {
    html += fmt::format(" Traced to {}.", EscapeHtml(incident.owner));
  }
  html += "</p>\n";
  for (const FollowUp& note : incident.follow_ups) {
    html += fmt::format("<p class=\"said\">{} UTC: {}</p>\n", ShowMinute(note.at),
                        EscapeHtml(note.text));
  }
  return html;
}

Json IncidentJson(const PublicIncident& incident) {
  Json json;
  json["since"] = FormatRfc3339(incident.since, TimePrecision::Seconds);
  json["closed"] =
      incident.closed ? Json(FormatRfc3339(*incident.closed, TimePrecision::Seconds)) : Json();
  json["kind"] = incident.kind;
  json["targets"] = incident.targets;
  json["owner"] = incident.owner.empty() ? Json() : Json(incident.owner);
  json["follow_ups"] = Json::array();
  for (const FollowUp& note : incident.follow_ups) {
    json["follow_ups"].push_back(
        {{"at", FormatRfc3339(note.at, TimePrecision::Seconds)}, {"text", note.text}});
  }
  return json;
}

}  // namespace

std::string PublicStatusPage(const PublicStatus& status) {
  std::string body = Headline(status.targets) + Targets(status.targets) +
                     "<h2>Incidents of the last 90 days</h2>\n";
  for (const PublicIncident& incident : status.incidents) {
    body += Incident(incident, status.now);
  }
  if (status.incidents.empty()) {
    body += "<p>None is known.</p>\n";
  }
  return BareDocument(status.title, body,
                      fmt::format("As of {} UTC · <a href=\"status.json\">This page as JSON</a>",
                                  ShowMinute(status.now)));
}

std::string PublicStatusDocument(const PublicStatus& status) {
  Json json;
  json["title"] = status.title;
  json["as_of"] = FormatRfc3339(status.now, TimePrecision::Seconds);
  json["targets"] = Json::array();
  for (const PublicTarget& target : status.targets) {
    json["targets"].push_back({{"name", target.name}, {"state", NameOf(target.state)}});
  }
  json["incidents"] = Json::array();
  for (const PublicIncident& incident : status.incidents) {
    json["incidents"].push_back(IncidentJson(incident));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pathwitness
