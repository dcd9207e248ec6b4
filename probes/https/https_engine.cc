#include "probes/https/https_engine.h"

#include <algorithm>
#include <utility>

#include "config/url.h"

namespace pathwitness {
namespace {

constexpr Duration kResolverPoll = std::chrono::milliseconds(250);
constexpr Duration kLongestPause = std::chrono::hours(1);
constexpr Duration kStandstill = std::chrono::seconds(5);  // between turns, which come each second

constexpr std::size_t Index(auto enumerator) {
  return static_cast<std::size_t>(enumerator);
}

ProberKey KeyOf(const std::string& target, IpFamily family) {
  return {.target = target, .prober = ProberKind::Https, .family = ToProberFamily(family)};
}

/// Where in its interval a prober's rounds lie: the same in each process, spread over all probers.
Duration Splay(const ProberKey& key, Duration interval) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : key.target + std::string(ProberFamilyName(key.family))) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return Duration(static_cast<Duration::rep>(hash % static_cast<std::uint64_t>(interval.count())));
}

/// Whether a new configuration means the same requests, so that the prober may go on.
bool IsSameProbing(const TargetConfig& a, const TargetConfig& b) {
  return a.host == b.host && a.families == b.families && a.route == b.route && a.https == b.https;
}

HttpsSnapshot NewSnapshot(const TargetConfig& config, IpFamily family,
                          const std::vector<double>& buckets, WallTime now) {
  HttpsSnapshot snapshot;
  snapshot.status.key = KeyOf(config.name, family);
  snapshot.status.last_round = now;
  snapshot.status.last_attempt = now;
  snapshot.durations = Histogram(buckets);
  return snapshot;
}

void CountResult(HttpsSnapshot& snapshot, HttpResult result, WallTime now) {
  ++snapshot.requests;
  if (result.failure) {
    ++snapshot.failures[Index(*result.failure)];
  }
  if (result.status != 0) {
    ++snapshot.responses[result.status];
  }
  snapshot.durations.Observe(result.duration);
  for (std::size_t i = 0; i < result.phases.size(); ++i) {
    PhaseTotals& totals = snapshot.phases[i];
    totals.last = result.phases[i];
    totals.sum += totals.last.value_or(0);
    totals.count += totals.last ? 1U : 0U;
  }
  snapshot.tcp_retransmits += result.tcp_retransmits;
  ++snapshot.status.rounds;
  snapshot.status.last_round = now;
  snapshot.status.source_address = result.source_address;
  result.body = {};
  snapshot.last = std::move(result);
}

void JudgeResult(const ResponseJudge& judge, HttpResult& result) {
  if (result.failure) {
    return;
  }
  if (auto judgement = judge.Judge(result)) {
    result.failure = judgement->failure;
    result.error = std::move(judgement->error);
  }
}

/// Counts the result and enters the state it means. True when people should be told.
bool StoreResult(HttpsSnapshot& snapshot, HttpResult result, WallTime now) {
  const ProberState state = result.failure ? ProberState::Down : ProberState::Up;
  CountResult(snapshot, std::move(result), now);
  return EnterState(snapshot.status, state);
}

void LogState(EventLog& log, const HttpsSnapshot& snapshot) {
  const ProberKey& key = snapshot.status.key;
  const std::string prober(ProberName(key.prober));
  const std::string family(ProberFamilyName(key.family));
  if (!snapshot.last->failure) {
    log.Write(LogLevel::Info, "target is up",
              {{"target", key.target}, {"prober", prober}, {"family", family}});
    return;
  }
  log.Write(LogLevel::Warn, "target is down",
            {{"target", key.target},
             {"prober", prober},
             {"family", family},
             {"reason", std::string(kHttpFailureNames[Index(*snapshot.last->failure)])},
             {"error", snapshot.last->error}});
}

Duration AskedPause(const HttpResult& result) {
  const bool is_asking = result.status == 429 || result.status == 503;
  return is_asking ? std::min(result.retry_after.value_or(Duration::zero()), kLongestPause)
                   : Duration::zero();
}

HttpResult Unresolved(const DnsSnapshot* dns) {
  HttpResult result;
  result.failure = HttpFailure::Dns;
  result.error = dns == nullptr || dns->error.empty() ? "no address of this family" : dns->error;
  result.duration = dns == nullptr ? 0 : dns->last_lookup_seconds;
  return result;
}

}  // namespace

HttpsEngine::HttpsEngine(const DnsBoard& dns, HttpsBoard& board, const Clock& clock, EventLog& log)
    : dns_(dns),
      board_(board),
      writer_(board.NewWriter()),
      clock_(clock),
      log_(log),
      client_(clock) {}

void HttpsEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  config_ = std::move(config);
  ForgetMissing(*config_);
  for (const TargetConfig& target : config_->targets) {
    const auto known = targets_.find(target.name);
    if (known != targets_.end() && IsSameProbing(known->second.config, target)) {
      known->second.config = target;
      continue;
    }
    Forget(target.name);
    if (!target.https.request.url.empty()) {
      Watch(target, now);
    }
  }
  for (auto& [id, prober] : probers_) {
    if (prober.snapshot.durations.bounds != config_->metrics.https_buckets) {
      prober.snapshot.durations = Histogram(config_->metrics.https_buckets);
      Publish(prober);
    }
  }
  std::erase_if(host_free_, [now](const auto& entry) { return entry.second <= now; });
}

