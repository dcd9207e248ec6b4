#include "exporter/pages/incident_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "exporter/pages/follow_ups.h"
#include "exporter/pages/reports_page.h"
#include "exporter/pages/shown_values.h"
#include "exporter/rfc3339.h"

namespace pathwitness {
namespace {

constexpr std::array<std::string_view, 6> kHeads = {"Incident", "State", "Since",
                                                    "Targets",  "Owner", "Said last"};
constexpr std::array<std::string_view, 7> kUpdateHeads = {
    "At", "Targets", "Shared link", "State", "Direction", "Owner", "Probability"};

IncidentUpdate Newest(const IncidentRecord& incident) {
  return incident.updates.empty() ? IncidentUpdate() : incident.updates.back();
}

std::string Extent(const IncidentUpdate& update) {
  return fmt::format("{} of {}", update.bad, update.total);
}

std::string OrNone(std::string_view text) {
  return text.empty() ? std::string(kNoValue) : EscapeHtml(text);
}

std::string IncidentLink(std::string_view id) {
  return fmt::format("<a href=\"/incidents/{}\">{}</a>", EscapeUrl(id), EscapeHtml(id));
}

std::string StateCell(const IncidentRecord& incident) {
  if (!incident.closed) {
    return "<td class=\"down\">open</td>";
  }
  return fmt::format("<td>{} {}</td>", incident.merged_into.empty() ? "closed" : "merged",
                     FormatRfc3339(*incident.closed, TimePrecision::Seconds));
}

void AppendRow(std::string& rows, const IncidentRecord& incident, WallTime now) {
  const IncidentUpdate newest = Newest(incident);
  rows += fmt::format(
      "<tr><td>{}</td>{}<td>{}</td><td>{}</td><td>{}</td><td class=\"wide\">{}</td></tr>\n",
      IncidentLink(incident.id), StateCell(incident), ShowMoment(incident.since, now),
      Extent(newest), OrNone(newest.owner), EscapeHtml(newest.text));
}

/// The times around an incident: before, its worst known middle, and after or now.
std::string CompareLink(const IncidentRecord& incident, const PageFrame& frame) {
  const WallTime end = incident.closed.value_or(frame.now);
  const auto at = [](WallTime time) {
    return EscapeUrl(FormatRfc3339(time, TimePrecision::Seconds));
  };
  constexpr Duration kLength = std::chrono::minutes(5);
  std::string link =
      fmt::format("/compare?target={}&amp;prober={}&amp;family={}&amp;at1={}&amp;at2={}",
                  EscapeUrl(incident.witness.target), ProberName(incident.witness.prober),
                  ProberFamilyName(incident.witness.family), at(incident.since - kLength),
                  at(incident.since + (end - incident.since) / 2));
  if (incident.closed) {
    link += "&amp;at3=" + at(end);
  }
  return link;
}

std::string Updates(const IncidentRecord& incident) {
  std::string rows = HeadRow(kUpdateHeads) + "<tbody>\n";
  for (const IncidentUpdate& update : incident.updates) {
    rows += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td class=\"number\">{:.0f} %</td></tr>\n",
        FormatRfc3339(update.at, TimePrecision::Seconds), Extent(update), OrNone(update.via),
        EscapeHtml(update.state), EscapeHtml(update.direction), OrNone(update.owner),
        update.probability * 100);
  }
  return "<h2>How far it reached, over time</h2>\n" +
         ScrollBox("Updates of the incident", rows + "</tbody>\n");
}

std::string Targets(const IncidentRecord& incident) {
  std::string list = "<h2>Targets that it concerned</h2>\n<ul>\n";
  for (const std::string& target : incident.targets) {
    list += "<li>" + TargetLink(target) + "</li>\n";
  }
  return list + "</ul>\n";
}

std::string Reports(const IncidentView& view) {
  if (view.reports.empty()) {
    return {};
  }
  return "<h2>Reports of its witness</h2>\n" + ReportTable(view.reports);
}

/// Each line of a text on a line of its own.
std::string Lines(std::string_view text) {
  std::string html;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    html += EscapeHtml(line) + (text.empty() ? "" : "<br>");
  }
  return html;
}

