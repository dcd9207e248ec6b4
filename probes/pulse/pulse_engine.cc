#include "probes/pulse/pulse_engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>

namespace pathwitness {
namespace {

constexpr Duration kFirstLookWithin = std::chrono::seconds(2);
constexpr Duration kBetweenFlushes = std::chrono::seconds(1);
constexpr std::size_t kMaxInFlight = 64;  // looks; more would slow each other down
constexpr double kMissedBeats = 3;  // expected intervals after which a pulse counts as stopped

ProberKey KeyOf(const std::string& target) {
  return {.target = target, .prober = ProberKind::Pulse, .family = ProberFamily::None};
}

// FNV-1a: the same in every run and on every machine, unlike std::hash.
std::uint64_t HashOf(const std::string& name) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char letter : name) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211U;
  }
  return hash;
}

Duration Phase(const TargetConfig& target) {
  const auto range = std::min(kFirstLookWithin, target.pulse.interval).count();
  return Duration(
      static_cast<Duration::rep>(HashOf(target.name) % static_cast<std::uint64_t>(range)));
}

bool IsSameWork(const TargetConfig& a, const TargetConfig& b) {
  return a.pulse == b.pulse && a.host == b.host && a.families == b.families && a.route == b.route;
}

bool HasPulse(const TargetConfig& target) {
  return target.pulse.kind != PulseKind::None;
}

PulseSnapshot FreshSnapshot(const TargetConfig& target, WallTime now) {
  PulseSnapshot snapshot;
  snapshot.status.key = KeyOf(target.name);
  snapshot.status.last_round = now;
  snapshot.status.last_attempt = now;
  return snapshot;
}

void CountSkips(ProberStatus& status, std::uint64_t rounds) {
  status.rounds_skipped[static_cast<std::size_t>(SkipReason::Overrun)] += rounds;
}

void CountFailure(PulseSnapshot& snapshot, PulseFailure failure) {
  ++snapshot.failures[static_cast<std::size_t>(failure)];
}

// A time far ahead is no sign of life either: it would hide a stopped pulse until then.
ProberState StateOf(const PulseSnapshot& snapshot, const PulseReading& reading, WallTime now) {
  const double* const seconds = std::get_if<double>(&reading);
  const double longest = kMissedBeats * ToSeconds(snapshot.expected_interval);
  const bool is_fresh = seconds != nullptr && std::abs(ToUnixSeconds(now) - *seconds) <= longest;
  return is_fresh ? ProberState::Up : ProberState::Down;
}

/// What the pulse is now.
void See(PulseSnapshot& snapshot, const PulseSight& sight, WallTime now) {
  if (const double* const seconds = std::get_if<double>(&sight.reading)) {
    snapshot.timestamp = *seconds;
  }
  snapshot.error = sight.error;
  EnterState(snapshot.status, StateOf(snapshot, sight.reading, now));
}

/// What a round adds to that.
void CountRound(PulseSnapshot& snapshot, const PulseSight& sight, WallTime now) {
  if (const auto* const failure = std::get_if<PulseFailure>(&sight.reading)) {
    CountFailure(snapshot, *failure);
  }
  ++snapshot.status.rounds;
  snapshot.status.last_round = now;
  snapshot.status.address = sight.address;
  snapshot.status.source_address = sight.source_address;
  snapshot.status.port = sight.port;
}

}  // namespace

PulseEngine::PulseEngine(const DnsBoard& dns, PulseBoard& board, const Clock& clock, EventLog& log)
    : board_(board), writer_(board.NewWriter()), clock_(clock), log_(log), looker_(dns, clock) {}

PulseEngine::~PulseEngine() {
  if (store_) {
    store_->Flush();
  }
}

void PulseEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  looker_.Configure(config->resolver);
  UseStore(*config);
  ForgetMissing(*config);
  for (const TargetConfig& target : config->targets) {
    const auto known = probers_.find(target.name);
    if (HasPulse(target) &&
        (known == probers_.end() || !IsSameWork(known->second.target, target))) {
      Watch(target, now);
    }
  }
}

