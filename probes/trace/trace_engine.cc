#include "probes/trace/trace_engine.h"

#include <algorithm>
#include <optional>
#include <random>

#include "probes/trace/flow_key.h"
#include "probes/trace/trace_prober.h"

namespace pathwitness {
namespace {

constexpr Duration kWheelGrid = std::chrono::milliseconds(1);
constexpr Duration kLookInterval = std::chrono::seconds(1);
constexpr Duration kLongestSplay = std::chrono::seconds(10);
constexpr HashKey kSplayKey = {0x73706c6179, 0};

ProbeProtocol ToProbeProtocol(TraceProtocol protocol) {
  switch (protocol) {
    case TraceProtocol::Udp:
      return ProbeProtocol::Udp;
    case TraceProtocol::Tcp:
      return ProbeProtocol::Tcp;
    case TraceProtocol::Icmp:
      break;
  }
  return ProbeProtocol::Icmp;
}

ProberKind KindOf(ProbeProtocol protocol) {
  switch (protocol) {
    case ProbeProtocol::Udp:
      return ProberKind::TraceUdp;
    case ProbeProtocol::Tcp:
      return ProberKind::TraceTcp;
    case ProbeProtocol::Icmp:
      break;
  }
  return ProberKind::TraceIcmp;
}

ProbeProtocol ProtocolOf(ProberKind kind) {
  switch (kind) {
    case ProberKind::TraceUdp:
      return ProbeProtocol::Udp;
    case ProberKind::TraceTcp:
      return ProbeProtocol::Tcp;
    default:
      return ProbeProtocol::Icmp;
  }
}

IpFamily FamilyOf(const ProberKey& key) {
  return key.family == ProberFamily::Ipv6 ? IpFamily::Ipv6 : IpFamily::Ipv4;
}

std::uint64_t HashOf(const ProberKey& key) {
  return KeyedHash<3>(kSplayKey,
                      {std::hash<std::string>()(key.target), static_cast<std::uint64_t>(key.prober),
                       static_cast<std::uint64_t>(key.family)});
}

/// The configured source of `family`, if any.
std::optional<IpAddress> ConfiguredSource(const RouteConfig& route, IpFamily family) {
  for (const IpAddress& address : route.source_addresses) {
    if (address.Family() == family) {
      return address;
    }
  }
  return std::nullopt;
}

std::uint64_t HashBytes(std::span<const std::byte> bytes, std::uint64_t seed) {
  for (const std::byte byte : bytes) {
    seed = KeyedHash<2>(kSplayKey, {seed, std::to_integer<std::uint64_t>(byte)});
  }
  return seed;
}

/// What chooses the first hop: packets with an equal one leave by the same router.
std::uint64_t FirstHopGroup(const IpAddress& source, const PacketRoute& route) {
  const std::uint64_t hash = HashBytes(source.Bytes(), route.mark);
  return HashBytes(std::as_bytes(std::span(route.interface)), hash);
}

/// The /24 or /48 of a destination.
std::uint64_t NetworkOf(const IpAddress& destination) {
  constexpr std::size_t kIpv4Bytes = 3;
  constexpr std::size_t kIpv6Bytes = 6;
  const bool is_ipv4 = destination.Family() == IpFamily::Ipv4;
  return HashBytes(destination.Bytes().first(is_ipv4 ? kIpv4Bytes : kIpv6Bytes), is_ipv4 ? 4 : 6);
}

}  // namespace

HashKey TraceEngine::NewSecret() {
  std::random_device device;
  const auto word = [&device] { return (static_cast<std::uint64_t>(device()) << 32U) | device(); };
  return {word(), word()};
}

TraceEngine::TraceEngine(std::unique_ptr<PacketPort> port, const DnsBoard& dns, TraceBoard& board,
                         TraceSelfBoard& self_board, const Clock& clock, EventLog& log,
                         const HashKey& secret)
    : port_(std::move(port)),
      dns_(dns),
      board_(board),
      writer_(board.NewWriter()),
      self_writer_(self_board.NewWriter()),
      clock_(clock),
      log_(log),
      secret_(secret),
      wheel_(kWheelGrid, clock.Now()),
      budget_(clock.Now()),
      next_look_(clock.Now()) {
  self_.is_privileged = port_->Supports(ProbeProtocol::Tcp, IpFamily::Ipv4) ||
                        port_->Supports(ProbeProtocol::Tcp, IpFamily::Ipv6);
}

TraceEngine::~TraceEngine() = default;

void TraceEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  config_ = std::move(config);
  targets_.clear();
  for (const TargetConfig& target : config_->targets) {
    if (!target.host.empty() && !target.trace.protocols.empty()) {
      targets_.emplace(target.name, &target);
    }
  }
  budget_.SetRate(config_->probing.packets_per_second);
  networks_.SetRate(config_->probing.packets_per_second_per_network);
  first_hops_.SetRate(config_->probing.packets_per_second_per_first_hop);
  self_.packet_budget_per_second = config_->probing.packets_per_second;