void HttpsEngine::ForgetMissing(const Config& config) {
  std::set<std::string> wanted;
  for (const TargetConfig& target : config.targets) {
    if (!target.https.request.url.empty()) {
      wanted.insert(target.name);
    }
  }
  for (auto known = targets_.begin(); known != targets_.end();) {
    const std::string name = (known++)->first;  // Forget invalidates its own place only
    if (!wanted.contains(name)) {
      Forget(name);
    }
  }
  for (const auto& snapshot : board_.All()) {  // a predecessor's
    if (!wanted.contains(snapshot->status.key.target)) {
      writer_.Remove(snapshot->status.key);
    }
  }
}

void HttpsEngine::Watch(const TargetConfig& config, MonoTime now) {
  Target target;
  target.config = config;
  if (const auto url = ParseUrl(config.https.request.url)) {
    target.url_host = url->host;
    target.literal = IpAddress::Parse(url->host);
  }
  target.judge = std::make_shared<const ResponseJudge>(config.https.expect);
  target.next_family_check = now;
  targets_.emplace(config.name, std::move(target));
  CheckFamilies(config.name, now, now);
}

void HttpsEngine::Forget(const std::string& name) {
  const auto found = targets_.find(name);
  if (found == targets_.end()) {
    return;
  }
  RemoveProber(found->second, IpFamily::Ipv4);
  RemoveProber(found->second, IpFamily::Ipv6);
  targets_.erase(found);
}

void HttpsEngine::CheckFamilies(const std::string& name, MonoTime due, MonoTime now) {
  const auto found = targets_.find(name);
  if (found == targets_.end() || found->second.next_family_check != due) {
    return;  // an entry of a target that is gone or was replaced
  }
  Target& target = found->second;
  const std::vector<IpFamily> families = target.literal
                                             ? std::vector{target.literal->Family()}
                                             : ProbedFamilies(dns_, name, target.config.families);
  for (const IpFamily family : {IpFamily::Ipv4, IpFamily::Ipv6}) {
    const bool is_wanted = std::find(families.begin(), families.end(), family) != families.end();
    if (is_wanted && !target.probers.contains(family)) {
      AddProber(target, family, now);
    }
    if (!is_wanted && !families.empty()) {
      RemoveProber(target, family);
    }
  }
  target.next_family_check =
      now + (families.empty() ? kResolverPoll : target.config.https.interval);
  family_checks_.emplace(target.next_family_check, name);
}

void HttpsEngine::AddProber(Target& target, IpFamily family, MonoTime now) {
  const TargetConfig& config = target.config;
  Prober prober{
      .target = config.name,
      .family = family,
      .pause_until = now,
      .snapshot = NewSnapshot(config, family, config_->metrics.https_buckets, clock_.WallNow())};
  if (const auto left = board_.Find(prober.snapshot.status.key)) {
    prober.snapshot = *left;
    CountRestart(prober.snapshot.status);
    if (left->durations.bounds != config_->metrics.https_buckets) {
      prober.snapshot.durations = Histogram(config_->metrics.https_buckets);
    }
  }
  ProberStatus& status = prober.snapshot.status;
  status.interval = config.https.interval;
  if (const auto url = ParseUrl(config.https.request.url)) {
    status.port = url->port;
  }
  Publish(prober);
  const Id id = ++last_id_;
  rounds_.emplace(now + Splay(status.key, status.interval), id);
  target.probers.emplace(family, id);
  probers_.emplace(id, std::move(prober));
}

void HttpsEngine::RemoveProber(Target& target, IpFamily family) {
  const auto found = target.probers.find(family);
  if (found != target.probers.end()) {
    probers_.erase(found->second);
    target.probers.erase(found);
  }
  writer_.Remove(KeyOf(target.config.name, family));
}

void HttpsEngine::Turn(MonoTime now) {
  standstills_ += now - std::exchange(last_turn_, now) > kStandstill ? 1U : 0U;
  client_.Turn(now);
  while (!family_checks_.empty() && family_checks_.begin()->first <= now) {
    const auto [due, name] = *family_checks_.begin();
    family_checks_.erase(family_checks_.begin());
    CheckFamilies(name, due, now);
  }
  while (!rounds_.empty() && rounds_.begin()->first <= now) {
    const auto [due, id] = *rounds_.begin();
    rounds_.erase(rounds_.begin());
    OnRound(id, due, now);
  }
  StartWaiting(now);
}

MonoTime HttpsEngine::NextDeadline() const {
  MonoTime next = client_.NextDeadline();
  if (!rounds_.empty()) {
    next = std::min(next, rounds_.begin()->first);
  }
  if (!family_checks_.empty()) {
    next = std::min(next, family_checks_.begin()->first);
  }
  if (!waiting_.empty() && in_flight_ < config_->probing.https_concurrency) {
    next = std::min(next, waiting_.begin()->first);
  }
  return next;
}

