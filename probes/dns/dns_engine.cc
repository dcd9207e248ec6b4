#include "probes/dns/dns_engine.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace pathwitness {
namespace {

constexpr std::size_t kMaxInFlight = 200;  // questions; ten thousand names must not be one burst

std::vector<IpFamily> WantedFamilies(const TargetConfig& target) {
  return target.families.empty() ? std::vector<IpFamily>{IpFamily::Ipv4, IpFamily::Ipv6}
                                 : target.families;
}

std::string TextOf(const std::optional<IpAddress>& address) {
  return address ? address->ToString() : "none";
}

template <typename Value>
bool Holds(const std::vector<Value>& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

DnsEngine::DnsEngine(DnsBoard& board, const Clock& clock, EventLog& log)
    : clock_(clock), log_(log), board_(board), writer_(board.NewWriter()) {}

void DnsEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  resolver_.Configure(config->resolver);
  config_ = config->resolver;
  std::map<std::string, const TargetConfig*> wanted;
  for (const TargetConfig& target : config->targets) {
    if (!target.host.empty()) {
      wanted.emplace(target.name, &target);
    }
  }
  for (const DnsBoard::Pointer& snapshot : board_.All()) {  // also what a predecessor left behind
    if (!wanted.contains(snapshot->target)) {
      Forget(snapshot->target);
      writer_.Remove({snapshot->target, snapshot->family});
    }
  }
  for (const auto& [name, target] : wanted) {
    const auto known = targets_.find(name);
    if (known == targets_.end() || known->second.host != target->host ||
        known->second.families != WantedFamilies(*target)) {
      Watch(*target, now);
    }
  }
}

void DnsEngine::Turn(MonoTime now) {
  resolver_.Turn(now);
  while (!due_.empty() && due_.begin()->first <= now && resolver_.InFlight() < kMaxInFlight) {
    StartLookup(std::string(due_.begin()->second), now);
  }
}

MonoTime DnsEngine::NextDeadline() const {
  const MonoTime answer = resolver_.NextDeadline();
  if (due_.empty() || resolver_.InFlight() >= kMaxInFlight) {
    return answer;
  }
  return std::min(answer, due_.begin()->first);
}

void DnsEngine::Watch(const TargetConfig& config, MonoTime now) {
  Forget(config.name);
  Target& target = targets_[config.name];
  target.host = config.host;
  target.families = WantedFamilies(config);
  if (const auto literal = IpAddress::Parse(config.host)) {
    PublishLiteral(config.name, *literal);
    return;
  }
  PublishFirst(config.name, target);
  hosts_[config.host].targets.insert(config.name);
  Schedule(config.host, now);
}

void DnsEngine::PublishFirst(const std::string& name, Target& target) {
  for (const IpFamily family : {IpFamily::Ipv4, IpFamily::Ipv6}) {
    if (!Holds(target.families, family)) {
      writer_.Remove({name, family});
      continue;
    }
    const DnsBoard::Pointer before = board_.Find({name, family});
    const bool goes_on = before != nullptr && before->host == target.host;
    DnsSnapshot& snapshot = target.snapshots[family];
    snapshot =
        goes_on ? *before : DnsSnapshot{.target = name, .host = target.host, .family = family};
    writer_.Publish({name, family}, std::make_shared<const DnsSnapshot>(snapshot));
  }
}

void DnsEngine::PublishLiteral(const std::string& name, const IpAddress& address) {
  for (const IpFamily family : {IpFamily::Ipv4, IpFamily::Ipv6}) {
    if (family != address.Family()) {
      writer_.Remove({name, family});
      continue;
    }
    writer_.Publish({name, family}, std::make_shared<const DnsSnapshot>(DnsSnapshot{
                                        .target = name,
                                        .host = targets_[name].host,
                                        .family = family,
                                        .is_known = true,
                                        .addresses = {address},
                                        .chosen = address,
                                    }));
  }
}

void DnsEngine::Forget(const std::string& name) {
  const auto target = targets_.find(name);
  if (target == targets_.end()) {
    return;
  }
  const auto host = hosts_.find(target->second.host);
  targets_.erase(target);
  if (host == hosts_.end()) {
    return;
  }
  host->second.targets.erase(name);
  if (host->second.targets.empty()) {
    due_.erase({host->second.due, host->first});
    hosts_.erase(host);
  }
}

// A lookup that is under way no longer counts: it may not ask for all that is wanted now.
void DnsEngine::Schedule(const std::string& host_name, MonoTime due) {
  Host& host = hosts_[host_name];
  due_.erase({host.due, host_name});
  host.due = due;
  host.lookup = ++last_lookup_;
  due_.emplace(due, host_name);
}

void DnsEngine::StartLookup(const std::string& host_name, MonoTime now) {
  Host& host = hosts_[host_name];
  due_.erase({host.due, host_name});
  host.due = MonoTime::max();
  std::set<IpFamily> families;
  for (const std::string& name : host.targets) {
    families.insert(targets_[name].families.begin(), targets_[name].families.end());
  }
  host.answers.clear();
  host.undelivered.clear();
  host.in_flight = families.size();
  for (const IpFamily family : families) {
    resolver_.Lookup(host_name, family, now,
                     [this, host_name, family, lookup = host.lookup](DnsAnswer answer) {
                       const auto found = hosts_.find(host_name);
                       if (found != hosts_.end() && found->second.lookup == lookup) {
                         OnAnswer(host_name, family, std::move(answer));
                       }
                     });
  }
}

void DnsEngine::OnAnswer(const std::string& host_name, IpFamily family, DnsAnswer answer) {
  Host& host = hosts_[host_name];
  host.answers[family] = std::move(answer);
  host.undelivered.insert(family);
  --host.in_flight;
  DeliverWhatIsClear(host);
  if (host.in_flight == 0) {
    Schedule(host_name, clock_.Now() + UntilNextLookup(host));
  }
}

// Addresses and failures speak for themselves; whether "no such record" is a failure, the other
// family's answer tells.
void DnsEngine::DeliverWhatIsClear(Host& host) {
  for (const auto& [family, answer] : host.answers) {
    if (!host.undelivered.contains(family) || (answer.HasNoRecord() && host.in_flight > 0)) {
      continue;
    }
    host.undelivered.erase(family);
    for (const std::string& name : host.targets) {
      Deliver(name, family, host);
    }
  }
}

void DnsEngine::Deliver(const std::string& target_name, IpFamily family, const Host& host) {
  Target& target = targets_[target_name];
  const auto found = target.snapshots.find(family);
  if (found == target.snapshots.end()) {
    return;  // another target of the host wants this family
  }
  const DnsAnswer& answer = host.answers.at(family);
  const bool resolves_to_nothing =
      answer.HasNoRecord() &&
      std::all_of(target.families.begin(), target.families.end(),
                  [&](IpFamily wanted) { return host.answers.at(wanted).HasNoRecord(); });
  DnsSnapshot& snapshot = found->second;
  snapshot.is_known = true;
  snapshot.last_lookup_seconds = answer.seconds;
  ++snapshot.lookups;
  if (answer.status == DnsAnswer::Status::Failed || resolves_to_nothing) {
    TakeFailure(snapshot, answer.error);
  } else {
    TakeAddresses(snapshot, answer.addresses);
  }
  writer_.Publish({target_name, family}, std::make_shared<const DnsSnapshot>(snapshot));
}

void DnsEngine::TakeFailure(DnsSnapshot& snapshot, const std::string& error) {
  ++snapshot.failures;
  snapshot.error = error;
  if (!std::exchange(snapshot.is_failing, true)) {
    log_.Write(LogLevel::Warn, "name does not resolve",
               {{"target", snapshot.target},
                {"host", snapshot.host},
                {"family", std::string(FamilyName(snapshot.family))},
                {"error", error}});
  }
}

void DnsEngine::TakeAddresses(DnsSnapshot& snapshot, const std::vector<IpAddress>& addresses) {
  const std::string family(FamilyName(snapshot.family));
  snapshot.error.clear();
  if (std::exchange(snapshot.is_failing, false)) {
    log_.Write(LogLevel::Info, "name resolves again",
               {{"target", snapshot.target}, {"host", snapshot.host}, {"family", family}});
  }
  const bool is_first = snapshot.lookups == snapshot.failures + 1;
  if (snapshot.addresses == addresses) {
    return;
  }
  snapshot.address_changes += is_first ? 0 : 1;
  snapshot.addresses = addresses;
  if (snapshot.chosen && Holds(addresses, *snapshot.chosen)) {
    return;
  }
  const std::string before = TextOf(snapshot.chosen);
  snapshot.chosen = addresses.empty() ? std::nullopt : std::optional(addresses.front());
  if (!is_first) {
    log_.Write(LogLevel::Info, "address changed",
               {{"target", snapshot.target},
                {"host", snapshot.host},
                {"family", family},
                {"before", before},
                {"now", TextOf(snapshot.chosen)}});
  }
}

Duration DnsEngine::UntilNextLookup(const Host& host) const {
  std::optional<Duration> ttl;
  for (const auto& [family, answer] : host.answers) {
    if (answer.status == DnsAnswer::Status::Failed) {
      return config_.retry_interval;
    }
    if (answer.status == DnsAnswer::Status::Addresses) {
      ttl = std::min(ttl.value_or(answer.ttl), answer.ttl);
    }
  }
  return ttl ? std::clamp(*ttl, config_.min_ttl, config_.max_ttl) : config_.retry_interval;
}

}  // namespace pathwitness
