#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "config/config.h"
#include "probes/base/event_log.h"
#include "probes/dns/dns_snapshot.h"
#include "probes/engine.h"
#include "probes/pulse/heartbeat_store.h"
#include "probes/pulse/pulse_looker.h"
#include "probes/pulse/pulse_snapshot.h"

namespace pathwitness {

/// Watches how fresh other things are: one prober, of family None, for each target with a pulse.
///
/// The first look comes within two seconds, at a moment that the target's name decides, and then
/// one every interval; a round whose predecessor is not over is skipped and counted.
class PulseEngine final : public Engine {
 public:
  using Measured = std::function<void(std::shared_ptr<const PulseSnapshot>)>;

  /// Everything referred to must outlive the engine. `clock` and Turn's `now` are the same time.
  PulseEngine(const DnsBoard& dns, PulseBoard& board, const Clock& clock, EventLog& log);

  /// Beats that are not yet on disk are written now.
  ~PulseEngine() override;

  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override;
  int Descriptor() const override { return looker_.Descriptor(); }

  /// Takes a pushed beat: it is on the board when this returns, and on disk too, at the latest a
  /// second after. False when no target of this name waits for beats.
  bool OnHeartbeat(const std::string& target, WallTime now);

  /// Looks once, now, beside the schedule. The snapshot that `done` gets counts this look alone;
  /// it comes from a later Turn, of a pushed pulse at once. Pre: the target has a pulse.
  void Measure(const TargetConfig& target, Measured done);

 private:
  struct Prober {
    TargetConfig target;
    PulseSnapshot snapshot;
    std::uint64_t id = 0;  // never used twice, so that late looks find nobody
    MonoTime due;
    bool is_looking = false;
  };

  void UseStore(const Config& config);
  void ForgetMissing(const Config& config);
  void Watch(const TargetConfig& target, MonoTime now);
  void OnRound(const std::string& name, MonoTime now);
  void FinishRound(Prober& prober, const PulseSight& sight);
  void LogTransition(ProberState before, const PulseSnapshot& snapshot);
  PulseSight PushedSight(const std::string& name) const;
  void Flush(PulseSnapshot* counted, MonoTime now);
  void Publish(const Prober& prober);

  PulseBoard& board_;
  PulseBoard::Writer writer_;
  const Clock& clock_;
  EventLog& log_;
  PulseLooker looker_;
  std::unique_ptr<HeartbeatStore> store_;  // null until a target waits for beats
  MonoTime next_flush_{};                  // at most one a second
  std::map<std::string, Prober> probers_;
  std::set<std::pair<MonoTime, std::string>> due_;
  std::uint64_t last_id_ = 0;
};

}  // namespace pathwitness
