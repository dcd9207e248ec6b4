#include "exporter/pages/compare_page.h"

#include <fmt/format.h>

#include <vector>

#include "exporter/evidence/shown_time.h"
#include "exporter/pages/shown_values.h"

namespace pathwitness {
namespace {

char Letter(std::size_t moment) {
  return static_cast<char>('A' + moment);
}

std::string Input(std::string_view label, std::string_view name, std::string_view value) {
  return fmt::format("<label>{} <input name=\"{}\" value=\"{}\"></label>\n", label, name,
                     EscapeHtml(value));
}

std::string Form(const CompareView& view) {
  std::string form = "<form method=\"get\" action=\"/compare\">\n";
  form += Input("Target", "target", view.target);
  for (std::size_t i = 0; i < view.at.size(); ++i) {
    form += Input(fmt::format("Moment {}", Letter(i)), fmt::format("at{}", i + 1), view.at[i]);
  }
  return form +
         "<button>Compare</button></form>\n"
         "<p class=\"soft\">Moments: -30m, 16:00 (UTC), 2026-01-31T16:00:00Z or now. Five minutes "
         "from each are compared.</p>\n";
}

std::string MomentText(const ComparedMoment& moment, std::size_t index) {
  std::string text =
      fmt::format("<li><b>{}</b>, {}: ", Letter(index), ShowTimes(moment.from, moment.to));
  if (!moment.is_known) {
    return text + "nothing is known.</li>\n";
  }
  const EndToEndStats& stats = moment.end_to_end;
  return text +
         fmt::format(
             "{} hops, the destination {}, lost {}{}.</li>\n", moment.length,
             moment.is_reached ? "answers" : "does not answer", ShowLoss(stats.lost, stats.sent),
             stats.round_trips == 0
                 ? std::string()
                 : ", mean RTT " +
                       ShowSeconds(stats.round_trip_sum / static_cast<double>(stats.round_trips)));
}

std::string Changes(const Comparison& comparison) {
  if (comparison.changes.empty()) {
    return "<p>The path is the same at all moments of which anything is known.</p>\n";
  }
  std::string html;
  for (const ComparedChange& change : comparison.changes) {
    html += "<p class=\"said\">" + EscapeHtml(DescribeChange(change)) + "</p>\n";
  }
  return html;
}

std::string MarkText(HopMark mark) {
  std::string name(HopMarkName(mark));
  for (char& character : name) {
    character = character == '_' ? ' ' : character;
  }
  return name;
}

std::string HopCell(const ComparedHop& hop) {
  const bool is_changed = hop.mark != HopMark::Same;
  const std::string mark =
      is_changed ? "<span class=\"changed\">" + MarkText(hop.mark) + "</span><br>" : "";
  if (!hop.row) {
    return fmt::format("<td>{}{}</td>", mark, kNoValue);
  }
  std::string who;
  for (const ShownAddress& responder : hop.row->responders) {
    who += EscapeHtml(HostText(responder));
    const std::string owner = OwnerText(responder);
    who += owner.empty() ? "<br>" : " <span class=\"soft\">" + EscapeHtml(owner) + "</span><br>";
  }
  const HopStats& stats = hop.row->stats;
  return fmt::format(
      "<td>{}{}. {}<span class=\"soft\">lost {}, RTT {}</span></td>", mark, hop.row->ttl,
      who.empty() ? "no answer<br>" : who, ShowLoss(stats.Lost(), stats.sent),
      stats.round_trips.count == 0 ? std::string(kNoValue) : ShowSeconds(stats.round_trips.mean));
}

std::string Hops(const Comparison& comparison) {
  std::vector<std::string> heads;
  for (std::size_t i = 0; i < comparison.moments.size(); ++i) {
    heads.push_back(fmt::format("{}: {}", Letter(i), ShowTime(comparison.moments[i].from)));
  }
  std::string rows = HeadRow(heads) + "<tbody>\n";
  for (const ComparedRow& row : comparison.rows) {
    rows += "<tr>";
    for (const ComparedHop& hop : row) {
      rows += HopCell(hop);
    }
    rows += "</tr>\n";
  }
  return ScrollBox("Hops side by side", rows + "</tbody>\n");
}

std::string Result(const Comparison& comparison) {
  std::string html =
      fmt::format("<h2>{}, {}, {}</h2>\n<ul>\n", TargetLink(comparison.prober.target),
                  ProberName(comparison.prober.prober), ProberFamilyName(comparison.prober.family));
  for (std::size_t i = 0; i < comparison.moments.size(); ++i) {
    html += MomentText(comparison.moments[i], i);
  }
  return html + "</ul>\n" + Changes(comparison) + Hops(comparison);
}

}  // namespace

std::string ComparePage(const CompareView& view) {
  std::string body = Form(view);
  if (view.comparison) {
    body += Result(*view.comparison);
  } else if (!view.problem.empty()) {
    body += "<p class=\"said\">" + EscapeHtml(view.problem) + "</p>\n";
  }
  return PageDocument(view.frame, "Compare", body, view.json_path);
}

}  // namespace pathwitness
