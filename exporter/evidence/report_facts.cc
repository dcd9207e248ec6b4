#include "exporter/evidence/report_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "config/values.h"
#include "exporter/evidence/plain_text.h"
#include "exporter/evidence/report_findings.h"

namespace pathwitness {
namespace {

constexpr std::size_t kMostMinutes = 240;

const WindowFacts* FindWindow(const ReportFacts& facts, std::string_view name) {
  const auto found = std::ranges::find(facts.windows, name, &WindowFacts::name);
  return found == facts.windows.end() || !found->trace ? nullptr : &*found;
}

Counts CountsOf(const HopStats& stats) {
  return {.sent = static_cast<double>(stats.sent),
          .received = static_cast<double>(stats.received + stats.late)};
}

Counts CountsOf(const EndToEndStats& stats) {
  const std::uint64_t sent = stats.sent - std::min(stats.unsent, stats.sent);
  const std::uint64_t lost = stats.lost - std::min(stats.unsent, stats.lost);
  return {.sent = static_cast<double>(sent), .received = static_cast<double>(sent - lost)};
}

/// Of the newest route, one a TTL; the destination is the last one.
std::vector<std::optional<IpAddress>> PathOf(const TraceStats& stats) {
  return stats.routes.empty() ? std::vector<std::optional<IpAddress>>() : stats.routes.back()->hops;
}

/// Of each hop and, as the last one, the destination: as many as `hops`.
std::vector<Counts> LossCounts(const TraceStats& stats, std::size_t hops) {
  std::vector<Counts> counts;
  for (std::size_t i = 0; i + 1 < hops; ++i) {
    counts.push_back(i < stats.hops.size() ? CountsOf(stats.hops[i]) : Counts());
  }
  counts.push_back(CountsOf(stats.end_to_end));
  return counts;
}

/// Where the destination stands, or would stand when it did not answer.
std::size_t LengthOf(const TraceStats& during, const TraceStats* before) {
  const std::vector<std::optional<IpAddress>> path = PathOf(during);
  if (before != nullptr && (during.routes.empty() || !during.routes.back()->is_reached)) {
    return std::max<std::size_t>(PathOf(*before).size(), 1);
  }
  return std::max<std::size_t>(path.size(), 1);
}

bool HaveSameRoute(const TraceStats& a, const TraceStats& b) {
  return !AlignPaths(ViewOf(a), ViewOf(b)).first_different;
}

bool IsAnyKnown(const std::vector<HopOwner>& owners) {
  return std::ranges::any_of(
      owners, [](const HopOwner& owner) { return owner.segment != Segment::Undetermined; });
}

Observations ObservationsOf(const ReportFacts& facts, const WindowFacts& during) {
  const WindowFacts* const before = FindWindow(facts, "before");
  const TraceStats* const reference = before == nullptr ? nullptr : &*before->trace;
  const std::size_t length = LengthOf(*during.trace, reference);
  Observations observations;
  observations.loss.hops = LossCounts(*during.trace, length);
  observations.loss.dispersion = kDefaultDispersion;
  // Hops of another route tell nothing of this one, nor does a time that had losses itself.
  if (reference != nullptr && CountsOf(reference->end_to_end).LossRatio() <= kNegligibleLoss &&
      HaveSameRoute(*reference, *during.trace)) {
    observations.loss.reference = LossCounts(*reference, length);
  }
  if (during.service && during.service->requests > 0) {
    observations.loss.service_answers = during.service->Failed() < during.service->requests;
  }
  observations.flows = facts.flows;
  std::vector<std::optional<IpAddress>> path = PathOf(*during.trace);
  path.resize(length);
  const OwnerTable owners(facts.owners, facts.exchanges, NetworksOf(facts.responders));
  if (!during.trace->routes.empty()) {
    observations.facts.owners = owners.OwnersOf(path, during.trace->routes.back()->destination);
  }
  if (!IsAnyKnown(observations.facts.owners)) {
    observations.facts.owners.clear();
  }
  for (const std::optional<IpAddress>& hop : path) {
    observations.facts.hop_names.push_back(hop ? hop->ToString() : "");
  }
  observations.facts.one_way = facts.one_way;
  return observations;
}

ReportVerdict ShowVerdict(const Verdict& verdict) {
  const Attribution& attribution = verdict.attribution;
  ReportVerdict shown{
      .state = std::string(VerdictStateName(verdict.state)),
      .direction = std::string(DirectionName(verdict.direction)),
      .segment = std::string(SegmentName(attribution.owner.value_or(HopOwner()).segment)),
      .owner = attribution.owner ? PlainText(attribution.owner->name) : "",
      .probability = attribution.probability,
      .likeliest = PlainText(attribution.likeliest.name),
      .second = PlainText(attribution.second.name),
      .second_probability = attribution.second_probability,
      .text = PlainText(verdict.text)};
  if (!verdict.posterior.links.empty()) {
    shown.likely = {verdict.posterior.likely.before, verdict.posterior.likely.behind};
  }
  return shown;
}

ReportWindow ShowWindow(const WindowFacts& facts, const Responders& responders) {
  ReportWindow window{
      .name = facts.name, .from = facts.from, .to = facts.to, .service = facts.service};
  if (!facts.trace) {
    return window;
  }
  window.is_known = true;
  window.is_reached = !facts.trace->routes.empty() && facts.trace->routes.back()->is_reached;
  window.rounds = facts.trace->rounds;
  window.end_to_end = facts.trace->end_to_end;
  window.hops = HopRowsOf(*facts.trace, responders);
  LossEvidence evidence;
  evidence.hops = LossCounts(*facts.trace, std::max<std::size_t>(window.hops.size(), 1));
  const std::vector<HopClass> classes = BlameLoss(evidence).classes;
  for (std::size_t i = 0; i < window.hops.size(); ++i) {
    const bool is_last = i + 1 == window.hops.size() && window.is_reached;
    if (is_last) {
      window.hops[i].hop_class = "destination";
    } else if (i < classes.size()) {
      window.hops[i].hop_class = HopClassName(classes[i]);
    }
  }
  return window;
}

ReportMinute::Cell CellOf(const EndToEndStats& stats) {
  ReportMinute::Cell cell{.sent = stats.sent, .lost = stats.lost};
  if (stats.round_trips > 0) {
    cell.average = stats.round_trip_sum / static_cast<double>(stats.round_trips);
  }
  return cell;
}

std::optional<ReportMinute::Cell> CellAt(const TraceStats& stats, std::size_t ttl) {
  if (ttl == 0 || ttl > stats.hops.size()) {
    return std::nullopt;
  }
  const HopStats& hop = stats.hops[ttl - 1];
  ReportMinute::Cell cell{.sent = hop.sent, .lost = hop.Lost()};
  if (hop.round_trips.count > 0) {
    cell.average = hop.round_trips.mean;
  }
  return cell;
}

/// The newest ones, when there are too many for one report.
std::vector<ReportMinute> ShowMinutes(const ReportFacts& facts, std::size_t near_ttl,
                                      std::size_t far_ttl) {
  std::vector<ReportMinute> minutes;
  const std::size_t skipped =
      facts.minutes.size() > kMostMinutes ? facts.minutes.size() - kMostMinutes : 0;
  for (std::size_t i = skipped; i < facts.minutes.size(); ++i) {
    const TraceBucket& bucket = facts.minutes[i];
    minutes.push_back({.at = bucket.start,
                       .length = bucket.length,
                       .destination = CellOf(bucket.stats.end_to_end),
                       .near_hop = CellAt(bucket.stats, near_ttl),
                       .far_hop = CellAt(bucket.stats, far_ttl)});
  }
  return minutes;
}

std::optional<IncidentRecord> ShowIncident(std::optional<IncidentRecord> incident) {
  if (!incident) {
    return incident;
  }
  incident->at = PlainText(incident->at);
  for (std::string& target : incident->targets) {
    target = PlainText(target);
  }
  for (IncidentUpdate& update : incident->updates) {
    update.via = PlainText(update.via);
    update.owner = PlainText(update.owner);
    update.text = PlainText(update.text);
  }
  for (FollowUp& note : incident->follow_ups) {
    note.author = PlainText(note.author);
    note.text = PlainLines(note.text);
  }
  return incident;
}

std::vector<ShownAddress> ShowPath(const PathView& path, const Responders& responders) {
  std::vector<ShownAddress> shown;
  for (const std::vector<IpAddress>& hop : path) {
    shown.push_back(hop.empty() ? ShownAddress() : Show(hop.front(), responders));
  }
  return shown;
}

ReportChange ShowChange(const RouteChangeRecord& record, const Responders& responders) {
  const RouteEvent& event = record.event;
  return {.at = event.at,
          .kind = std::string(RouteEventKindName(event.kind)),
          .where = std::string(RouteChangeClassName(record.kind)),
          .ttl = event.ttl,
          .last_common = event.last_common ? Show(*event.last_common, responders) : ShownAddress(),
          .before = ShowPath(event.before, responders),
          .after = ShowPath(event.after, responders)};
}

std::string_view ProtocolOf(ProberKind kind) {
  switch (kind) {
    case ProberKind::TraceUdp:
      return "udp";
    case ProberKind::TraceTcp:
      return "tcp";
    default:
      return "icmp";
  }
}

ReportProbes ShowProbes(const ReportFacts& facts) {
  const TraceConfig& trace = facts.target.trace;
  return {.protocol = std::string(ProtocolOf(facts.prober.prober)),
          .port = facts.prober.prober == ProberKind::TraceIcmp ? std::uint16_t{0} : trace.port,
          .payload_bytes = facts.prober.prober == ProberKind::TraceTcp ? 0 : trace.payload_bytes,
          .flows = trace.flows,
          .interval = trace.interval,
          .end_to_end_interval = trace.end_to_end_interval,
          .timeout = trace.timeout};
}

std::vector<ReportFlow> ShowFlows(const std::vector<Counts>& flows,
                                  const std::vector<std::uint16_t>& ports) {
  std::vector<ReportFlow> shown;
  const FlowTest test = TestFlows(flows);
  for (std::size_t i = 0; i < flows.size(); ++i) {
    shown.push_back({.index = i,
                     .source_port = i < ports.size() ? ports[i] : std::uint16_t{0},
                     .sent = static_cast<std::uint64_t>(flows[i].sent),
                     .lost = static_cast<std::uint64_t>(flows[i].Lost()),
                     .is_bad = std::ranges::find(test.bad, i) != test.bad.end()});
  }
  return shown;
}

std::string MethodOf(const ReportFacts& facts) {
  const TraceConfig& trace = facts.target.trace;
  return fmt::format(
      "pathwitness {}: rounds every {} over {} flows, each constant within a round; end-to-end "
      "probes every {}; an answer after {} is late, after three times that the probe is lost. Loss "
      "is said from {:.0f} % on, at 95 % confidence, with at least {:.0f} losses; an owner is "
      "named "
      "at a probability of {:.2f} or more. Loss at a hop counts only where it goes on to the "
      "destination.",
      facts.version, FormatDuration(trace.interval), trace.flows,
      FormatDuration(trace.end_to_end_interval), FormatDuration(trace.timeout),
      kNegligibleLoss * 100, kFewestLosses, kSureEnough);
}

/// The newest route of all windows names the ends.
const Route* NewestRoute(const ReportFacts& facts) {
  const Route* newest = nullptr;
  for (const WindowFacts& window : facts.windows) {
    if (window.trace && !window.trace->routes.empty()) {
      newest = window.trace->routes.back().get();
    }
  }
  return newest;
}

}  // namespace

std::optional<Verdict> JudgeWindows(const ReportFacts& facts) {
  const WindowFacts* const during = FindWindow(facts, "during");
  if (during == nullptr) {
    return std::nullopt;
  }
  return Judge(ObservationsOf(facts, *during));
}

std::string_view RouteEventKindName(RouteEventKind kind) {
  switch (kind) {
    case RouteEventKind::RouteChanged:
      return "route_changed";
    case RouteEventKind::EcmpChanged:
      return "ecmp_changed";
    case RouteEventKind::HopWentSilent:
      return "hop_went_silent";
  }
  return "";
}

Report MakeReport(const ReportFacts& facts) {
  Report report{.made_at = facts.made_at,
                .version = facts.version,
                .revision = facts.revision,
                .target = PlainText(facts.prober.target),
                .prober = std::string(ProberName(facts.prober.prober)),
                .family = std::string(ProberFamilyName(facts.prober.family)),
                .host = PlainText(facts.target.host),
                .probes = ShowProbes(facts),
                .incident = ShowIncident(facts.incident),
                .flows = ShowFlows(facts.flows, facts.flow_ports),
                .clock = facts.clock,
                .method = MethodOf(facts)};
  if (const Route* const route = NewestRoute(facts)) {
    report.source = Show(route->source, facts.responders);
    report.destination = Show(route->destination, facts.responders);
  }
  for (const WindowFacts& window : facts.windows) {
    report.windows.push_back(ShowWindow(window, facts.responders));
  }
  const std::optional<Verdict> verdict = facts.verdict ? facts.verdict : JudgeWindows(facts);
  if (verdict) {
    report.verdict = ShowVerdict(*verdict);
    if (report.verdict->likely && verdict->state != VerdictState::None) {
      report.near_ttl = (*report.verdict->likely)[0];
      report.far_ttl = (*report.verdict->likely)[1];
    }
    report.contacts = ContactsOf(*verdict);
  }
  report.minutes = ShowMinutes(facts, report.near_ttl, report.far_ttl);
  if (facts.one_way) {
    report.forward = facts.one_way->forward;
    report.backward = facts.one_way->backward;
  }
  std::ranges::transform(
      facts.changes, std::back_inserter(report.changes),
      [&facts](const RouteChangeRecord& record) { return ShowChange(record, facts.responders); });
  report.findings = FindingsOf(facts, report);
  return report;
}

}  // namespace pathwitness
