#include "exporter/on_demand.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <future>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "exporter/history/history_engine.h"
#include "exporter/metrics/render.h"
#include "probes/https/https_engine.h"
#include "probes/pulse/pulse_engine.h"
#include "probes/trace/trace_engine.h"

namespace pathwitness {
namespace {

// For what waits for nothing but its engine's turn, or its disk.
constexpr Duration kPatience = std::chrono::seconds(4);

ProberKind KindOf(TraceProtocol protocol) {
  switch (protocol) {
    case TraceProtocol::Icmp:
      return ProberKind::TraceIcmp;
    case TraceProtocol::Udp:
      return ProberKind::TraceUdp;
    case TraceProtocol::Tcp:
      return ProberKind::TraceTcp;
  }
  return ProberKind::TraceIcmp;
}

ProbeProtocol ProtocolOf(ProberKind kind) {
  if (kind == ProberKind::TraceUdp) {
    return ProbeProtocol::Udp;
  }
  return kind == ProberKind::TraceTcp ? ProbeProtocol::Tcp : ProbeProtocol::Icmp;
}

std::vector<ProberKind> KindsOf(const TargetConfig& target) {
  std::vector<ProberKind> kinds;
  std::ranges::transform(target.trace.protocols, std::back_inserter(kinds), KindOf);
  if (!target.https.request.url.empty()) {
    kinds.push_back(ProberKind::Https);
  }
  if (target.pulse.kind != PulseKind::None) {
    kinds.push_back(ProberKind::Pulse);
  }
  return kinds;
}

std::string NamesOf(const std::vector<ProberKind>& kinds) {
  std::vector<std::string_view> names;
  std::ranges::transform(kinds, std::back_inserter(names), ProberName);
  return fmt::format("{}", fmt::join(names, ", "));
}

TargetConfig TargetFor(const IpAddress& address) {
  const std::string text = address.ToString();
  TargetConfig target;
  target.name = text;
  target.host = text;
  target.trace.protocols = {TraceProtocol::Icmp, TraceProtocol::Udp, TraceProtocol::Tcp};
  target.https.request.url = address.Family() == IpFamily::Ipv6 ? fmt::format("https://[{}]/", text)
                                                                : fmt::format("https://{}/", text);
  return target;
}

/// What is to be measured, wholly known.
struct Plan {
  TargetConfig target;
  ProberKind kind = ProberKind::TraceIcmp;
  IpFamily family = IpFamily::Ipv4;
  std::optional<IpAddress> address;  // absent: the host does not resolve, or none is needed
};

using Refusal = ProbeOutcome;

/// The address that every prober of the target measures, or why there can be none.
std::variant<std::optional<IpAddress>, Refusal> AddressFor(const Plan& plan, const DnsBoard& dns) {
  const DnsBoard::Pointer known = dns.Find({plan.target.name, plan.family});
  if (known == nullptr) {
    return Refusal{
        ProbeVerdict::NotPossible,
        fmt::format("target {} is not probed over {}", plan.target.name, FamilyName(plan.family))};
  }
  if (!known->is_known) {
    return Refusal{ProbeVerdict::Interrupted,
                   fmt::format("the first lookup of {} is under way", plan.target.host)};
  }
  return known->chosen;
}

std::variant<Plan, Refusal> PlanConfigured(Plan plan, const ProbeOrder& order,
                                           const DnsBoard& dns) {
  if (plan.kind == ProberKind::Pulse) {
    return plan;
  }
  const std::vector<IpFamily> families =
      ProbedFamilies(dns, plan.target.name, plan.target.families);
  if (!order.family && families.empty()) {
    return Refusal{ProbeVerdict::Interrupted,
                   fmt::format("the first lookup of {} is under way", plan.target.host)};
  }
  plan.family = order.family.value_or(families.empty() ? IpFamily::Ipv4 : families.front());
  auto address = AddressFor(plan, dns);
  if (auto* refusal = std::get_if<Refusal>(&address)) {
    return std::move(*refusal);
  }
  plan.address = std::get<std::optional<IpAddress>>(address);
  return plan;
}

std::variant<Plan, Refusal> PlanLiteral(Plan plan, const ProbeOrder& order,
                                        const IpAddress& address) {
  if (order.family && *order.family != address.Family()) {
    return Refusal{ProbeVerdict::NotPossible,
                   fmt::format("{} is no {} address", plan.target.name, FamilyName(*order.family))};
  }
  plan.family = address.Family();
  plan.address = address;
  return plan;
}

std::variant<Plan, Refusal> PlanFor(const ProbeOrder& order, const Config& config,
                                    const DnsBoard& dns) {
  const auto configured = std::ranges::find(config.targets, order.target, &TargetConfig::name);
  const std::optional<IpAddress> literal = IpAddress::Parse(order.target);
  const bool is_allowed =
      literal && std::ranges::any_of(config.probe_allow, [&](const IpPrefix& prefix) {
        return prefix.Contains(*literal);
      });
  const bool is_configured = configured != config.targets.end();
  if (!is_configured && !is_allowed) {
    return Refusal{ProbeVerdict::UnknownTarget,
                   "unknown target: it is neither configured nor an address in probe.allow"};
  }
  Plan plan{.target = is_configured ? *configured : TargetFor(*literal)};
  const std::vector<ProberKind> kinds = KindsOf(plan.target);
  if (kinds.empty() || (order.prober && std::ranges::find(kinds, *order.prober) == kinds.end())) {
    return Refusal{
        ProbeVerdict::NotPossible,
        fmt::format("target {} has no such prober; it has: {}", plan.target.name, NamesOf(kinds))};
  }
  plan.kind = order.prober.value_or(kinds.front());
  return is_configured ? PlanConfigured(std::move(plan), order, dns)
                       : PlanLiteral(std::move(plan), order, *literal);
}

/// Has `ask` called on the engine's thread with a function that takes the answer, and waits for
/// that. The answer may also come after the wait is over, or never.
template <typename SomeEngine, typename Answer>
std::variant<Answer, Refusal> Await(
    EngineThread& thread, Duration timeout,
    std::function<void(SomeEngine& engine, std::function<void(Answer)> give)> ask) {
  auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  thread.Post([promise, ask = std::move(ask)](Engine& engine, MonoTime) {
    ask(dynamic_cast<SomeEngine&>(engine),
        [promise](Answer given) { promise->set_value(std::move(given)); });
  });
  promise.reset();  // so that an engine which is given up breaks it
  if (answer.wait_for(timeout) != std::future_status::ready) {
    return Refusal{ProbeVerdict::TimedOut,
                   fmt::format("no result within {:.1f} s", ToSeconds(timeout))};
  }
  try {
    return answer.get();
  } catch (const std::future_error&) {
    return Refusal{ProbeVerdict::Interrupted, "the engine was replaced or is stopping: ask again"};
  }
}

ProberStatus DownStatus(const Plan& plan) {
  ProberStatus status;
  status.key = {plan.target.name, plan.kind, ToProberFamily(plan.family)};
  status.state = ProberState::Down;
  return status;
}

std::string WithoutAddress(const Plan& plan) {
  if (plan.kind == ProberKind::Https) {
    HttpsSnapshot snapshot;
    snapshot.status = DownStatus(plan);
    snapshot.requests = 1;
    snapshot.failures[static_cast<std::size_t>(HttpFailure::Dns)] = 1;
    return RenderHttps(snapshot, Duration::zero());
  }
  TraceSnapshot snapshot;
  snapshot.status = DownStatus(plan);
  snapshot.probes = 1;
  snapshot.lost = 1;
  snapshot.unsent[static_cast<std::size_t>(UnsentReason::Dns)] = 1;
  return RenderTrace(snapshot, Duration::zero());
}

/// Waits for the snapshot that `ask` orders, and renders it.
template <typename SomeEngine, typename Snapshot>
ProbeOutcome Measure(
    EngineThread& thread, Duration timeout, const Clock& clock,
    std::string (*render)(const Snapshot&, Duration),
    std::function<void(SomeEngine&, std::function<void(std::shared_ptr<const Snapshot>)>)> ask) {
  const MonoTime start = clock.Now();
  auto answer = Await<SomeEngine, std::shared_ptr<const Snapshot>>(thread, timeout, std::move(ask));
  if (auto* refusal = std::get_if<Refusal>(&answer)) {
    return std::move(*refusal);
  }
  const auto& snapshot = std::get<std::shared_ptr<const Snapshot>>(answer);
  return {ProbeVerdict::Measured, render(*snapshot, clock.Now() - start)};
}

ProbeOutcome Carry(const Plan& plan, Duration timeout, const Probers& probers) {
  if (plan.kind == ProberKind::Pulse) {
    return Measure<PulseEngine, PulseSnapshot>(
        probers.pulse, timeout, probers.clock, &RenderPulse,
        [plan](PulseEngine& engine, auto done) { engine.Measure(plan.target, done); });
  }
  if (!plan.address) {
    return {ProbeVerdict::Measured, WithoutAddress(plan)};
  }
  if (plan.kind == ProberKind::Https) {
    return Measure<HttpsEngine, HttpsSnapshot>(probers.https, timeout, probers.clock, &RenderHttps,
                                               [plan](HttpsEngine& engine, auto done) {
                                                 engine.Measure(plan.target, plan.family,
                                                                *plan.address, done);
                                               });
  }
  return Measure<TraceEngine, TraceSnapshot>(
      probers.trace, timeout, probers.clock, &RenderTrace, [plan](TraceEngine& engine, auto done) {
        engine.Measure(plan.target, ProtocolOf(plan.kind), plan.family, *plan.address, done);
      });
}

}  // namespace

ProbeOutcome ProbeOnDemand(const ProbeOrder& order, const Config& config, const Probers& probers) {
  auto plan = PlanFor(order, config, probers.dns);
  if (auto* refusal = std::get_if<Refusal>(&plan)) {
    return std::move(*refusal);
  }
  return Carry(std::get<Plan>(plan), order.timeout, probers);
}

HeartbeatOutcome StoreHeartbeat(const std::string& target, const Config& config,
                                const Probers& probers) {
  const bool is_known = std::ranges::any_of(config.targets, [&](const TargetConfig& candidate) {
    return candidate.name == target && candidate.pulse.kind == PulseKind::Push;
  });
  if (!is_known) {
    return HeartbeatOutcome::UnknownName;
  }
  const WallTime now = probers.clock.WallNow();
  const auto stored = Await<PulseEngine, bool>(
      probers.pulse, kPatience,
      [target, now](PulseEngine& engine, auto give) { give(engine.OnHeartbeat(target, now)); });
  const bool* const is_stored = std::get_if<bool>(&stored);
  return is_stored != nullptr && *is_stored ? HeartbeatOutcome::Stored
                                            : HeartbeatOutcome::NotStored;
}

FollowUpOutcome StoreFollowUp(const std::string& incident, const FollowUp& follow_up,
                              EngineThread& history) {
  const auto stored = Await<HistoryEngine, FollowUpOutcome>(
      history, kPatience, [incident, follow_up](HistoryEngine& engine, auto give) {
        give(engine.AddFollowUp(incident, follow_up));
      });
  const FollowUpOutcome* const outcome = std::get_if<FollowUpOutcome>(&stored);
  return outcome == nullptr ? FollowUpOutcome::NotWritten : *outcome;
}

}  // namespace pathwitness
