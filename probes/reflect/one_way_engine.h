#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "probes/base/event_log.h"
#include "probes/dns/dns_snapshot.h"
#include "probes/dns/epoll_set.h"
#include "probes/engine.h"
#include "probes/net/socket.h"
#include "probes/reflect/key_ring.h"
#include "probes/reflect/one_way_count.h"
#include "probes/reflect/one_way_snapshot.h"

namespace pathwitness {

/// Asks the reflectors of targets, without pause, what arrived there: one prober for each target
/// that has one and each family. Each has a socket, and so a flow, of its own.
///
/// Requests go out every `reflector.interval`; what is known by then is on the board every
/// kRoundEvery, or after each request where they are rarer. The key file is read for each round.
class OneWayEngine final : public Engine {
 public:
  static constexpr Duration kRoundEvery = std::chrono::seconds(5);
  static constexpr Duration kChecksFamiliesEvery = std::chrono::seconds(1);

  /// Everything referred to must outlive the engine. `clock` and Turn's `now` are the same time.
  OneWayEngine(const DnsBoard& dns, OneWayBoard& board, const Clock& clock, EventLog& log);

  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override;
  int Descriptor() const override { return sockets_.Descriptor(); }

 private:
  struct Prober {
    TargetConfig target;
    IpFamily family = IpFamily::Ipv4;
    FileDescriptor socket;
    std::optional<IpAddress> address;  // that the socket is connected to
    std::optional<KeyRing> keys;
    OneWayCount count;
    OneWaySnapshot snapshot;
    std::uint64_t answers_in_round = 0;
    MonoTime request_due;
    MonoTime round_due;
  };

  void CheckFamilies(MonoTime now);
  void Watch(const TargetConfig& target, IpFamily family, MonoTime now);
  void ForgetOthers(const std::set<ProberKey>& wanted);
  void OnDue(const ProberKey& key, MonoTime now);
  void SendRequest(Prober& prober);
  void FinishRound(Prober& prober, MonoTime now);
  void Connect(Prober& prober);
  void ReadAnswers(Prober& prober, MonoTime now);
  void OnDatagram(Prober& prober, std::span<const std::byte> bytes, MonoTime now);
  void Publish(const Prober& prober);

  const DnsBoard& dns_;
  OneWayBoard& board_;
  OneWayBoard::Writer writer_;
  const Clock& clock_;
  EventLog& log_;
  EpollSet sockets_;
  std::shared_ptr<const Config> config_;
  std::map<ProberKey, Prober> probers_;
  std::map<int, ProberKey> by_socket_;
  std::set<std::pair<MonoTime, ProberKey>> due_;
  MonoTime families_due_;
};

}  // namespace pathwitness