std::string Form(const IncidentView& view) {
  if (view.form_token.empty()) {
    return {};
  }
  std::string text;  // line feeds stay, which EscapeHtml replaces
  for (const char character : view.draft.text) {
    text += character == '\n' ? std::string("\n") : EscapeHtml(std::string_view(&character, 1));
  }
  return fmt::format(
      "<form class=\"note\" method=\"post\" action=\"/incidents/{}{}\">"
      "<input type=\"hidden\" name=\"token\" value=\"{}\">\n"
      "<label>Your name <input name=\"author\" value=\"{}\" maxlength=\"{}\" required "
      "autocomplete=\"name\"></label>\n"
      "<label class=\"text\">What happened, what was done, a ticket's number "
      "<textarea name=\"text\" rows=\"4\" maxlength=\"{}\" required>\n{}</textarea></label>\n"
      "<button>Keep it</button></form>\n"
      "<p class=\"soft\">It cannot be changed afterwards.</p>\n",
      EscapeUrl(view.incident.id), kFollowUpsPath, view.form_token, EscapeHtml(view.draft.author),
      kLongestAuthor, kLongestFollowUp, text);
}

std::string FollowUps(const IncidentView& view) {
  const std::vector<FollowUp>& notes = view.incident.follow_ups;
  if (notes.empty() && view.form_token.empty()) {
    return {};
  }
  std::string html = "<h2 id=\"follow-ups\">What people wrote</h2>\n";
  for (const FollowUp& note : notes) {
    html += fmt::format("<p><b>{}</b> <span class=\"soft\">{}</span><br>{}</p>\n",
                        EscapeHtml(note.author), FormatRfc3339(note.at, TimePrecision::Seconds),
                        Lines(note.text));
  }
  if (!view.refusal.empty()) {
    html += fmt::format("<p class=\"said\" role=\"alert\">{}</p>\n", EscapeHtml(view.refusal));
  }
  return html + Form(view);
}

std::string Summary(const IncidentRecord& incident, const PageFrame& frame) {
  std::string html = fmt::format("<p class=\"said\">{}</p>\n", EscapeHtml(Newest(incident).text));
  html += fmt::format("<p>{} since {}, told of first at {}",
                      incident.closed ? "Was there" : "<b class=\"down\">Open</b>",
                      ShowMoment(incident.since, frame.now),
                      FormatRfc3339(incident.opened, TimePrecision::Seconds));
  if (incident.closed) {
    html += ", closed at " + FormatRfc3339(*incident.closed, TimePrecision::Seconds);
  }
  html += fmt::format(". Cause: {}{}.</p>\n", EscapeHtml(incident.cause),
                      incident.at.empty() ? "" : " (" + EscapeHtml(incident.at) + ")");
  if (!incident.merged_into.empty()) {
    html += "<p>It was part of " + IncidentLink(incident.merged_into) + ".</p>\n";
  }
  return html +
         fmt::format("<p>Witness: {}, {}, {}. ", TargetLink(incident.witness.target),
                     ProberName(incident.witness.prober),
                     ProberFamilyName(incident.witness.family)) +
         fmt::format("<a href=\"{}\">Its path before, during and after</a>.</p>\n",
                     CompareLink(incident, frame));
}

}  // namespace

std::string OpenIncidents(const std::vector<IncidentRecord>& open, WallTime now) {
  if (open.empty()) {
    return "<p class=\"up\">No open incident.</p>\n";
  }
  std::string html;
  for (const IncidentRecord& incident : open) {
    html += fmt::format("<p class=\"said\"><b>{}</b> since {}: {}</p>\n", IncidentLink(incident.id),
                        ShowMoment(incident.since, now), EscapeHtml(Newest(incident).text));
  }
  return html;
}

std::string IncidentsPage(const IncidentsView& view) {
  std::string body;
  if (!view.history_problem.empty()) {
    body += fmt::format("<p class=\"said\">Only those of now: {}.</p>\n",
                        EscapeHtml(view.history_problem));
  }
  if (view.incidents.empty()) {
    return PageDocument(view.frame, "Incidents", body + "<p>None is known.</p>\n",
                        "/api/v1/incidents");
  }
  std::string rows = HeadRow(kHeads) + "<tbody>\n";
  for (const IncidentRecord& incident : view.incidents) {
    AppendRow(rows, incident, view.frame.now);
  }
  body += ScrollBox("Incidents", rows + "</tbody>\n");
  return PageDocument(view.frame, "Incidents", body, "/api/v1/incidents");
}

std::string IncidentPage(const IncidentView& view) {
  const IncidentRecord& incident = view.incident;
  return PageDocument(view.frame, "Incident " + incident.id,
                      Summary(incident, view.frame) + Updates(incident) + Targets(incident) +
                          Reports(view) + FollowUps(view),
                      "/api/v1/incidents/" + EscapeUrl(incident.id));
}

}  // namespace pathwitness
