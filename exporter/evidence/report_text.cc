#include <fmt/format.h>

#include <string>
#include <string_view>

#include "config/values.h"
#include "exporter/evidence/end_to_end_text.h"
#include "exporter/evidence/plain_text.h"
#include "exporter/evidence/report.h"
#include "exporter/evidence/shown_time.h"

namespace pathwitness {
namespace {

constexpr double kMilliseconds = 1000;

std::string Heading(int number, std::string_view title) {
  return fmt::format("\n{}. {}\n\n", number, title);
}

std::string OrUnknown(const std::string& text) {
  return text.empty() ? "unknown" : text;
}

/// Lines behind the first one stand below it.
std::string Indented(std::string_view lines) {
  std::string text;
  for (const char letter : lines) {
    text += letter == '\n' ? "\n    " : std::string(1, letter);
  }
  return text;
}

std::string EndText(const ShownAddress& shown) {
  const std::string owner = OwnerText(shown);
  return OrUnknown(shown.address.empty() ? "" : HostText(shown)) +
         (owner.empty() ? "" : ", " + owner);
}

std::string VerdictPart(const Report& report) {
  std::string text = Heading(1, "Verdict");
  if (!report.verdict) {
    return text + "Nothing is known of this time.\n";
  }
  text += report.verdict->text + "\n";
  if (const auto& incident = report.incident) {
    const std::string end =
        incident->closed ? "until " + ShowTime(*incident->closed) : std::string("still open");
    text += fmt::format("\nIncident {}: since {}, {}, cause: {}\n", incident->id,
                        ShowTime(incident->since), end, incident->cause);
    for (const IncidentUpdate& update : incident->updates) {
      text += fmt::format("  {}  {} of {} targets  {}\n", ShowTime(update.at), update.bad,
                          update.total, update.text);
    }
    for (const FollowUp& note : incident->follow_ups) {
      text +=
          fmt::format("  {}  {} wrote: {}\n", ShowTime(note.at), note.author, Indented(note.text));
    }
  }
  return text;
}

std::string EndsPart(const Report& report) {
  const ReportProbes& probes = report.probes;
  std::string text = Heading(2, "Source, destination, probes");
  text += fmt::format("Source       {}\n", EndText(report.source));
  text += fmt::format("Destination  {}\n", EndText(report.destination));
  if (!report.host.empty()) {
    text += fmt::format("Looked up    {}\n", report.host);
  }
  text += fmt::format("Probes       {}{}, {} bytes behind the header, DSCP {}\n", probes.protocol,
                      probes.port == 0 ? "" : fmt::format(" to port {}", probes.port),
                      probes.payload_bytes, probes.dscp);
  if (report.flows.empty()) {
    return text + fmt::format("Flows        {}; no figures of each\n", probes.flows);
  }
  for (const ReportFlow& flow : report.flows) {
    text += fmt::format("Flow {:<7} {}{} of {} lost{}\n", flow.index,
                        flow.source_port == 0 ? "" : fmt::format("port {}, ", flow.source_port),
                        flow.lost, flow.sent, flow.is_bad ? "  <- more than the others" : "");
  }
  return text;
}

std::string WindowPart(const ReportWindow& window, const Report& report) {
  std::string text = fmt::format("{}: {}\n", window.name, ShowTimes(window.from, window.to));
  if (!window.is_known) {
    return text + "Nothing is known of this time.\n\n";
  }
  text += MtrTable(window, report.source.address);
  return text + fmt::format("End to end: {}{}\n\n", EndToEndText(window.end_to_end),
                            window.is_reached ? "" : "; the trace does not reach the destination");
}

std::string TablesPart(const Report& report) {
  std::string text = Heading(3, "The path before, during and after");
  for (const ReportWindow& window : report.windows) {
    text += WindowPart(window, report);
  }
  return text +
         "Loss at a hop that does not go on to the end is that hop's limit on its own answers.\n";
}

std::string CellText(const ReportMinute::Cell* cell) {
  if (cell == nullptr || cell->sent == 0) {
    return fmt::format("{:>9}{:>8}", "-", "-");
  }
  const std::string average =
      cell->average ? fmt::format("{:.1f}", *cell->average * kMilliseconds) : "-";
  return fmt::format("{:>9}{:>8}", fmt::format("{}/{}", cell->lost, cell->sent), average);
}

std::string MinutesPart(const Report& report) {
  std::string text = Heading(4, "Minute by minute: lost/sent, average ms");
  if (report.minutes.empty()) {
    return text + "Nothing is known of this time.\n";
  }
  const bool has_near = report.near_ttl > 0;
  const bool has_far = report.far_ttl > 0;
  text += fmt::format("{:<24}{:>17}", "", "destination");
  text += has_near ? fmt::format("{:>17}", fmt::format("hop {}", report.near_ttl)) : "";
  text += has_far ? fmt::format("{:>17}", fmt::format("hop {}", report.far_ttl)) : "";
  text += "\n";
  for (const ReportMinute& minute : report.minutes) {
    text += fmt::format("{:<24}{}", ShowTime(minute.at), CellText(&minute.destination));
    text += has_near ? CellText(minute.near_hop ? &*minute.near_hop : nullptr) : "";
    text += has_far ? CellText(minute.far_hop ? &*minute.far_hop : nullptr) : "";
    text += "\n";
  }
  return text;
}

std::string OneWayPart(const Report& report) {
  std::string text = Heading(5, "One-way counts");
  if (!report.forward || !report.backward) {
    return text + "Not measured: that needs a reflector at the destination.\n";
  }
  const auto line = [](std::string_view name, const Counts& counts) {
    return fmt::format("{}  {:.0f} of {:.0f} lost ({:.1f} %)\n", name, counts.Lost(), counts.sent,
                       counts.LossRatio() * 100);
  };
  return text + line("Forward", *report.forward) + line("Return ", *report.backward);
}

std::string DirectionsPart() {
  return Heading(6, "Traces of both directions") +
         "From here: above. From the destination: not measured; that needs a pathwitness there.\n";
}

std::string FindingsPart(const Report& report) {
  std::string text = Heading(7, "What else it might be");
  for (const ReportFinding& finding : report.findings) {
    text += fmt::format("{:<10} {:<16} {}\n", finding.state, finding.what, finding.text);
  }
  return text;
}

std::string PathLine(const std::vector<ShownAddress>& path) {
  std::string text;
  for (const ShownAddress& hop : path) {
    text += fmt::format("{}{}", text.empty() ? "" : " > ", hop.address.empty() ? "*" : hop.address);
  }
  return text;
}

std::string ChangesPart(const Report& report) {
  std::string text = Heading(8, "Changes of the route");
  if (report.changes.empty()) {
    return text + "None in this time.\n";
  }
  for (const ReportChange& change : report.changes) {
    text += fmt::format("{}  {} ({}) at hop {}, last common hop {}\n", ShowTime(change.at),
                        change.kind, change.where, change.ttl,
                        change.last_common.address.empty() ? "none" : EndText(change.last_common));
    if (!change.before.empty() || !change.after.empty()) {
      text +=
          fmt::format("  from {}\n  to   {}\n", PathLine(change.before), PathLine(change.after));
    }
  }
  return text;
}

std::string ClockPart(const Report& report) {
  std::string text = Heading(9, "Clock") + "All times are UTC. ";
  if (!report.clock) {
    return text + "The state of the clock is unknown.\n";
  }
  text += report.clock->is_synchronized ? "The kernel's clock is synchronized"
                                        : "The kernel's clock is not synchronized";
  if (report.clock->offset) {
    text += fmt::format("; estimated offset {:+.6f} s", *report.clock->offset);
  }
  if (report.clock->maximum) {
    text += fmt::format(", at most {:.6f} s", *report.clock->maximum);
  }
  return text + ".\n";
}

std::string ContactsPart(const Report& report) {
  std::string text = Heading(11, "Whom to ask");
  for (const ReportContact& contact : report.contacts) {
    text += fmt::format("{}: {}\n", contact.who, contact.why);
  }
  if (report.contacts.empty()) {
    text += "Nobody is to be named.\n";
  }
  return text +
         "A network that you are no customer of may answer only to your own provider: ask that one "
         "too.\n";
}

std::string RedactionPart(const Report& report) {
  return Heading(12, "Redaction") +
         (report.is_redacted
              ? "Addresses and names of the observer's own network are replaced, each by the same "
                "word throughout.\n"
              : "Nothing was left out or replaced.\n");
}

}  // namespace

std::string ReportText(const Report& report) {
  std::string text = fmt::format("Path report of {} ({}/{})\nMade {} by pathwitness {} ({})\n",
                                 report.target, report.prober, report.family,
                                 ShowTime(report.made_at), report.version, report.revision);
  text += VerdictPart(report) + EndsPart(report) + TablesPart(report) + MinutesPart(report);
  text += OneWayPart(report) + DirectionsPart() + FindingsPart(report) + ChangesPart(report);
  text += ClockPart(report) + Heading(10, "Method") + report.method + "\n";
  return text + ContactsPart(report) + RedactionPart(report);
}

}  // namespace pathwitness