void PulseEngine::Turn(MonoTime now) {
  looker_.Turn(now);
  while (!due_.empty() && due_.begin()->first <= now && looker_.InFlight() < kMaxInFlight) {
    OnRound(std::string(due_.begin()->second), now);
  }
  if (store_ && store_->IsDirty() && next_flush_ <= now) {
    Flush(nullptr, now);
  }
}

MonoTime PulseEngine::NextDeadline() const {
  MonoTime next = looker_.NextDeadline();
  if (!due_.empty() && looker_.InFlight() < kMaxInFlight) {
    next = std::min(next, due_.begin()->first);
  }
  return store_ && store_->IsDirty() ? std::min(next, next_flush_) : next;
}

bool PulseEngine::OnHeartbeat(const std::string& target, WallTime now) {
  const auto found = probers_.find(target);
  if (found == probers_.end() || found->second.target.pulse.kind != PulseKind::Push) {
    return false;
  }
  store_->Beat(target, ToUnixSeconds(now));
  if (next_flush_ <= clock_.Now()) {
    Flush(&found->second.snapshot, clock_.Now());
  }
  Prober& prober = found->second;
  const ProberState before = prober.snapshot.status.state;
  See(prober.snapshot, PushedSight(target), clock_.WallNow());
  LogTransition(before, prober.snapshot);
  Publish(prober);
  return true;
}

void PulseEngine::Measure(const TargetConfig& target, Measured done) {
  PulseSnapshot snapshot = FreshSnapshot(target, clock_.WallNow());
  snapshot.status.interval = target.pulse.interval;
  snapshot.expected_interval = target.pulse.expected_interval;
  auto finish = [this, snapshot = std::move(snapshot),
                 done = std::move(done)](const PulseSight& sight) mutable {
    CountRound(snapshot, sight, clock_.WallNow());
    See(snapshot, sight, clock_.WallNow());
    done(std::make_shared<const PulseSnapshot>(std::move(snapshot)));
  };
  if (target.pulse.kind == PulseKind::Push) {
    finish(PushedSight(target.name));
    return;
  }
  looker_.Look(target, std::move(finish));
}

void PulseEngine::UseStore(const Config& config) {
  const auto is_pushed = [](const TargetConfig& target) {
    return target.pulse.kind == PulseKind::Push;
  };
  const bool is_needed = std::any_of(config.targets.begin(), config.targets.end(), is_pushed);
  if (!is_needed || (store_ && store_->Directory() == config.state_directory)) {
    return;
  }
  auto store = std::make_unique<HeartbeatStore>(config.state_directory, clock_.WallNow(), log_);
  for (const auto& [name, prober] : probers_) {  // what the old directory holds goes along
    if (const auto beat = store_ ? store_->Last(name) : std::nullopt) {
      store->Beat(name, *beat);
    }
  }
  store_ = std::move(store);
}

void PulseEngine::ForgetMissing(const Config& config) {
  std::set<std::string> wanted;
  for (const TargetConfig& target : config.targets) {
    if (HasPulse(target)) {
      wanted.insert(target.name);
    }
  }
  for (const PulseBoard::Pointer& snapshot : board_.All()) {  // also what a predecessor left behind
    const std::string& name = snapshot->status.key.target;
    const auto prober = probers_.find(name);
    if (wanted.contains(name)) {
      continue;
    }
    if (prober != probers_.end()) {
      due_.erase({prober->second.due, name});
      probers_.erase(prober);
    }
    writer_.Remove(snapshot->status.key);
  }
}

