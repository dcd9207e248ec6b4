#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/config.h"
#include "probes/base/event_log.h"
#include "probes/base/keyed_hash.h"
#include "probes/base/time.h"
#include "probes/base/timer_wheel.h"
#include "probes/dns/dns_snapshot.h"
#include "probes/engine.h"
#include "probes/net/packet_port.h"
#include "probes/trace/hash_index.h"
#include "probes/trace/packet_budget.h"
#include "probes/trace/responder_budget.h"
#include "probes/trace/shared_limits.h"
#include "probes/trace/shared_paths.h"
#include "probes/trace/trace_ledger.h"
#include "probes/trace/trace_snapshot.h"
#include "probes/trace/tracer.h"

namespace pathwitness {

/// Traces all targets over one port: asks the tracers for probes, sends them in batches, hands each
/// reply to the tracer whose flow it answers, and publishes what the ledgers make of it.
///
/// Addresses come from the DNS board, which it looks at every second.
class TraceEngine final : public Engine {
 public:
  using Done = std::function<void(std::shared_ptr<const TraceSnapshot>)>;

  /// Everything but `port` must outlive the engine. `secret` makes tokens and orders unpredictable.
  TraceEngine(std::unique_ptr<PacketPort> port, const DnsBoard& dns, TraceBoard& board,
              TraceSelfBoard& self_board, const Clock& clock, EventLog& log,
              const HashKey& secret = NewSecret());
  ~TraceEngine() override;

  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override;
  int Descriptor() const override { return port_->Descriptor(); }

  /// Traces `address` once, now, beside the target's own rounds and counted in none of them. `done`
  /// gets a snapshot of just this measurement: one round and a few end-to-end probes.
  void Measure(const TargetConfig& target, ProbeProtocol protocol, IpFamily family,
               const IpAddress& address, Done done);

 private:
  static HashKey NewSecret();

  struct Prober;
  /// Tells a prober from those that had its index before.
  struct ProberSeat {
    std::uint32_t index = 0;
    std::uint32_t number = 0;
  };

  static constexpr std::uint32_t kNobody = UINT32_MAX;
  /// A reply on its way to the tracer that it answers.
  struct Arrival {
    ProbeReply reply;
    MonoTime received;
    std::uint64_t flow = 0;
    std::uint32_t index = kNobody;  // of one prober of that flow
  };

  void LookAtAddresses(MonoTime now);
  void Reconcile(const TargetConfig& target, MonoTime now);
  void Adopt(const ProberKey& key, const TargetConfig& target, MonoTime now);
  void Dismiss(const ProberKey& key);
  std::uint32_t Seat(std::unique_ptr<Prober> prober);
  void Unseat(std::uint32_t index);

  std::optional<IpAddress> ChosenAddress(const ProberKey& key) const;
  void Aim(Prober& prober);
  void Register(Prober& prober);
  void Unregister(Prober& prober);

  void Receive();
  void OnReports(std::span<const SendReport> reports);
  void OnReport(const SendReport& report);
  void OnDatagrams(std::span<const Datagram> datagrams);
  void Decode(std::span<const Datagram> datagrams);
  ReplyFate OfferToTracers(const Arrival& arrival);
  void Count(ReplyFate fate);

  static std::uint64_t EndKey(const Prober& prober);
  void EnterPath(Prober& prober, MonoTime now);
  void LeavePath(Prober& prober);
  std::optional<ResponderBudget::Key> ResponderAt(const Prober& prober, std::uint16_t flow,
                                                  std::uint8_t ttl) const;
  HopVerdict Permit(Prober& prober, std::uint16_t flow, std::uint8_t ttl, HopTier tier,
                    MonoTime now);
  HopVerdict Ration(Prober& prober, HopTier tier, MonoTime now);
  HopVerdict Hold(Prober& prober, HopTier tier, DeferReason reason);
  void ServeWaiting(MonoTime now);
  void ServeHeld(MonoTime now);
  void OnEndToEnd(Prober& prober, const EndToEndResult& result, MonoTime now);
  void OnHopOutcome(Prober& prober, const HopOutcome& outcome, MonoTime now);
  void Credit(Prober& prober, Round& round);
  void FocusOnFailing(MonoTime now);

  template <typename IndexAt>
  void FetchProbers(std::size_t count, IndexAt index_at) const;
  void Touch(std::uint32_t index);
  void ServiceTouched(MonoTime now);
  void Service(std::uint32_t index, MonoTime now);
  void Schedule(const Prober& prober, MonoTime now);
  Prober* ProberOn(const ProberSeat& seat);
  void CollectProbes(Prober& prober, MonoTime now);
  void Post(Prober& prober, const DueProbe& due);
  void CollectResults(Prober& prober, MonoTime now);
  void Flush();
  void Publish(Prober& prober, MonoTime now);
  static std::shared_ptr<const TraceSnapshot> SnapshotOf(Prober& prober);
  void PublishSelf();

  std::unique_ptr<PacketPort> port_;
  const DnsBoard& dns_;
  TraceBoard& board_;
  TraceBoard::Writer writer_;
  TraceSelfBoard::Writer self_writer_;
  const Clock& clock_;
  EventLog& log_;
  HashKey secret_;

  std::shared_ptr<const Config> config_;
  std::map<std::string, const TargetConfig*> targets_;  // into config_; those that are traced
  std::vector<DnsBoard::Pointer> seen_addresses_;       // at the last look
  std::map<ProberKey, std::uint32_t> by_key_;
  std::vector<std::unique_ptr<Prober>> probers_;  // by index; null: free
  std::vector<bool> is_touched_;                  // by index; stands in touched_
  std::vector<std::uint32_t> free_;
  HashIndex flows_;  // indices by HashOf(FlowKey)
  TimerWheel wheel_;
  PacketBudget budget_;
  ResponderBudget responders_;
  SharedLimits networks_;    // of destinations
  SharedLimits first_hops_;  // by what chooses the first hop: source, interface, mark
  SharedPaths paths_;
  /// By EndKey, the TTL at which the destination answered last: others need not line up for it.
  std::unordered_map<std::uint64_t, std::uint8_t> ends_;
  std::set<std::uint32_t> failing_;      // probers whose loss gate was open lately
  std::deque<ProberSeat> held_;          // probers that wait for the packet budget, in order
  std::optional<std::uint32_t> served_;  // the prober whose turn it is
  std::uint32_t seated_ = 0;             // probers ever seated

  std::vector<Arrival> arrivals_;  // kept for its capacity
  std::vector<Outgoing> batch_;
  std::vector<std::uint32_t> touched_;  // probers to serve in this turn
  std::map<std::string, std::uint64_t> send_errors_;
  TraceSelf self_;
  MonoTime next_look_;
  MonoTime next_focus_;
  WallTime turn_wall_;  // the wall clock at the start of the turn
};

}  // namespace pathwitness
