#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "probes/base/event_log.h"
#include "probes/dns/dns_snapshot.h"
#include "probes/dns/resolver.h"
#include "probes/engine.h"

namespace pathwitness {

/// Keeps the addresses of all targets' hosts fresh on the board.
///
/// A host is asked for once, whatever number of targets name it, and again when its TTL ends; the
/// last good answer is kept while lookups fail. The `clock` and the Turn's `now` are the same time.
class DnsEngine final : public Engine {
 public:
  /// The board and the log must outlive the engine.
  DnsEngine(DnsBoard& board, const Clock& clock, EventLog& log);

  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override;
  int Descriptor() const override { return resolver_.Descriptor(); }

 private:
  struct Target {
    std::string host;
    std::vector<IpFamily> families;  // wanted
    std::map<IpFamily, DnsSnapshot> snapshots;
  };

  // A lookup asks for all families that the host's targets want.
  struct Host {
    std::set<std::string> targets;
    std::map<IpFamily, DnsAnswer> answers;  // of the newest lookup, as far as they have come
    std::set<IpFamily> undelivered;         // in `answers`, but not yet told to the targets
    std::uint64_t lookup = 0;               // names the newest lookup; answers to others are stale
    std::size_t in_flight = 0;
    MonoTime due = MonoTime::max();  // its entry in `due_`; max: a lookup is under way
  };

  void Watch(const TargetConfig& config, MonoTime now);
  void PublishFirst(const std::string& name, Target& target);
  void PublishLiteral(const std::string& name, const IpAddress& address);
  void Forget(const std::string& name);
  void Schedule(const std::string& host_name, MonoTime due);
  void StartLookup(const std::string& host_name, MonoTime now);
  void OnAnswer(const std::string& host_name, IpFamily family, DnsAnswer answer);
  void DeliverWhatIsClear(Host& host);
  void Deliver(const std::string& target_name, IpFamily family, const Host& host);
  void TakeFailure(DnsSnapshot& snapshot, const std::string& error);
  void TakeAddresses(DnsSnapshot& snapshot, const std::vector<IpAddress>& addresses);
  Duration UntilNextLookup(const Host& host) const;

  const Clock& clock_;
  EventLog& log_;
  DnsBoard& board_;
  DnsBoard::Writer writer_;
  ResolverConfig config_;
  std::map<std::string, Target> targets_;
  std::map<std::string, Host> hosts_;
  std::set<std::pair<MonoTime, std::string>> due_;  // hosts
  std::uint64_t last_lookup_ = 0;
  Resolver resolver_;
};

}  // namespace pathwitness
