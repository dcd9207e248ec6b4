#include "exporter/web/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "exporter/rfc3339.h"

namespace pathwitness {
namespace {

constexpr std::string_view kNone = "–";

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif; }
body { margin: 1.5rem; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid #8886; white-space: nowrap; }
td.wide { white-space: normal; }
.up { color: light-dark(#176f2c, #6fdc8c); }
.down { color: light-dark(#b3261e, #ff8a80); font-weight: bold; }
.unknown { color: light-dark(#666, #aaa); }
@supports not (color: light-dark(red, red)) {
  .up { color: #2a9d4a; } .down { color: #e0443a; } .unknown { color: #888; }
}
)";

/// What every row has, whatever the prober; cells hold escaped HTML.
struct Row {
  const ProberStatus* status = nullptr;
  std::string hops{kNone};
  std::string round_trip{kNone};
  std::string loss{kNone};
  std::string result{kNone};
};

std::string Seconds(double seconds) {
  if (seconds < 1e-3) {
    return fmt::format("{:.0f} µs", seconds * 1e6);
  }
  return seconds < 1 ? fmt::format("{:.1f} ms", seconds * 1e3) : fmt::format("{:.2f} s", seconds);
}

std::string Age(Duration age) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(age).count();
  if (seconds < 120) {
    return fmt::format("{} s ago", seconds);
  }
  return seconds < 7200 ? fmt::format("{} min ago", seconds / 60)
                        : fmt::format("{} h ago", seconds / 3600);
}

std::string Moment(WallTime time, WallTime now) {
  return fmt::format("{} ({})", FormatRfc3339(time, TimePrecision::Seconds), Age(now - time));
}

std::string_view StateName(ProberState state) {
  constexpr std::array<std::string_view, 3> kNames = {"unknown", "up", "down"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string PathLength(const TraceSnapshot& trace) {
  if (trace.reached) {
    return fmt::format("{}", trace.destination_hop);
  }
  return trace.last_round == nullptr
             ? std::string(kNone)
             : fmt::format("not reached, last {}", trace.last_responding_hop);
}

std::string RoundTrip(const TraceSnapshot& trace) {
  const std::uint64_t count = trace.round_trips.Count();
  if (count == 0) {
    return std::string(kNone);
  }
  const std::size_t hop = trace.destination_hop;
  const bool has_last =
      hop > 0 && hop <= trace.hops.size() && trace.hops[hop - 1].last_round_trip.has_value();
  return fmt::format("{} / {}",
                     has_last ? Seconds(*trace.hops[hop - 1].last_round_trip) : std::string(kNone),
                     Seconds(trace.round_trips.sum / static_cast<double>(count)));
}

/// A percentage never stands without its n.
std::string Loss(std::uint64_t lost, std::uint64_t probes) {
  if (probes == 0) {
    return std::string(kNone);
  }
  return fmt::format("{}/{} ({:.1f} %)", lost, probes,
                     100.0 * static_cast<double>(lost) / static_cast<double>(probes));
}

std::string Phases(const HttpResult& result) {
  std::string phases;
  for (std::size_t i = 0; i < result.phases.size(); ++i) {
    if (result.phases[i]) {
      phases += fmt::format(" {} {}", kHttpPhaseNames[i], Seconds(*result.phases[i]));
    }
  }
  return phases;
}

std::string HttpsResult(const HttpResult& result) {
  std::string text = result.status == 0 ? std::string() : fmt::format("{} ", result.status);
  if (result.failure) {
    text += fmt::format("{}: {} ", kHttpFailureNames[static_cast<std::size_t>(*result.failure)],
                        result.error);
  }
  text += "in " + Seconds(result.duration) + ":" + Phases(result);
  if (!result.certificates.empty()) {
    text += "; certificate " + result.certificates.front().subject;
  }
  return EscapeHtml(text);
}

Row RowFor(const TraceSnapshot& trace) {
  return {.status = &trace.status,
          .hops = PathLength(trace),
          .round_trip = RoundTrip(trace),
          .loss = Loss(trace.lost, trace.probes)};
}

Row RowFor(const HttpsSnapshot& https) {
  std::uint64_t failures = 0;
  for (const std::uint64_t count : https.failures) {
    failures += count;
  }
  Row row{.status = &https.status, .loss = Loss(failures, https.requests)};
  if (https.last) {
    row.result = HttpsResult(*https.last);
  }
  return row;
}

/// A beat's time is other people's number: it may be beyond what a WallTime can hold, or none.
std::string LastBeat(double timestamp, WallTime now) {
  constexpr double kLatest = 9e9;  // in the year 2255
  if (!(timestamp >= 0 && timestamp <= kLatest)) {
    return fmt::format("last beat at the impossible time {}", timestamp);
  }
  const WallTime beat{std::chrono::seconds(static_cast<std::int64_t>(timestamp))};
  return "last beat " + Moment(beat, now);
}

Row RowFor(const PulseSnapshot& pulse, WallTime now) {
  Row row{.status = &pulse.status, .result = "no beat seen"};
  if (pulse.timestamp) {
    row.result = LastBeat(*pulse.timestamp, now);
  }
  return row;
}

std::string LastRound(const ProberStatus& status, WallTime now) {
  return status.rounds == 0 ? std::string(kNone) : Moment(status.last_round, now);
}

void AppendRow(std::string& html, const Row& row, WallTime now) {
  const ProberStatus& status = *row.status;
  const std::string_view state = StateName(status.state);
  html += fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td>{}</td><td>{}</td>"
      "<td>{}</td><td>{}</td><td>{}</td><td class=\"wide\">{}</td></tr>\n",
      EscapeHtml(status.key.target), ProberName(status.key.prober),
      ProberFamilyName(status.key.family), state, state, LastRound(status, now),
      status.address.empty() ? std::string(kNone) : EscapeHtml(status.address), row.hops,
      row.round_trip, row.loss, row.result);
}

std::string VerdictText(const VerdictSnapshot& said, WallTime now) {
  return EscapeHtml(fmt::format("{} since {}: {}", VerdictStateName(said.verdict->state),
                                Moment(said.since, now), said.verdict->text));
}

/// What is said of a prober stands before its own result.
void AddVerdicts(const StatusView& view, std::vector<Row>& rows) {
  std::map<ProberKey, std::string> texts;
  for (const auto& said : view.verdicts) {
    if (said->verdict) {
      texts.emplace(said->status.key, VerdictText(*said, view.now));
    }
  }
  for (Row& row : rows) {
    const auto text = texts.find(row.status->key);
    if (text != texts.end()) {
      row.result = row.result == kNone ? text->second : text->second + "<br>" + row.result;
    }
  }
}

std::vector<Row> SortedRows(const StatusView& view) {
  std::vector<Row> rows;
  for (const auto& trace : view.traces) {
    rows.push_back(RowFor(*trace));
  }
  for (const auto& https : view.https) {
    rows.push_back(RowFor(*https));
  }
  for (const auto& pulse : view.pulses) {
    rows.push_back(RowFor(*pulse, view.now));
  }
  AddVerdicts(view, rows);
  std::ranges::sort(rows, {}, [](const Row& row) { return row.status->key; });
  return rows;
}

void AppendTable(std::string& html, const StatusView& view) {
  html +=
      "<table>\n<tr><th>Target</th><th>Prober</th><th>Family</th><th>State</th><th>Last round</th>"
      "<th>Address</th><th>Hops</th><th>RTT last / mean</th><th>Lost or failed</th>"
      "<th>Result</th></tr>\n";
  std::set<std::string> silent(view.targets.begin(), view.targets.end());
  for (const Row& row : SortedRows(view)) {
    silent.erase(row.status->key.target);
    AppendRow(html, row, view.now);
  }
  for (const std::string& target : silent) {
    html += fmt::format(
        "<tr><td>{}</td><td colspan=\"2\"></td><td class=\"unknown\">unknown</td>"
        "<td colspan=\"6\">no prober has started yet</td></tr>\n",
        EscapeHtml(target));
  }
  html += "</table>\n";
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '&') {
      escaped += "&amp;";
    } else if (character == '<') {
      escaped += "&lt;";
    } else if (character == '>') {
      escaped += "&gt;";
    } else if (character == '"') {
      escaped += "&quot;";
    } else if (character == '\'') {
      escaped += "&#39;";
    } else if (byte < 0x20 || byte == 0x7F) {
      escaped += "\xEF\xBF\xBD";
    } else {
      escaped += character;
    }
  }
  return escaped;
}

std::string StatusPage(const StatusView& view) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<title>pathwitness</title>\n<style>{}</style>\n</head>\n<body>\n<h1>pathwitness</h1>\n"
      "<p>Environment {}, {} targets, at {}. Counts are since the start.</p>\n",
      kStyle, EscapeHtml(view.environment), view.targets.size(),
      FormatRfc3339(view.now, TimePrecision::Seconds));
  AppendTable(html, view);
  html += fmt::format(
      "<p><a href=\"{}\">Metrics</a> · <a href=\"/config\">Configuration</a> · "
      "<a href=\"/-/healthy\">Health</a> · <a href=\"/-/ready\">Readiness</a></p>\n<p>Version "
      "{}</p>\n</body>\n</html>\n",
      EscapeHtml(view.telemetry_path), EscapeHtml(view.version));
  return html;
}

}  // namespace pathwitness
