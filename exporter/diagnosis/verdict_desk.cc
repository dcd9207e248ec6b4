#include "exporter/diagnosis/verdict_desk.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "exporter/rfc3339.h"
#include "probes/trace/rounds_since.h"

namespace pathwitness {
namespace {

constexpr int kTimeoutsUntilLost = 3;
constexpr std::size_t kFewestPaths = 3;  // to call most of them all
constexpr double kMostOf = .8;
// Snapshots come every five seconds, give or take what the engines' turns take.
constexpr Duration kTolerance = std::chrono::seconds(1);
// Looking at every hop is most of what a quiet path costs, and routers seldom change their manners.
// Of a path at fault, and of one whose hops were just learnt, people want to know at once.
constexpr Duration kClassifiesEvery = std::chrono::minutes(1);

bool IsSame(const Verdict& a, const Verdict& b) {
  return a.state == b.state && a.attribution.owner == b.attribution.owner;
}

std::string OwnerName(const Attribution& attribution) {
  return attribution.owner ? attribution.owner->name : "";
}

ServiceFailure FailureOf(HttpFailure failure) {
  switch (failure) {
    case HttpFailure::Dns:
      return ServiceFailure::Name;
    case HttpFailure::ConnectRefused:
    case HttpFailure::ConnectTimeout:
    case HttpFailure::ConnectUnreachable:
      return ServiceFailure::Connect;
    case HttpFailure::TlsHandshake:
    case HttpFailure::TlsVerify:
      return ServiceFailure::Tls;
    case HttpFailure::RateLimited:
      return ServiceFailure::RateLimited;
    case HttpFailure::Internal:
      return ServiceFailure::Own;
    default:
      return ServiceFailure::Answer;
  }
}

Counts CountsOf(const OneWayPackets& packets) {
  return {.sent = static_cast<double>(packets.packets),
          .received = static_cast<double>(packets.packets - packets.lost)};
}

// Something that the packets of the path meet on their way.
bool IsOfThePath(VerdictState state) {
  return state == VerdictState::Loss || state == VerdictState::Latency ||
         state == VerdictState::Route || state == VerdictState::FlowDependent;
}

std::optional<Duration> PhaseOf(const HttpResult& result, HttpPhase phase) {
  const std::optional<double> seconds = result.phases[static_cast<std::size_t>(phase)];
  return seconds
             ? std::optional(std::chrono::round<Duration>(std::chrono::duration<double>(*seconds)))
             : std::nullopt;
}

bool HasConnected(const HttpResult& result) {
  return PhaseOf(result, HttpPhase::Connect).has_value();
}

// Empty: the request failed, or got no answer.
std::optional<ServiceTimes> TimesOf(const HttpResult& result) {
  const std::optional<Duration> connect = PhaseOf(result, HttpPhase::Connect);
  const std::optional<Duration> first_byte = PhaseOf(result, HttpPhase::Processing);
  if (result.failure || !connect || !first_byte) {
    return std::nullopt;
  }
  return ServiceTimes{.connect = *connect, .first_byte = *first_byte};
}

}  // namespace

VerdictDesk::VerdictDesk(const HttpsBoard& https, const OneWayBoard& one_way, VerdictBoard& board,
                         const Clock& clock, EventLog& log)
    : https_(https), one_way_(one_way), writer_(board.NewWriter()), clock_(clock), log_(log) {}

void VerdictDesk::Apply(const Config& config) {
  until_lost_.clear();
  behind_proxy_.clear();
  for (const TargetConfig& target : config.targets) {
    until_lost_.emplace(target.name, kTimeoutsUntilLost * target.trace.timeout);
    if (!target.https.request.proxy.empty()) {
      behind_proxy_.insert(target.name);
    }
  }
}

void VerdictDesk::OnTrace(const TraceSnapshot& trace, const OwnerTable& owners) {
  const ProberKey& key = trace.status.key;
  Path& path = paths_[key];
  FeedRounds(path, trace);
  const MonoTime now = clock_.Now();
  if (now < path.due) {
    return;
  }
  path.due = now + Diagnostician::kEvaluatesEvery - kTolerance;
  path.diagnostician.OnEndToEnd(NewCounts(path, trace), now);
  FeedOneWay(path, key, now);
  const auto until_lost = until_lost_.find(key.target);
  const SpokenVerdict* spoken = path.diagnostician.Evaluate(
      {.owners = &owners,
       .until_lost = until_lost == until_lost_.end() ? Duration() : until_lost->second,
       .own_fault = own_fault_,
       .are_all_targets_late = are_all_targets_late_,
       .unsent = NewlyUnsent(path, trace),
       .service = SeeService(key),
       .trace = &trace},
      now);
  if (now >= path.hops_due || path.hops.empty() || spoken != nullptr) {
    path.hops_due = now + kClassifiesEvery - kTolerance;
    path.hops = path.diagnostician.HopClasses(now);
  }
  Say({.status = trace.status, .loss = path.diagnostician.LossBounds(now), .hops = path.hops},
      spoken, path.said);
}

void VerdictDesk::OnRouteChange(const ProberKey& key, RouteFact change) {
  paths_[key].diagnostician.OnRouteChange(std::move(change), clock_.Now());
}

void VerdictDesk::LookAtAll() {
  const auto late = std::ranges::count_if(
      paths_, [](const auto& entry) { return entry.second.diagnostician.IsLate(); });
  are_all_targets_late_ = paths_.size() >= kFewestPaths &&
                          static_cast<double>(late) >= kMostOf * static_cast<double>(paths_.size());
}

void VerdictDesk::Forget(const ProberKey& key) {
  paths_.erase(key);
  writer_.Remove(key);
}

void VerdictDesk::LookAtServices() {
  const std::vector<HttpsBoard::Pointer> all = https_.All();
  for (const HttpsBoard::Pointer& https : all) {
    Service& service = services_[https->status.key];
    const bool is_new = !service.https || service.https->requests != https->requests;
    service.https = https;
    if (is_new && https->last) {
      OnRequest(service, *https);
    }
  }
  if (services_.size() == all.size()) {
    return;
  }
  std::erase_if(services_, [&](const auto& entry) {
    const bool is_gone = https_.Find(entry.first) == nullptr;
    if (is_gone) {
      writer_.Remove(entry.first);
    }
    return is_gone;
  });
}

void VerdictDesk::OnRequest(Service& service, const HttpsSnapshot& https) {
  const MonoTime now = clock_.Now();
  ServiceEvidence evidence = EvidenceOf(https);
  const std::optional<ServiceTimes> times = TimesOf(*https.last);
  if (times && !behind_proxy_.contains(https.status.key.target)) {
    service.latency.OnRequest(*times, now);
    evidence.latency = service.latency.Evidence(now);
  }
  const SpokenVerdict* spoken = service.watch.OnEvaluation(JudgeService(evidence), now);
  Say({.status = https.status}, spoken, service.said);
}

ServiceEvidence VerdictDesk::EvidenceOf(const HttpsSnapshot& https) const {
  ServiceEvidence evidence;
  if (https.last->failure) {
    evidence.failure = FailureOf(*https.last->failure);
    evidence.reason = kHttpFailureNames.at(static_cast<std::size_t>(*https.last->failure));
  }
  for (const ProberKind kind :
       {ProberKind::TraceIcmp, ProberKind::TraceUdp, ProberKind::TraceTcp}) {
    const auto path = paths_.find({https.status.key.target, kind, https.status.key.family});
    if (path != paths_.end()) {
      const VerdictSnapshot* const said = path->second.said.get();
      evidence.is_path_at_fault |= said != nullptr && said->verdict &&
                                   said->verdict->state != VerdictState::DestinationFilter;
      evidence.hops = std::max(evidence.hops, path->second.diagnostician.History().Length());
    }
  }
  return evidence;
}

void VerdictDesk::FeedRounds(Path& path, const TraceSnapshot& trace) const {
  for (const std::shared_ptr<const Round>& round : RoundsSince(path.round.get(), trace)) {
    path.diagnostician.OnRound(*round, MonoOf(round->started));
    path.source = round->source;
    path.round = round;
  }
}

// What a prober counted before it was seen first may be of long ago. Counters that went back are
// those of another prober with the same name.
std::vector<Counts> VerdictDesk::NewCounts(Path& path, const TraceSnapshot& trace) {
  if (!std::exchange(path.is_known, true)) {
    path.flows = trace.flows;
    path.unsent = trace.unsent;
  }
  std::vector<Counts> counts;
  path.flows.resize(trace.flows.size());
  for (std::size_t i = 0; i < trace.flows.size(); ++i) {
    const FlowCounters& now = trace.flows[i];
    const FlowCounters before = std::exchange(path.flows[i], now);
    const bool goes_on = now.probes >= before.probes && now.lost >= before.lost;
    const auto sent = static_cast<double>(goes_on ? now.probes - before.probes : 0);
    const auto lost = static_cast<double>(goes_on ? now.lost - before.lost : 0);
    counts.push_back({.sent = sent, .received = sent - std::min(lost, sent)});
  }
  return counts;
}

std::optional<UnsentReason> VerdictDesk::NewlyUnsent(Path& path, const TraceSnapshot& trace) {
  const auto before = std::exchange(path.unsent, trace.unsent);
  for (std::size_t reason = 0; reason < before.size(); ++reason) {
    if (trace.unsent[reason] > before[reason]) {
      return static_cast<UnsentReason>(reason);
    }
  }
  return std::nullopt;
}

void VerdictDesk::FeedOneWay(Path& path, const ProberKey& key, MonoTime now) const {
  if (const OneWayBoard::Pointer seen =
          one_way_.Find({key.target, ProberKind::Reflector, key.family})) {
    path.diagnostician.OnOneWay(
        {.forward = CountsOf(seen->totals.forward), .backward = CountsOf(seen->totals.backward)},
        now);
  }
}

std::optional<ServiceSight> VerdictDesk::SeeService(const ProberKey& path) const {
  const HttpsBoard::Pointer https = https_.Find({path.target, ProberKind::Https, path.family});
  if (!https || !https->last) {
    return std::nullopt;
  }
  return ServiceSight{.at = MonoOf(https->status.last_attempt),
                      .answers = HasConnected(*https->last)};
}

MonoTime VerdictDesk::MonoOf(WallTime time) const {
  return clock_.Now() - std::max<Duration>(clock_.WallNow() - time, Duration());
}

WallTime VerdictDesk::WallOf(MonoTime time) const {
  return clock_.WallNow() - std::chrono::duration_cast<WallTime::duration>(clock_.Now() - time);
}

void VerdictDesk::Say(VerdictSnapshot now, const SpokenVerdict* spoken,
                      VerdictBoard::Pointer& said) {
  if (spoken != nullptr) {
    now.verdict = std::make_shared<const Verdict>(spoken->verdict);
    now.since = WallOf(spoken->since);
    now.last_confirmed = WallOf(spoken->last_confirmed);
  }
  LogNews(said.get(), now);
  said = std::make_shared<const VerdictSnapshot>(std::move(now));
  writer_.Publish(said->status.key, said);
}

void VerdictDesk::LogNews(const VerdictSnapshot* before, const VerdictSnapshot& now) {
  const bool was_said = before != nullptr && before->verdict;
  const bool is_news =
      was_said != (now.verdict != nullptr) || (was_said && !IsSame(*before->verdict, *now.verdict));
  if (!is_news) {
    return;
  }
  const VerdictSnapshot& told = now.verdict ? now : *before;
  const Verdict& verdict = *told.verdict;
  const ProberKey& key = now.status.key;
  log_.Write(now.verdict ? LogLevel::Warn : LogLevel::Info,
             now.verdict ? "verdict" : "verdict is over",
             {{"target", key.target},
              {"prober", std::string(ProberName(key.prober))},
              {"family", std::string(ProberFamilyName(key.family))},
              {"state", std::string(VerdictStateName(verdict.state))},
              {"owner", OwnerName(verdict.attribution)},
              {"probability", std::to_string(verdict.attribution.probability)},
              {"since", FormatRfc3339(told.since, TimePrecision::Seconds)},
              {"text", verdict.text}});
}

bool VerdictDesk::IsAnythingSaid() const {
  const auto is_said = [](const auto& entry) {
    return entry.second.said != nullptr && entry.second.said->verdict;
  };
  return std::ranges::any_of(paths_, is_said) || std::ranges::any_of(services_, is_said);
}

std::vector<JudgedPath> VerdictDesk::Paths() const {
  std::vector<JudgedPath> paths;
  for (const auto& [key, path] : paths_) {
    if (path.said != nullptr && (path.said->verdict || path.said->loss)) {
      paths.push_back({.said = path.said, .state = StateOf(path)});
    }
  }
  return paths;
}

std::vector<VerdictBoard::Pointer> VerdictDesk::Services() const {
  std::vector<VerdictBoard::Pointer> services;
  for (const auto& [key, service] : services_) {
    if (service.said != nullptr) {
      services.push_back(service.said);
    }
  }
  return services;
}

PathState VerdictDesk::StateOf(const Path& path) const {
  const VerdictSnapshot& said = *path.said;
  const PathHistory& history = path.diagnostician.History();
  PathState state = {.source = path.source.ToString(),
                     .target = said.status.key.target,
                     .flow_class = static_cast<unsigned>(said.status.key.prober),
                     .is_bad = said.verdict && IsOfThePath(said.verdict->state),
                     .links = LinksOf(path.source, history.Responders())};
  if (state.is_bad) {
    state.bad_for = clock_.WallNow() - said.since;
    state.least_loss = said.verdict->loss.loss.low;
  } else {
    const CleanRun clean = history.NewestClean(clock_.Now());
    state.clean_samples = clean.probes;
    state.clean_for = clean.length;
  }
  return state;
}

}  // namespace pathwitness
