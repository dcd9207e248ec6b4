#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "probes/base/event_log.h"
#include "probes/dns/dns_snapshot.h"
#include "probes/engine.h"
#include "probes/http/http_client.h"
#include "probes/https/https_snapshot.h"
#include "probes/https/response_judge.h"

namespace pathwitness {

/// Requests every target's URL in its interval, once for each family, and publishes what came back.
///
/// It connects to the address that DnsSnapshot::chosen gives to all probers of a target, so that
/// the service and the path to it are judged by the same address; a URL with a literal address is
/// requested there. A target that cannot be resolved is a failed request, never a missing one.
///
/// Rounds have a fixed phase, spread over the interval by the prober's key. A due round waits for
/// its turn under the connection budgets, and its timing starts when the request does.
class HttpsEngine final : public Engine {
 public:
  using Measured = std::function<void(std::shared_ptr<const HttpsSnapshot>)>;

  /// Everything referred to must outlive the engine. `clock` and Turn's `now` are the same time.
  HttpsEngine(const DnsBoard& dns, HttpsBoard& board, const Clock& clock, EventLog& log);

  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override;
  int Descriptor() const override { return client_.Descriptor(); }

  /// Makes one request now, beside the schedule and its budgets. The snapshot that `done` gets from
  /// a later Turn counts this request alone; the prober's own series do not count it.
  void Measure(const TargetConfig& target, IpFamily family, IpAddress address, Measured done);

 private:
  using Id = std::uint64_t;  // of a prober; never used twice, so that late results find nobody
  using Agenda = std::set<std::pair<MonoTime, Id>>;  // entries of gone probers are skipped

  struct Prober {
    std::string target;
    IpFamily family = IpFamily::Ipv4;
    bool is_busy = false;           // waits for its turn or is under way
    MonoTime pause_until;           // the service asked for it
    std::uint64_t standstills = 0;  // there had been when its request began
    HttpsSnapshot snapshot;
  };

  struct Target {
    TargetConfig config;
    std::string url_host;
    std::optional<IpAddress> literal;  // the URL's host, when it is an address
    std::shared_ptr<const ResponseJudge> judge;
    std::map<IpFamily, Id> probers;
    MonoTime next_family_check;
  };

  void Watch(const TargetConfig& config, MonoTime now);
  void Forget(const std::string& name);
  void ForgetMissing(const Config& config);
  void CheckFamilies(const std::string& name, MonoTime due, MonoTime now);
  void AddProber(Target& target, IpFamily family, MonoTime now);
  void RemoveProber(Target& target, IpFamily family);
  void OnRound(Id id, MonoTime due, MonoTime now);
  void Enqueue(Id id, const Target& target, MonoTime now);
  void StartWaiting(MonoTime now);
  void StartRequest(Id id, Prober& prober);
  void OnResult(Id id, HttpResult result);
  void Publish(const Prober& prober);
  HttpOrder OrderFor(const TargetConfig& config, const IpAddress& address) const;

  const DnsBoard& dns_;
  HttpsBoard& board_;
  HttpsBoard::Writer writer_;
  const Clock& clock_;
  EventLog& log_;
  HttpClient client_;

  std::shared_ptr<const Config> config_;
  std::map<std::string, Target> targets_;
  std::map<Id, Prober> probers_;
  Id last_id_ = 0;
  Agenda rounds_;   // one entry for each prober
  Agenda waiting_;  // when each may start under its host's rate
  std::set<std::pair<MonoTime, std::string>> family_checks_;  // one entry for each target
  std::map<std::string, MonoTime> host_free_;  // when a host may be connected to again
  unsigned in_flight_ = 0;
  MonoTime last_turn_;
  std::uint64_t standstills_ = 0;  // of this program
};

}  // namespace pathwitness
