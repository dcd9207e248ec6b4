#include "probes/trace/trace_engine.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <random>
#include <variant>

#include "probes/base/prefetch.h"
#include "probes/trace/flow_key.h"
#include "probes/trace/focus.h"
#include "probes/trace/loss_gate.h"

namespace pathwitness {
namespace {

constexpr Duration kWheelGrid = std::chrono::milliseconds(1);
constexpr Duration kLookInterval = std::chrono::seconds(1);
constexpr Duration kPublishInterval = std::chrono::seconds(5);
constexpr Duration kLongestSplay = std::chrono::seconds(10);
constexpr Duration kDeferral =
    std::chrono::milliseconds(100);  // by a network's or first hop's limit
constexpr std::size_t kBatch = 64;
constexpr std::size_t kFetched = 32;                         // probers at a time
constexpr Duration kLongestFocus = std::chrono::minutes(5);  // then the gate must close first
constexpr std::size_t kFocusSets = 50;
constexpr Duration kFocusInterval = std::chrono::seconds(5);
constexpr std::size_t kMostEnds = 100000;
constexpr ResponderBudget::Key kDestination = 0;  // what stands where the path ends
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

/// "EPERM" rather than a sentence that depends on the locale.
std::string ErrorName(std::error_code error) {
  const char* name = strerrorname_np(error.value());
  return name != nullptr ? name : "unknown";
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

/// Who waits in a responder's line. The number tells a prober from those that had its index before.
struct HopWaiter {
  std::uint32_t index = 0;
  std::uint32_t number = 0;  // 24 bits
  std::uint8_t ttl = 0;
};

ResponderBudget::Waiter Pack(const HopWaiter& waiter) {
  return std::uint64_t{waiter.index} << 32U | std::uint64_t{waiter.number & 0xFFFFFFU} << 8U |
         waiter.ttl;
}

HopWaiter Unpack(ResponderBudget::Waiter packed) {
  return {.index = static_cast<std::uint32_t>(packed >> 32U),
          .number = static_cast<std::uint32_t>(packed >> 8U) & 0xFFFFFFU,
          .ttl = static_cast<std::uint8_t>(packed)};
}

}  // namespace

// What every probe needs comes first: see Tracer's members.
struct TraceEngine::Prober {
  std::uint32_t index = 0;
  std::uint32_t number = 0;  // of 24 bits, in the order of seating
  bool is_dirty = true;
  bool is_deferred = false;  // a hop probe is held back
  bool is_queued = false;    // stands in held_
  bool has_route = false;    // `route` is another than the kernel's choice
  MonoTime published = {};
  WallTime attempted = {};  // the last probe
  Tracer tracer;
  TraceLedger ledger;
  LossGate gate = {};
  std::optional<MonoTime> focus_began = {};  // since the gate opened
  PacketRoute route;
  std::optional<IpAddress> configured_source;
  ProberKey key;
  Done done = {};  // of a single measurement; empty for a target's own prober
  std::optional<IpAddress> destination = {};   // as it is known; the tracer's may be older
  std::vector<std::uint64_t> registered = {};  // in flows_
  bool has_path = false;                       // the members below are in use
  std::uint64_t group = 0;                     // FirstHopGroup
  SharedLimits::Id network = 0;
  SharedLimits::Id first_hop = 0;
  PathMembership paths = {};
  /// Who answered last, by TTL from 1; also where a silent hop before keeps it out of `paths`.
  std::vector<std::optional<ResponderBudget::Key>> responders = {};
};

namespace {

// Of a prober: all before its ledger.
constexpr std::size_t kHotBytes = sizeof(Tracer) + 64;

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

void TraceEngine::Turn(MonoTime now) {
  turn_wall_ = clock_.WallNow();
  Receive();
  if (now >= next_look_ && config_ != nullptr) {
    LookAtAddresses(now);
    FocusOnFailing(now);
    PublishSelf();
  }
  ServeWaiting(now);
  wheel_.Expire(now, [this](std::uint32_t index) { Touch(index); });
  ServiceTouched(now);
  ServeHeld(now);
  Flush();
}

void TraceEngine::Receive() {
  // Bounded, so that a flood cannot keep the engine from sending.
  for (int i = 0; i < 256; ++i) {
    const Arrivals arrivals = port_->Receive();
    if (arrivals.datagrams.empty() && arrivals.sends.empty()) {
      return;
    }
    // Send stamps first: the replies of this batch are measured from them.
    OnReports(arrivals.sends);
    OnDatagrams(arrivals.datagrams);
  }
}

// With thousands of probers a visit is mostly waiting for memory. So the processor is told to fetch
// those of a batch all at once, and then what they point to.
template <typename IndexAt>
void TraceEngine::FetchProbers(std::size_t count, IndexAt index_at) const {
  const auto prober_at = [&](std::size_t i) {
    const std::uint32_t index = index_at(i);
    return index < probers_.size() ? probers_[index].get() : nullptr;
  };
  for (std::size_t i = 0; i < count; ++i) {
    Prefetch(prober_at(i), kHotBytes);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (const Prober* prober = prober_at(i)) {
      prober->tracer.PrefetchParts();
    }
  }
}

void TraceEngine::OnReports(std::span<const SendReport> reports) {
  while (!reports.empty()) {
    const auto part = reports.first(std::min(reports.size(), kFetched));
    FetchProbers(part.size(),
                 [&](std::size_t i) { return static_cast<std::uint32_t>(part[i].id >> 32U); });
    std::ranges::for_each(part, [this](const SendReport& report) { OnReport(report); });
    reports = reports.subspan(part.size());
  }
}

void TraceEngine::OnReport(const SendReport& report) {
  const auto index = static_cast<std::uint32_t>(report.id >> 32U);
  if (report.error) {
    ++send_errors_[ErrorName(report.error)];
  }
  if (index >= probers_.size() || probers_[index] == nullptr) {
    return;
  }
  const auto number = static_cast<std::uint32_t>(report.id);
  if (!report.error) {
    probers_[index]->tracer.OnSent(number, report.sent);
    return;
  }
  probers_[index]->tracer.OnSendFailed(number, report.error);
  Touch(index);
}

void TraceEngine::OnDatagrams(std::span<const Datagram> datagrams) {
  Decode(datagrams);
  for (Arrival& arrival : arrivals_) {
    arrival.index = flows_.Find(arrival.flow).value_or(kNobody);
  }
  FetchProbers(arrivals_.size(), [this](std::size_t i) { return arrivals_[i].index; });
  for (const Arrival& arrival : arrivals_) {
    Count(OfferToTracers(arrival));
  }
}

void TraceEngine::Decode(std::span<const Datagram> datagrams) {
  arrivals_.clear();
  for (const Datagram& datagram : datagrams) {
    std::variant<ProbeReply, DecodeError> decoded = DecodeReply(datagram.reply);
    if (const DecodeError* error = std::get_if<DecodeError>(&decoded)) {
      ++(*error == DecodeError::Malformed ? self_.replies_malformed : self_.replies_unmatched);
      continue;
    }
    auto& reply = std::get<ProbeReply>(decoded);
    const std::uint64_t flow = HashOf({reply.destination, reply.protocol, reply.flow_port});
    flows_.Prefetch(flow);
    arrivals_.push_back({.reply = std::move(reply), .received = datagram.received, .flow = flow});
  }
}

void TraceEngine::Count(ReplyFate fate) {
  switch (fate) {
    case ReplyFate::Answer:
      break;
    case ReplyFate::Late:
      ++self_.replies_late;
      break;
    case ReplyFate::Duplicate:
      ++self_.replies_duplicate;
      break;
    case ReplyFate::Spoofed:
      ++self_.replies_spoofed;
      break;
    case ReplyFate::Unmatched:
      ++self_.replies_unmatched;
      break;
  }
}

/// Two targets with one address may have drawn the same flow port: the token then tells them apart.
ReplyFate TraceEngine::OfferToTracers(const Arrival& arrival) {
  ReplyFate fate = ReplyFate::Unmatched;
  flows_.ForEach(arrival.flow, [&](std::uint32_t index) {
    Tracer& tracer = probers_[index]->tracer;
    const ReplyFate offered = tracer.OnReply(arrival.reply, arrival.received);
    const bool is_taken = offered == ReplyFate::Answer || offered == ReplyFate::Late;
    if (is_taken && tracer.HasUrgentResults()) {
      Touch(index);
    }
    fate = is_taken || fate == ReplyFate::Unmatched ? offered : fate;
    return is_taken;
  });
  return fate;
}

void TraceEngine::Touch(std::uint32_t index) {
  if (!is_touched_[index]) {
    is_touched_[index] = true;
    touched_.push_back(index);
  }
}

void TraceEngine::ServiceTouched(MonoTime now) {
  std::span<const std::uint32_t> rest(touched_);
  while (!rest.empty()) {
    const auto part = rest.first(std::min(rest.size(), kFetched));
    FetchProbers(part.size(), [part](std::size_t i) { return part[i]; });
    for (const std::uint32_t index : part) {
      is_touched_[index] = false;
      Service(index, now);
    }
    rest = rest.subspan(part.size());
  }
  touched_.clear();
}

void TraceEngine::Service(std::uint32_t index, MonoTime now) {
  if (probers_[index] == nullptr) {
    return;
  }
  Prober& prober = *probers_[index];
  CollectProbes(prober, now);
  prober.tracer.Expire(now);
  // Answers end to end are counted when there is more to do: the ledger is far away.
  if (now - prober.published >= kPublishInterval) {
    CollectResults(prober, now);
    if (prober.is_dirty) {
      Publish(prober, now);
    }
  } else if (prober.tracer.HasUrgentResults()) {
    CollectResults(prober, now);
  }
  if (prober.done && prober.tracer.IsDone()) {
    CollectResults(prober, now);
    prober.done(SnapshotOf(prober));
    Unseat(index);
    return;
  }
  Schedule(prober, now);
}

void TraceEngine::Schedule(const Prober& prober, MonoTime now) {
  const MonoTime deadline = prober.tracer.NextDeadline();
  const bool is_polled = prober.is_deferred && !prober.is_queued;
  wheel_.Set(prober.index, is_polled ? std::min(deadline, now + kDeferral) : deadline);
}

void TraceEngine::CollectProbes(Prober& prober, MonoTime now) {
  const auto ask = [&](std::uint16_t flow, std::uint8_t ttl, HopTier tier) {
    return Permit(prober, flow, ttl, tier, now);
  };
  const HopPermit permit = std::ref(ask);  // by value it would be allocated
  while (const std::optional<DueProbe> due = prober.tracer.NextProbe(now, permit)) {
    Post(prober, *due);
  }
  prober.is_deferred = prober.tracer.IsHeld();
}

void TraceEngine::Post(Prober& prober, const DueProbe& due) {
  if (due.packet.ttl != kEndToEndTtl) {
    served_.reset();  // its turn is over
    networks_.Spend(prober.network);
    first_hops_.Spend(prober.first_hop);
  }
  budget_.Spend();
  ++self_.packets_sent[static_cast<std::size_t>(due.packet.destination.Family())];
  const std::uint64_t id = (static_cast<std::uint64_t>(prober.index) << 32U) | due.number;
  batch_.push_back(
      {.id = id, .probe = due.packet, .route = prober.has_route ? &prober.route : nullptr});
  prober.attempted = turn_wall_;
  if (batch_.size() >= kBatch) {
    Flush();
  }
}

/// What probers with one destination and one first hop have in common.
std::uint64_t TraceEngine::EndKey(const Prober& prober) {
  return prober.group ^ std::hash<IpAddress>()(*prober.tracer.Destination());
}

/// The bucket of the router that will answer, as far as is known; kDestination: the path ends
/// there.
std::optional<ResponderBudget::Key> TraceEngine::ResponderAt(const Prober& prober,
                                                             std::uint16_t flow,
                                                             std::uint8_t ttl) const {
  const SharedPaths::NodeId node = prober.paths.NodeAt(flow, ttl);
  if (node != SharedPaths::kNone) {
    return ResponderBudget::OfResponder(paths_.At(node).address);
  }
  if (ttl <= prober.responders.size() && prober.responders[ttl - 1U]) {
    return prober.responders[ttl - 1U];
  }
  const auto end = ends_.find(EndKey(prober));
  return end != ends_.end() && end->second == ttl ? std::optional(kDestination) : std::nullopt;
}

HopVerdict TraceEngine::Permit(Prober& prober, std::uint16_t flow, std::uint8_t ttl, HopTier tier,
                               MonoTime now) {
  const HopVerdict rationed = Ration(prober, tier, now);
  if (rationed != HopVerdict::Send) {
    return rationed;
  }
  const std::optional<ResponderBudget::Key> known = ResponderAt(prober, flow, ttl);
  if (known == kDestination) {
    return HopVerdict::Send;
  }
  const ResponderBudget::Key key = known ? *known : responders_.OfUnknown(prober.group, ttl);
  if (prober.done) {
    responders_.Charge(key, now);  // somebody waits for it: the others do instead
    return HopVerdict::Send;
  }
  if (tier == HopTier::Focus) {
    return responders_.TryAsk(key, now) ? HopVerdict::Send : HopVerdict::Drop;
  }
  const HopWaiter waiter{.index = prober.index, .number = prober.number, .ttl = ttl};
  using Turn = ResponderBudget::Turn;
  const Turn turn = prober.tracer.IsNew(ttl) ? Turn::New : Turn::Usual;
  if (responders_.Ask(key, now, Pack(waiter), turn)) {
    return HopVerdict::Send;
  }
  ++self_.deferred[static_cast<std::size_t>(DeferReason::ResponderBudget)];
  return HopVerdict::Wait;
}

/// What the limits over many responders say. Whoever finds the packet budget empty, or others
/// waiting for it, waits in line with them.
HopVerdict TraceEngine::Ration(Prober& prober, HopTier tier, MonoTime now) {
  const bool is_first = held_.empty() || served_ == prober.index;
  if (!is_first || !budget_.MaySend(tier, now)) {
    if (tier != HopTier::Focus && !std::exchange(prober.is_queued, true)) {
      held_.push_back({prober.index, prober.number});
    }
    return Hold(prober, tier, DeferReason::Budget);
  }
  if (!networks_.HasRoom(prober.network, now)) {
    return Hold(prober, tier, DeferReason::Network);
  }
  if (!first_hops_.HasRoom(prober.first_hop, now)) {
    return Hold(prober, tier, DeferReason::FirstHop);
  }
  return HopVerdict::Send;
}

HopVerdict TraceEngine::Hold(Prober& prober, HopTier tier, DeferReason reason) {
  if (tier == HopTier::Focus) {
    return HopVerdict::Drop;
  }
  // Each probe that is put off counts once, however long it waits.
  self_.deferred[static_cast<std::size_t>(reason)] += prober.is_deferred ? 0U : 1U;
  return HopVerdict::Hold;
}

/// One hop probe each for those that wait for the packet budget, in turn.
void TraceEngine::ServeHeld(MonoTime now) {
  for (std::size_t left = held_.size(); left > 0 && budget_.MaySend(HopTier::Round, now); --left) {
    const ProberSeat seat = held_.front();
    held_.pop_front();
    if (Prober* prober = ProberOn(seat)) {
      prober->is_queued = false;
      served_ = seat.index;
      Service(seat.index, now);
      served_.reset();
    }
  }
}

TraceEngine::Prober* TraceEngine::ProberOn(const ProberSeat& seat) {
  Prober* prober = seat.index < probers_.size() ? probers_[seat.index].get() : nullptr;
  return prober != nullptr && prober->number == seat.number ? prober : nullptr;
}

void TraceEngine::ServeWaiting(MonoTime now) {
  const auto send = [&](ResponderBudget::Waiter packed) {
    const HopWaiter waiter = Unpack(packed);
    Prober* prober = ProberOn({waiter.index, waiter.number});
    if (prober == nullptr) {
      return false;
    }
    const std::optional<DueProbe> due = prober->tracer.ProbeWaiting(waiter.ttl, now);
    if (due) {
      Post(*prober, *due);
      Schedule(*prober, now);
    }
    return due.has_value();
  };
  const auto foresee = [&](std::span<const ResponderBudget::Waiter> waiters) {
    FetchProbers(waiters.size(), [&](std::size_t i) { return Unpack(waiters[i]).index; });
  };
  responders_.Serve(
      now, send, [&] { return budget_.MaySend(HopTier::Round, now); }, foresee);
}

void TraceEngine::OnHopOutcome(Prober& prober, const HopOutcome& outcome, MonoTime now) {
  const std::uint8_t ttl = outcome.ttl;
  const std::optional<ResponderBudget::Key> before = ResponderAt(prober, outcome.flow, ttl);
  if (!outcome.is_answered) {
    prober.paths.OnSilence(paths_, outcome.flow, ttl);
    // A responder that is silent while the path works protects itself.
    if (before && *before != kDestination && prober.gate.IsClean(now)) {
      responders_.OnMasked(*before, now);
    }
    return;
  }
  const bool is_destination = outcome.responder == prober.tracer.Destination();
  const ResponderBudget::Key key =
      is_destination ? kDestination : ResponderBudget::OfResponder(outcome.responder);
  const ResponderBudget::Key asked = before ? *before : responders_.OfUnknown(prober.group, ttl);
  if (before != key) {
    responders_.OnSeen(prober.group, ttl, outcome.responder);
  }
  prober.responders.resize(std::max<std::size_t>(prober.responders.size(), ttl));
  prober.responders[ttl - 1U] = key;
  if (!is_destination) {
    if (asked != key) {
      responders_.Charge(key, now);  // it was another's turn
    }
    responders_.OnAnswer(key, outcome.round_trip.value_or(prober.tracer.Trace().timeout), now);
  }
  if (is_destination && before != key) {
    if (ends_.size() > kMostEnds) {
      ends_.clear();
    }
    ends_[EndKey(prober)] = ttl;
  }
  if (outcome.is_end) {
    return prober.paths.OnEnd(paths_, outcome.flow, ttl);
  }
  prober.paths.OnAnswer(paths_, outcome.flow, ttl, outcome.responder, outcome.round_trip);
}

/// Counts what other paths found out about the hops that this one shares with them.
void TraceEngine::Credit(Prober& prober, Round& round) {
  if (prober.done || !prober.has_path) {
    return;
  }
  prober.paths.TakeCredits(paths_, [&](const PathMembership::Credit& credit) {
    prober.ledger.OnCredit(credit);
    if (credit.ttl <= round.hops.size()) {
      round.hops[credit.ttl - 1U].credited += credit.evidence.probes;
      round.hops[credit.ttl - 1U].credited_missing += credit.evidence.missing;
    }
  });
  for (Hop& hop : round.hops) {
    const SharedPaths::NodeId node = prober.paths.NodeAt(round.flow, hop.ttl);
    if (hop.sent == 0 && node != SharedPaths::kNone) {
      hop.known_responder = paths_.At(node).address;
    }
  }
}

void TraceEngine::FocusOnFailing(MonoTime now) {
  if (now < next_focus_) {
    return;
  }
  next_focus_ = now + kFocusInterval;
  std::vector<FailingPath> failing;
  for (auto it = failing_.begin(); it != failing_.end();) {
    Prober& prober = *probers_[*it];
    if (!prober.gate.IsOpen(now)) {
      prober.focus_began.reset();
      prober.tracer.Focus(now);
      it = failing_.erase(it);
      continue;
    }
    failing.push_back({.prober = *it++, .paths = &prober.paths});
  }
  self_.focus_sets = 0;
  for (const std::uint32_t index : PickFocus(paths_, failing, kFocusSets)) {
    Prober& prober = *probers_[index];
    prober.focus_began = prober.focus_began.value_or(now);
    prober.tracer.Focus(*prober.focus_began + kLongestFocus);
    self_.focus_sets += now < *prober.focus_began + kLongestFocus ? 1U : 0U;
  }
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

void TraceEngine::Flush() {
  if (batch_.empty()) {
    return;
  }
  port_->Send(batch_);
  // Until the kernel's stamp comes, and where none does: the time when the batch was handed over.
  const MonoTime sent = clock_.Now();
  for (const Outgoing& outgoing : batch_) {
    probers_[outgoing.id >> 32U]->tracer.OnSent(static_cast<std::uint32_t>(outgoing.id), sent);
  }
  batch_.clear();
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

MonoTime TraceEngine::NextDeadline() const {
  const MonoTime waiting = held_.empty() ? responders_.NextDeadline() : MonoTime::min();
  const MonoTime served =
      waiting == MonoTime::max() ? waiting : std::max(waiting, budget_.NextToken());
  return std::min({next_look_, wheel_.NextDeadline(clock_.Now()), served});
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
