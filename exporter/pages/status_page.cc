#include "exporter/pages/status_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "exporter/pages/incident_pages.h"
#include "exporter/pages/shown_values.h"

namespace pathwitness {
namespace {

constexpr std::array<std::string_view, 9> kHeads = {
    "Target", "Prober", "State",   "Lost or failed", "RTT last / mean",
    "Result", "Hops",   "Address", "Last round"};

/// What is known of a prober: its state, and one of the snapshots. A target without any prober has
/// only its name.
struct Entry {
  std::string_view target;
  const ProberStatus* status = nullptr;
  const TraceSnapshot* trace = nullptr;
  const HttpsSnapshot* https = nullptr;
  const PulseSnapshot* pulse = nullptr;
  const VerdictSnapshot* said = nullptr;
};

/// What every row has, whatever the prober; cells hold escaped HTML.
struct Row {
  std::string hops{kNoValue};
  std::string round_trip{kNoValue};
  std::string loss{kNoValue};
  std::string result{kNoValue};
};

std::string PathLength(const TraceSnapshot& trace) {
  if (trace.reached) {
    return fmt::format("{}", trace.destination_hop);
  }
  return trace.last_round == nullptr
             ? std::string(kNoValue)
             : fmt::format("not reached, last {}", trace.last_responding_hop);
}

std::string RoundTrip(const TraceSnapshot& trace) {
  const std::uint64_t count = trace.round_trips.Count();
  if (count == 0) {
    return std::string(kNoValue);
  }
  const std::size_t hop = trace.destination_hop;
  const bool has_last =
      hop > 0 && hop <= trace.hops.size() && trace.hops[hop - 1].last_round_trip.has_value();
  return fmt::format(
      "{} / {}",
      has_last ? ShowSeconds(*trace.hops[hop - 1].last_round_trip) : std::string(kNoValue),
      ShowSeconds(trace.round_trips.sum / static_cast<double>(count)));
}

std::string Phases(const HttpResult& result) {
  std::string phases;
  for (std::size_t i = 0; i < result.phases.size(); ++i) {
    if (result.phases[i]) {
      phases += fmt::format(" {} {}", kHttpPhaseNames[i], ShowSeconds(*result.phases[i]));
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
  text += "in " + ShowSeconds(result.duration) + ":" + Phases(result);
  if (!result.certificates.empty()) {
    text += "; certificate " + result.certificates.front().subject;
  }
  return EscapeHtml(text);
}

Row RowFor(const TraceSnapshot& trace) {
  return {.hops = PathLength(trace),
          .round_trip = RoundTrip(trace),
          .loss = ShowLoss(trace.lost, trace.probes)};
}

Row RowFor(const HttpsSnapshot& https) {
  std::uint64_t failures = 0;
  for (const std::uint64_t count : https.failures) {
    failures += count;
  }
  Row row{.loss = ShowLoss(failures, https.requests)};
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
  return "last beat " + ShowMoment(beat, now);
}

Row RowFor(const PulseSnapshot& pulse, WallTime now) {
  return {.result = pulse.timestamp ? LastBeat(*pulse.timestamp, now) : "no beat seen"};
}

std::string VerdictText(const VerdictSnapshot& said, WallTime now) {
  return EscapeHtml(fmt::format("{} since {}: {}", VerdictStateName(said.verdict->state),
                                ShowMoment(said.since, now), said.verdict->text));
}

/// Whether a table has the verdicts as sentences.
enum class Verdicts { InWords, AsStates };

/// What is said of a prober stands before its own result.
Row RowFor(const Entry& entry, Verdicts verdicts, WallTime now) {
  Row row = entry.trace != nullptr   ? RowFor(*entry.trace)
            : entry.https != nullptr ? RowFor(*entry.https)
                                     : RowFor(*entry.pulse, now);
  if (entry.said != nullptr && verdicts == Verdicts::InWords) {
    const std::string text = VerdictText(*entry.said, now);
    row.result = row.result == kNoValue ? text : text + "<br>" + row.result;
  }
  return row;
}

std::string LastRound(const ProberStatus& status, WallTime now) {
  return status.rounds == 0 ? std::string(kNoValue) : ShowAge(status.last_round, now);
}

/// "up", or "up, loss" where there is a verdict: that comes before a state without one.
std::string StateCell(const Entry& entry) {
  const std::string_view state = ProberStateName(entry.status->state);
  const bool has_verdict =
      entry.said != nullptr && entry.said->verdict->state != VerdictState::None;
  return has_verdict ? fmt::format("<td class=\"{}\">{}, {}</td>",
                                   entry.status->state == ProberState::Down ? "down" : "impaired",
                                   state, VerdictStateName(entry.said->verdict->state))
                     : fmt::format("<td class=\"{0}\">{0}</td>", state);
}

void AppendRow(std::string& html, const Entry& entry, Verdicts verdicts, WallTime now) {
  if (entry.status == nullptr) {
    html += fmt::format(
        "<tr><td>{}</td><td></td><td class=\"unknown\">unknown</td>"
        "<td colspan=\"6\">no prober has started yet</td></tr>\n",
        TargetLink(entry.target));
    return;
  }
  const ProberStatus& status = *entry.status;
  const Row row = RowFor(entry, verdicts, now);
  html += fmt::format(
      "<tr><td>{}</td><td>{} {}</td>{}<td>{}</td><td>{}</td>"
      "<td{}>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
      TargetLink(status.key.target), ProberName(status.key.prober),
      ProberFamilyName(status.key.family), StateCell(entry), row.loss, row.round_trip,
      row.result == kNoValue ? "" : " class=\"wide\"", row.result, row.hops,
      status.address.empty() ? std::string(kNoValue) : EscapeHtml(status.address),
      LastRound(status, now));
}

/// 0 is the worst.
int Rank(const Entry& entry) {
  const bool is_down = entry.status != nullptr && entry.status->state == ProberState::Down;
  const bool is_up = entry.status != nullptr && entry.status->state == ProberState::Up;
  if (is_down || entry.said != nullptr) {
    return is_down ? 0 : 1;
  }
  return is_up ? 3 : 2;
}

void AddProbers(const StatusView& view, std::vector<Entry>& entries) {
  std::map<ProberKey, const VerdictSnapshot*> said;
  for (const auto& verdict : view.verdicts) {
    if (verdict->verdict) {
      said.emplace(verdict->status.key, verdict.get());
    }
  }
  const auto add = [&](Entry entry) {
    const auto found = said.find(entry.status->key);
    entry.said = found == said.end() ? nullptr : found->second;
    entry.target = entry.status->key.target;
    entries.push_back(entry);
  };
  for (const auto& trace : view.traces) {
    add({.status = &trace->status, .trace = trace.get()});
  }
  for (const auto& https : view.https) {
    add({.status = &https->status, .https = https.get()});
  }
  for (const auto& pulse : view.pulses) {
    add({.status = &pulse->status, .pulse = pulse.get()});
  }
}

/// All that match the search, the worst first.
std::vector<Entry> EntriesOf(const StatusView& view) {
  std::vector<Entry> entries;
  AddProbers(view, entries);
  std::set<std::string_view> silent(view.targets.begin(), view.targets.end());
  for (const Entry& entry : entries) {
    silent.erase(entry.target);
  }
  for (const std::string_view target : silent) {
    entries.push_back({.target = target});
  }
  std::erase_if(entries, [&view](const Entry& entry) {
    return entry.target.find(view.search) == std::string_view::npos;
  });
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
    const std::pair ranks(Rank(a), Rank(b));
    if (ranks.first != ranks.second) {
      return ranks.first < ranks.second;
    }
    return a.status != nullptr && b.status != nullptr ? a.status->key < b.status->key
                                                      : a.target < b.target;
  });
  return entries;
}

std::string TableOf(std::span<const Entry> entries, Verdicts verdicts, WallTime now) {
  std::string rows = HeadRow(kHeads) + "<tbody>\n";
  for (const Entry& entry : entries) {
    AppendRow(rows, entry, verdicts, now);
  }
  return ScrollBox("Probers", rows + "</tbody>\n");
}

std::string SearchForm(const StatusView& view) {
  return fmt::format(
      "<form method=\"get\" action=\"/\" role=\"search\"><label>Targets with "
      "<input type=\"search\" name=\"q\" value=\"{}\"></label><button>Search</button></form>\n",
      EscapeHtml(view.search));
}

std::string PageLink(std::string_view search, std::size_t page, std::string_view text) {
  return fmt::format(" <a href=\"/?q={}&amp;page={}\">{}</a>", EscapeUrl(search), page, text);
}

std::string Paging(std::string_view search, std::size_t first, std::size_t last, std::size_t all) {
  const std::size_t page = first / kRowsOfAPage;
  std::string links;
  if (first > 0) {
    links += PageLink(search, page - 1, "Previous");
  }
  if (last < all) {
    links += PageLink(search, page + 1, "Next");
  }
  return links.empty()
             ? std::string()
             : fmt::format("<p>Rows {} to {} of {}.{}</p>\n", first + 1, last, all, links);
}

}  // namespace

std::string StatusTable(const StatusView& view) {
  return TableOf(EntriesOf(view), Verdicts::AsStates, view.frame.now);
}

std::string StatusPage(const StatusView& view) {
  const std::vector<Entry> entries = EntriesOf(view);
  const std::size_t last_page = entries.empty() ? 0 : (entries.size() - 1) / kRowsOfAPage;
  const std::size_t first = std::min(view.page, last_page) * kRowsOfAPage;
  const std::size_t last = std::min(entries.size(), first + kRowsOfAPage);
  std::string body = fmt::format("<p class=\"soft\">{} targets. Counts are since the start.</p>\n",
                                 view.targets.size());
  body += OpenIncidents(view.open_incidents, view.frame.now);
  body += SearchForm(view);
  body +=
      TableOf(std::span(entries).subspan(first, last - first), Verdicts::InWords, view.frame.now);
  body += Paging(view.search, first, last, entries.size());
  return PageDocument(view.frame, "Status", body, "/api/v1/targets");
}

}  // namespace pathwitness