  std::vector<ProberKey> gone;
  for (const auto& [key, index] : by_key_) {
    if (!targets_.contains(key.target)) {
      gone.push_back(key);
    }
  }
  for (const ProberKey& key : gone) {
    Dismiss(key);
  }
  for (const auto& [name, target] : targets_) {
    Reconcile(*target, now);
  }
  seen_addresses_.clear();
  next_look_ = now;
}

// Pointers to snapshots are compared: whatever changed has a new one.
void TraceEngine::LookAtAddresses(MonoTime now) {
  next_look_ = now + kLookInterval;
  std::vector<DnsBoard::Pointer> addresses = dns_.All();
  std::map<std::string, const TargetConfig*> changed;
  const auto note = [&](const DnsBoard::Pointer& pointer) {
    const auto target = targets_.find(pointer->target);
    if (target != targets_.end()) {
      changed.insert(*target);
    }
  };
  std::size_t common = std::min(addresses.size(), seen_addresses_.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (addresses[i] != seen_addresses_[i]) {
      note(addresses[i]);
      note(seen_addresses_[i]);
    }
  }
  std::for_each(addresses.begin() + static_cast<std::ptrdiff_t>(common), addresses.end(), note);
  std::for_each(seen_addresses_.begin() + static_cast<std::ptrdiff_t>(common),
                seen_addresses_.end(), note);
  seen_addresses_ = std::move(addresses);
  for (const auto& [name, target] : changed) {
    Reconcile(*target, now);
  }
}

/// Makes the target's probers those that its configuration and its addresses ask for.
void TraceEngine::Reconcile(const TargetConfig& target, MonoTime now) {
  std::vector<ProberKey> wanted;
  for (const IpFamily family : ProbedFamilies(dns_, target.name, target.families)) {
    for (const TraceProtocol protocol : target.trace.protocols) {
      wanted.push_back({target.name, KindOf(ToProbeProtocol(protocol)), ToProberFamily(family)});
    }
  }
  std::vector<ProberKey> gone;
  for (auto it = by_key_.lower_bound({target.name, ProberKind::TraceIcmp, ProberFamily::Ipv4});
       it != by_key_.end() && it->first.target == target.name; ++it) {
    if (std::find(wanted.begin(), wanted.end(), it->first) == wanted.end()) {
      gone.push_back(it->first);
    }
  }
  for (const ProberKey& key : gone) {
    Dismiss(key);
  }
  for (const ProberKey& key : wanted) {
    Adopt(key, target, now);
  }
}

void TraceEngine::Adopt(const ProberKey& key, const TargetConfig& target, MonoTime now) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    Prober& prober = *probers_[known->second];
    if (prober.tracer.Trace() != target.trace) {
      Unregister(prober);
      LeavePath(prober);
      prober.tracer.Reconfigure(target.trace);
    }
    prober.destination = ChosenAddress(key);
    prober.configured_source = ConfiguredSource(target.route, FamilyOf(key));
    prober.route = {.interface = target.route.interface, .mark = target.route.mark};
    prober.has_route = prober.route != PacketRoute();
    prober.ledger.Reconfigure(target.trace.interval, config_->metrics.rtt_buckets,
                              target.trace.flows);
    Aim(prober);
    wheel_.Set(prober.index, now);
    return;
  }
  const Duration splay(static_cast<Duration::rep>(
      HashOf(key) %
      static_cast<std::uint64_t>(std::min(target.trace.interval, kLongestSplay).count())));
  auto prober = std::make_unique<Prober>(Prober{
      .tracer = Tracer({.target = target.name,
                        .protocol = ProtocolOf(key.prober),
                        .trace = target.trace,
                        .secret = {secret_[0], secret_[1] ^ HashOf(key)}},
                       now + splay),
      .ledger =
          TraceLedger(key, config_->metrics.rtt_buckets, target.trace.flows, clock_.WallNow()),
      .route = {.interface = target.route.interface, .mark = target.route.mark},
      .configured_source = ConfiguredSource(target.route, FamilyOf(key)),
      .key = key,
      .destination = ChosenAddress(key)});
  prober->ledger.Reconfigure(target.trace.interval, config_->metrics.rtt_buckets,
                             target.trace.flows);
  if (const TraceBoard::Pointer previous = board_.Find(key)) {
    prober->ledger.Resume(*previous);
  }
  prober->attempted = prober->ledger.Status().last_attempt;
  Prober& seated = *prober;
  by_key_.emplace(key, Seat(std::move(prober)));
  Aim(seated);
  Publish(seated, now);
}

