#include "diagnosis/diagnostician.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace pathwitness {
namespace {

constexpr Duration kShortestWindow = std::chrono::minutes(1);  // to call a loss a loss
constexpr Duration kLatencyWindow = std::chrono::minutes(2);
constexpr Duration kRouteIsNews = std::chrono::minutes(30);
constexpr Duration kLatencyEvery = std::chrono::seconds(30);

Verdict LocalVerdict(std::string_view reason, std::string text, Segment segment) {
  const HopOwner owner = {.segment = segment, .name = std::string(SegmentName(segment))};
  Verdict verdict;
  verdict.state = VerdictState::Local;
  verdict.attribution = {.owner = owner, .probability = 1, .likeliest = owner, .second = {}};
  verdict.reason = reason;
  verdict.text = std::move(text);
  return verdict;
}

Verdict UnsentVerdict(UnsentReason reason) {
  const std::string_view name = kUnsentReasonNames.at(static_cast<std::size_t>(reason));
  return LocalVerdict(
      name, fmt::format("Probes cannot be sent ({}), so nothing is known of the path.", name),
      reason == UnsentReason::Dns ? Segment::Dns : Segment::Prober);
}

Verdict OwnVerdict(OwnFault fault) {
  return LocalVerdict(
      OwnFaultName(fault),
      fmt::format("This exporter has a fault of its own ({}), so what it sees is no "
                  "evidence against the path.",
                  OwnFaultName(fault)),
      fault == OwnFault::Dns ? Segment::Dns : Segment::Prober);
}

std::string WithPort(const std::string& address, std::uint16_t port) {
  const bool is_ipv6 = address.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(is_ipv6 ? "[{}]:{}" : "{}:{}"), address, port);
}

std::vector<std::string> FlowNames(const TraceSnapshot& trace) {
  const ProberStatus& status = trace.status;
  std::vector<std::string> names;
  for (const std::uint16_t port : trace.flow_ports) {
    names.push_back(status.key.prober == ProberKind::TraceIcmp
                        ? fmt::format("{} > {} (icmp, identifier {})", status.source_address,
                                      status.address, port)
                        : fmt::format("{} > {} ({})", WithPort(status.source_address, port),
                                      WithPort(status.address, status.port),
                                      status.key.prober == ProberKind::TraceUdp ? "udp" : "tcp"));
  }
  return names;
}

void AddContact(std::string contact, Verdict& verdict) {
  verdict.contact = std::move(contact);
  if (!verdict.contact.empty()) {
    verdict.text += fmt::format(" Contact: {}.", verdict.contact);
  }
}

Verdict Quiet() {
  Verdict verdict;
  verdict.state = VerdictState::None;
  return verdict;
}

}  // namespace

void Diagnostician::OnRouteChange(RouteFact change, MonoTime at) {
  history_.OnRouteChange(at);
  route_ = std::move(change);
  route_at_ = at;
}

const SpokenVerdict* Diagnostician::Evaluate(const Surroundings& surroundings, MonoTime now) {
  return watch_.OnEvaluation(Assess(surroundings, now), now);
}

std::optional<Interval> Diagnostician::LossBounds(MonoTime now) const {
  const LossEvidence evidence = history_.LossOfDestination(now - PathHistory::kRecent);
  if (evidence.hops.back().sent <= 0) {
    return std::nullopt;
  }
  return BlameLoss(evidence).loss;
}

std::vector<HopClass> Diagnostician::HopClasses(MonoTime now) const {
  const MonoTime since = now - PathHistory::kRecent;
  return BlameLoss(history_.Loss(since, since)).classes;
}

Verdict Diagnostician::Assess(const Surroundings& surroundings, MonoTime now) {
  if (surroundings.unsent) {
    return UnsentVerdict(*surroundings.unsent);
  }
  const bool is_late = LookForDelay(now);
  if (!is_late && !IsLossy(now)) {
    return Quiet();
  }
  if (surroundings.own_fault == OwnFault::Silence) {
    return {};
  }
  if (surroundings.own_fault != OwnFault::None) {
    return OwnVerdict(surroundings.own_fault);
  }
  Verdict verdict = Judge(Observe(surroundings, now));
  if (verdict.attribution.owner && surroundings.owners != nullptr) {
    AddContact(surroundings.owners->ContactOf(*verdict.attribution.owner), verdict);
  }
  return verdict;
}

// A window that begins with a loss holds too many of them: what is short is judged with the clean
// time before it.
bool Diagnostician::IsLossy(MonoTime now) const {
  const std::optional<MonoTime> onset = history_.LossOnset();
  if (!onset) {
    return false;
  }
  const MonoTime since = std::min(*onset, now - kShortestWindow);
  return BlameLoss(history_.LossOfDestination(since)).state == LossState::Loss;
}

bool Diagnostician::LookForDelay(MonoTime now) {
  if (now >= latency_due_) {
    latency_due_ = now + kLatencyEvery;
    const auto is_later_than = [&](LatencyPast past) {
      const LatencyEvidence evidence = history_.LatencyOfDestination(now - kLatencyWindow, past);
      return BlameLatency(evidence).state == LatencyState::Latency;
    };
    const bool is_news = is_later_than(LatencyPast::HalfHour);
    is_late_ = is_news || is_later_than(LatencyPast::Day);
    past_ = is_late_ && !is_news ? LatencyPast::Day : LatencyPast::HalfHour;
  }
  return is_late_;
}

Observations Diagnostician::Observe(const Surroundings& surroundings, MonoTime now) const {
  const std::optional<MonoTime> onset = history_.LossOnset();
  const bool is_lossy = onset && IsLossy(now);
  const MonoTime since =
      is_lossy ? std::max(*onset, now - PathHistory::kRecent) : now - kLatencyWindow;
  Observations observations;
  observations.loss = history_.Loss(since, since - surroundings.until_lost);
  if (surroundings.service && surroundings.service->at >= since) {  // during the fault
    observations.loss.service_answers = surroundings.service->answers;
  }
  observations.latency = history_.Latency(now - kLatencyWindow, past_);
  if (is_lossy) {
    observations.flows = history_.Flows(since);
  }
  observations.facts = FactsOf(surroundings, since);
  return observations;
}

PathFacts Diagnostician::FactsOf(const Surroundings& surroundings, MonoTime since) const {
  PathFacts facts;
  if (surroundings.owners != nullptr) {
    facts.owners = surroundings.owners->OwnersOf(history_.Responders(), history_.Destination());
  }
  const bool is_any_known = std::ranges::any_of(
      facts.owners, [](const HopOwner& owner) { return owner.segment != Segment::Undetermined; });
  if (!is_any_known) {
    facts.owners.clear();
  }
  for (const std::optional<IpAddress>& responder : history_.Responders()) {
    facts.hop_names.push_back(responder ? responder->ToString() : "");
  }
  facts.one_way = one_way_.Since(since);
  if (surroundings.trace != nullptr) {
    facts.flow_names = FlowNames(*surroundings.trace);
  }
  if (route_ && since - route_at_ <= kRouteIsNews) {
    facts.route = route_;
  }
  facts.are_all_targets_late = surroundings.are_all_targets_late;
  facts.are_reply_ttls_unchanged = history_.AreReplyTtlsUnchanged(since);
  return facts;
}

}  // namespace pathwitness