void PulseEngine::Watch(const TargetConfig& target, MonoTime now) {
  const bool is_new_here = !probers_.contains(target.name);
  const PulseBoard::Pointer before = board_.Find(KeyOf(target.name));
  Prober& prober = probers_[target.name];
  due_.erase({prober.due, target.name});
  prober = {.target = target,
            .snapshot = before ? *before : FreshSnapshot(target, clock_.WallNow()),
            .id = ++last_id_,
            .due = now + Phase(target)};
  PulseSnapshot& snapshot = prober.snapshot;
  if (before && is_new_here) {
    CountRestart(snapshot.status);
  } else if (before) {  // another thing is watched now; what the old one did says nothing of it
    snapshot.timestamp.reset();
    snapshot.error.clear();
    snapshot.status.state = ProberState::Unknown;
  }
  snapshot.status.interval = target.pulse.interval;
  snapshot.expected_interval = target.pulse.expected_interval;
  if (target.pulse.kind == PulseKind::Push) {
    snapshot.timestamp = store_->Last(target.name);
  }
  due_.emplace(prober.due, target.name);
  Publish(prober);
}

void PulseEngine::OnRound(const std::string& name, MonoTime now) {
  Prober& prober = probers_.at(name);
  const Duration interval = prober.target.pulse.interval;
  const auto missed = (now - prober.due) / interval;
  due_.erase({prober.due, name});
  prober.due += (missed + 1) * interval;
  due_.emplace(prober.due, name);
  CountSkips(prober.snapshot.status, static_cast<std::uint64_t>(missed));
  if (prober.is_looking) {
    CountSkips(prober.snapshot.status, 1);
    Publish(prober);
    return;
  }
  prober.snapshot.status.last_attempt = clock_.WallNow();
  if (prober.target.pulse.kind == PulseKind::Push) {
    Flush(&prober.snapshot, now);
    FinishRound(prober, PushedSight(name));
    return;
  }
  prober.is_looking = true;
  looker_.Look(prober.target, [this, name, id = prober.id](const PulseSight& sight) {
    const auto found = probers_.find(name);
    if (found != probers_.end() && found->second.id == id) {
      found->second.is_looking = false;
      FinishRound(found->second, sight);
    }
  });
}

void PulseEngine::FinishRound(Prober& prober, const PulseSight& sight) {
  const ProberState before = prober.snapshot.status.state;
  CountRound(prober.snapshot, sight, clock_.WallNow());
  See(prober.snapshot, sight, clock_.WallNow());
  LogTransition(before, prober.snapshot);
  Publish(prober);
}

void PulseEngine::LogTransition(ProberState before, const PulseSnapshot& snapshot) {
  const ProberState now = snapshot.status.state;
  if (now == before || (before == ProberState::Unknown && now == ProberState::Up)) {
    return;
  }
  const bool is_up = now == ProberState::Up;
  const std::string beat =
      snapshot.timestamp ? std::to_string(std::llround(*snapshot.timestamp)) : "never";
  log_.Write(is_up ? LogLevel::Info : LogLevel::Warn, is_up ? "pulse is back" : "pulse stopped",
             {{"target", snapshot.status.key.target},
              {"last_beat", beat},
              {"error", snapshot.error.empty() ? "none" : snapshot.error}});
}

PulseSight PulseEngine::PushedSight(const std::string& name) const {
  const auto beat = store_ ? store_->Last(name) : std::nullopt;
  return beat ? PulseSight{.reading = *beat}
              : PulseSight{.reading = PulseFailure::Missing, .error = "no beat was ever pushed"};
}

/// `counted` is the prober whose failure it is when the disk refuses; may be null.
void PulseEngine::Flush(PulseSnapshot* counted, MonoTime now) {
  if (!store_->IsDirty()) {
    return;  // a beat that comes next need not wait
  }
  next_flush_ = now + kBetweenFlushes;
  if (store_->Flush() && counted != nullptr) {
    CountFailure(*counted, PulseFailure::Io);
  }
}

void PulseEngine::Publish(const Prober& prober) {
  writer_.Publish(prober.snapshot.status.key,
                  std::make_shared<const PulseSnapshot>(prober.snapshot));
}

}  // namespace pathwitness