void TraceEngine::Dismiss(const ProberKey& key) {
  const auto known = by_key_.find(key);
  Unseat(known->second);
  by_key_.erase(known);
  writer_.Remove(key);
}

std::uint32_t TraceEngine::Seat(std::unique_ptr<Prober> prober) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(probers_.size()));
    probers_.emplace_back();
    is_touched_.push_back(false);
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  prober->index = index;
  prober->has_route = prober->route != PacketRoute();
  prober->number = ++seated_ & 0xFFFFFFU;
  wheel_.Set(index, prober->tracer.NextDeadline());
  probers_[index] = std::move(prober);
  return index;
}

void TraceEngine::Unseat(std::uint32_t index) {
  Unregister(*probers_[index]);
  LeavePath(*probers_[index]);
  failing_.erase(index);
  wheel_.Cancel(index);
  probers_[index].reset();
  free_.push_back(index);
}

/// The address to probe now, if there is one.
std::optional<IpAddress> TraceEngine::ChosenAddress(const ProberKey& key) const {
  const DnsBoard::Pointer known = dns_.Find({key.target, FamilyOf(key)});
  return known != nullptr ? known->chosen : std::nullopt;
}

/// Points the tracer to the address and source that are right now.
void TraceEngine::Aim(Prober& prober) {
  const IpFamily family = FamilyOf(prober.key);
  const std::optional<IpAddress>& destination = prober.destination;
  const std::uint16_t port =
      prober.tracer.Protocol() == ProbeProtocol::Icmp ? 0 : prober.tracer.Trace().port;
  const auto give_up = [&](UnsentReason reason) {
    prober.ledger.SetAddresses(destination ? destination->ToString() : "", "", port);
    Unregister(prober);
    LeavePath(prober);
    prober.tracer.Untarget(reason);
  };
  if (!destination) {
    return give_up(UnsentReason::Dns);
  }
  if (!port_->Supports(prober.tracer.Protocol(), family)) {
    return give_up(UnsentReason::Unsupported);
  }
  std::error_code error;
  const IpAddress source = prober.configured_source
                               ? *prober.configured_source
                               : port_->SourceFor(*destination, prober.route, error);
  if (error) {
    return give_up(UnsentReason::NoRoute);
  }
  const bool is_same =
      prober.tracer.Destination() == destination && prober.tracer.Source() == source;
  if (is_same && prober.has_path) {
    return;
  }
  prober.ledger.SetAddresses(destination->ToString(), source.ToString(), port);
  if (!is_same) {
    Unregister(prober);
    LeavePath(prober);
    prober.tracer.Retarget(*destination, source);
  }
  prober.ledger.SetFlowPorts(prober.tracer.FlowPorts());
  Register(prober);
  EnterPath(prober, clock_.Now());
}

void TraceEngine::EnterPath(Prober& prober, MonoTime now) {
  if (prober.has_path || !prober.tracer.Destination()) {
    return;
  }
  prober.has_path = true;
  prober.group = FirstHopGroup(prober.tracer.Source(), prober.route);
  prober.network = networks_.Enter(NetworkOf(*prober.tracer.Destination()), now);
  prober.first_hop = first_hops_.Enter(prober.group, now);
  // Filters and balancers treat protocols differently: what one saw is no evidence for another.
  const auto protocol = static_cast<std::uint64_t>(prober.tracer.Protocol());
  prober.paths.Enter(KeyedHash<2>(kSplayKey, {prober.group, protocol}),
                     prober.tracer.FlowPorts().size());
}

void TraceEngine::LeavePath(Prober& prober) {
  if (!std::exchange(prober.has_path, false)) {
    return;
  }
  networks_.Leave(prober.network);
  first_hops_.Leave(prober.first_hop);
  prober.paths.Leave(paths_);
  prober.responders.clear();
}

void TraceEngine::Register(Prober& prober) {
  if (!prober.registered.empty() || !prober.tracer.Destination()) {
    return;
  }
  for (const std::uint16_t flow_port : prober.tracer.FlowPorts()) {
    const std::uint64_t flow =
        HashOf({*prober.tracer.Destination(), prober.tracer.Protocol(), flow_port});
    flows_.Add(flow, prober.index);
    prober.registered.push_back(flow);
  }
}

void TraceEngine::Unregister(Prober& prober) {
  for (const std::uint64_t flow : prober.registered) {
    flows_.Remove(flow, prober.index);
  }
  prober.registered.clear();
}