void HttpsEngine::OnRound(Id id, MonoTime due, MonoTime now) {
  const auto found = probers_.find(id);
  if (found == probers_.end()) {
    return;
  }
  Prober& prober = found->second;
  const Target& target = targets_.at(prober.target);
  const auto dns = dns_.Find({prober.target, prober.family});
  // None at all: the host is a literal address of the other family, which is a failure.
  if (!target.literal && dns != nullptr && !dns->is_known) {
    rounds_.emplace(now + kResolverPoll, id);  // neither a failure nor a result yet
    return;
  }
  const Duration interval = prober.snapshot.status.interval;
  const auto missed = (now - due) / interval;
  rounds_.emplace(due + (missed + 1) * interval, id);
  auto& skipped = prober.snapshot.status.rounds_skipped;
  skipped[Index(SkipReason::Overrun)] += static_cast<std::uint64_t>(missed);
  if (prober.is_busy) {
    ++skipped[Index(SkipReason::Overrun)];
    Publish(prober);
    return;
  }
  if (now < prober.pause_until) {
    ++skipped[Index(SkipReason::RateLimited)];
    Publish(prober);
    return;
  }
  prober.is_busy = true;
  Enqueue(id, target, now);
}

// Each waiting prober holds a slot in its host's rate; slots are given in the order of arrival.
void HttpsEngine::Enqueue(Id id, const Target& target, MonoTime now) {
  const double rate = config_->probing.https_requests_per_second_per_host;
  const auto spacing = std::chrono::duration<double>(rate > 0 ? 1 / rate : 0);
  MonoTime& is_free = host_free_[target.url_host];
  const MonoTime start = std::max(now, is_free);
  is_free = start + std::chrono::duration_cast<Duration>(spacing);
  waiting_.emplace(start, id);
}

void HttpsEngine::StartWaiting(MonoTime now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now &&
         in_flight_ < config_->probing.https_concurrency) {
    const Id id = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    const auto found = probers_.find(id);
    if (found != probers_.end()) {
      StartRequest(id, found->second);
    }
  }
}

void HttpsEngine::StartRequest(Id id, Prober& prober) {
  const Target& target = targets_.at(prober.target);
  const auto dns = dns_.Find({prober.target, prober.family});
  const auto chosen = dns == nullptr ? std::nullopt : dns->chosen;
  const auto address = target.literal ? target.literal : chosen;
  ProberStatus& status = prober.snapshot.status;
  status.last_attempt = clock_.WallNow();
  status.address = address ? address->ToString() : "";
  ++in_flight_;
  prober.standstills = standstills_;
  if (!address) {
    OnResult(id, Unresolved(dns.get()));
    return;
  }
  Publish(prober);
  client_.Start(OrderFor(target.config, *address),
                [this, id](HttpResult result) { OnResult(id, std::move(result)); });
}

HttpOrder HttpsEngine::OrderFor(const TargetConfig& config, const IpAddress& address) const {
  const auto dns = dns_.Find({config.name, address.Family()});
  return {.request = config.https.request,
          .address = address,
          .route = config.route,
          .resolve_seconds = dns == nullptr ? 0 : dns->last_lookup_seconds};
}

void HttpsEngine::OnResult(Id id, HttpResult result) {
  --in_flight_;
  const auto found = probers_.find(id);
  if (found == probers_.end()) {
    return;
  }
  Prober& prober = found->second;
  prober.is_busy = false;
  if (prober.standstills != standstills_) {
    // This program was stopped, or its machine: what took long, or timed out, tells of that alone.
    ++prober.snapshot.status.rounds_skipped[Index(SkipReason::Overrun)];
    Publish(prober);
    return;
  }
  JudgeResult(*targets_.at(prober.target).judge, result);
  prober.pause_until = clock_.Now() + AskedPause(result);
  if (StoreResult(prober.snapshot, std::move(result), clock_.WallNow())) {
    LogState(log_, prober.snapshot);
  }
  Publish(prober);
}

void HttpsEngine::Publish(const Prober& prober) {
  writer_.Publish(prober.snapshot.status.key,
                  std::make_shared<const HttpsSnapshot>(prober.snapshot));
}

void HttpsEngine::Measure(const TargetConfig& target, IpFamily family, IpAddress address,
                          Measured done) {
  HttpsSnapshot snapshot =
      NewSnapshot(target, family, config_->metrics.https_buckets, clock_.WallNow());
  snapshot.status.interval = target.https.interval;
  snapshot.status.address = address.ToString();
  if (const auto url = ParseUrl(target.https.request.url)) {
    snapshot.status.port = url->port;
  }
  const auto judge = std::make_shared<const ResponseJudge>(target.https.expect);
  client_.Start(OrderFor(target, address), [this, snapshot = std::move(snapshot), judge,
                                            done = std::move(done)](HttpResult result) mutable {
    JudgeResult(*judge, result);
    StoreResult(snapshot, std::move(result), clock_.WallNow());
    done(std::make_shared<const HttpsSnapshot>(std::move(snapshot)));
  });
}

}  // namespace pathwitness