void TraceEngine::OnEndToEnd(Prober& prober, const EndToEndResult& result, MonoTime now) {
  prober.ledger.OnEndToEnd(result);
  prober.is_dirty = true;
  if (result.kind == EndToEndResult::Kind::Unsent) {
    return;  // tells nothing of the path
  }
  const bool is_lost = result.kind == EndToEndResult::Kind::Lost;
  prober.gate.OnProbe(is_lost, now);
  if (is_lost && !prober.done && prober.gate.IsOpen(now)) {
    failing_.insert(prober.index);
  }
}

void TraceEngine::CollectResults(Prober& prober, MonoTime now) {
  prober.tracer.TakeEndToEnd(
      now, [&](const EndToEndResult& result) { OnEndToEnd(prober, result, now); });
  prober.tracer.TakeHopOutcomes(
      [&](const HopOutcome& outcome) { OnHopOutcome(prober, outcome, now); });
  prober.tracer.TakeUnreachable([&](UnreachableCode code) { prober.ledger.OnUnreachable(code); });
  if (const Tracer::Skipped skipped = prober.tracer.TakeSkipped(); skipped != Tracer::Skipped()) {
    prober.ledger.OnSkipped(SkipReason::Overrun, skipped.overrun);
    prober.ledger.OnSkipped(SkipReason::Budget, skipped.budget);
    self_.shed[static_cast<std::size_t>(ShedTier::Focus)] += skipped.shed_focus;
    self_.shed[static_cast<std::size_t>(ShedTier::Hop)] += skipped.shed_hops;
  }
  while (std::optional<Round> round = prober.tracer.TakeFinished(now, turn_wall_)) {
    Credit(prober, *round);
    const bool is_transition = prober.ledger.OnRound(std::move(*round), turn_wall_);
    if (prober.done) {
      continue;
    }
    if (is_transition) {
      const bool is_up = prober.ledger.Status().state == ProberState::Up;
      log_.Write(is_up ? LogLevel::Info : LogLevel::Warn, is_up ? "target is up" : "target is down",
                 {{"target", prober.key.target},
                  {"prober", std::string(ProberName(prober.key.prober))},
                  {"family", std::string(ProberFamilyName(prober.key.family))},
                  {"address", prober.ledger.Status().address}});
    }
    Aim(prober);
    Publish(prober, now);
  }
}

void TraceEngine::Publish(Prober& prober, MonoTime now) {
  prober.published = now;
  prober.is_dirty = false;
  if (!prober.done) {
    writer_.Publish(prober.key, SnapshotOf(prober));
  }
}

std::shared_ptr<const TraceSnapshot> TraceEngine::SnapshotOf(Prober& prober) {
  prober.ledger.OnAttempt(prober.attempted);
  return prober.ledger.Snapshot();
}

void TraceEngine::PublishSelf() {
  self_.send_errors.assign(send_errors_.begin(), send_errors_.end());
  self_.receive_drops = port_->ReceiveDrops();
  self_.responders = responders_.Buckets();
  self_.waiting = responders_.Waiting();
  self_writer_.Publish(0, std::make_shared<const TraceSelf>(self_));
}

void TraceEngine::Measure(const TargetConfig& target, ProbeProtocol protocol, IpFamily family,
                          const IpAddress& address, Done done) {
  constexpr std::uint64_t kEndToEndProbes = 5;
  TraceConfig once = target.trace;
  once.interval = std::chrono::seconds(1);
  once.end_to_end_interval = std::chrono::milliseconds(200);
  once.timeout = std::min<Duration>(once.timeout, std::chrono::seconds(1));
  once.flows = 1;
  const ProberKey key{target.name, KindOf(protocol), ToProberFamily(family)};
  auto prober = std::make_unique<Prober>(
      // The name keeps its flow apart from those of the target's own prober.
      Prober{.tracer = Tracer({.target = target.name + "/now",
                               .protocol = protocol,
                               .trace = once,
                               .secret = NewSecret(),
                               .round_limit = 1,
                               .end_to_end_limit = kEndToEndProbes},
                              clock_.Now()),
             .ledger = TraceLedger(key, config_->metrics.rtt_buckets, 1, clock_.WallNow()),
             .route = {.interface = target.route.interface, .mark = target.route.mark},
             .configured_source = ConfiguredSource(target.route, family),
             .key = key,
             .done = std::move(done),
             .destination = address});
  prober->attempted = prober->ledger.Status().last_attempt;
  prober->ledger.Reconfigure(once.interval, config_->metrics.rtt_buckets, 1);
  Prober& seated = *prober;
  Seat(std::move(prober));
  Aim(seated);
}

}  // namespace pathwitness
