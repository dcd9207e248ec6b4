#include "probes/reflect/one_way_engine.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>
#include <variant>

#include "probes/reflect/reflect_codec.h"

namespace pathwitness {
namespace {

constexpr int kReadsPerTurn = 64;  // of one socket; the rest waits for the next turn

constexpr std::size_t Index(auto enumerator) {
  return static_cast<std::size_t>(enumerator);
}

ProberKey KeyOf(const std::string& target, IpFamily family) {
  return {.target = target, .prober = ProberKind::Reflector, .family = ToProberFamily(family)};
}

std::uint64_t RandomNumber() {
  std::random_device source;
  return (std::uint64_t{source()} << 32U) | source();
}

bool IsSameWork(const TargetConfig& a, const TargetConfig& b) {
  return a.host == b.host && a.route == b.route && a.reflector == b.reflector;
}

Duration RoundOf(const ReflectorConfig& reflector) {
  return std::max<Duration>(OneWayEngine::kRoundEvery, reflector.interval);
}

std::optional<IpAddress> OfFamily(const std::vector<IpAddress>& addresses, IpFamily family) {
  const auto found = std::ranges::find(addresses, family, &IpAddress::Family);
  return found == addresses.end() ? std::nullopt : std::optional(*found);
}

/// Which families the target's reflector is asked over now.
std::vector<IpFamily> FamiliesOf(const TargetConfig& target, const DnsBoard& dns) {
  if (target.reflector.addresses.empty()) {
    return ProbedFamilies(dns, target.name, target.families);
  }
  std::vector<IpFamily> families;
  std::ranges::transform(target.reflector.addresses, std::back_inserter(families),
                         &IpAddress::Family);
  return families;
}

std::optional<IpAddress> AddressOf(const TargetConfig& target, IpFamily family,
                                   const DnsBoard& dns) {
  if (!target.reflector.addresses.empty()) {
    return OfFamily(target.reflector.addresses, family);
  }
  const DnsBoard::Pointer known = dns.Find({target.name, family});
  return known ? known->chosen : std::nullopt;
}

/// A socket with the target's route that is connected to its reflector; not open when the kernel
/// refuses.
FileDescriptor OpenFlow(const RouteConfig& route, const IpAddress& address, std::uint16_t port) {
  FileDescriptor socket(::socket(SocketDomain(address.Family()),
                                 SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  if (route.mark != 0 &&
      !SetOption(socket.Get(), SOL_SOCKET, SO_MARK, static_cast<int>(route.mark))) {
    return {};
  }
  if (!route.interface.empty() &&
      setsockopt(socket.Get(), SOL_SOCKET, SO_BINDTODEVICE, route.interface.data(),
                 static_cast<socklen_t>(route.interface.size())) != 0) {
    return {};
  }
  if (const auto source = OfFamily(route.source_addresses, address.Family())) {
    SocketAddress local = ToSocketAddress(*source, 0);
    if (bind(socket.Get(), local.Pointer(), local.length) != 0) {
      return {};
    }
  }
  SocketAddress remote = ToSocketAddress(address, port);
  const bool is_connected = connect(socket.Get(), remote.Pointer(), remote.length) == 0;
  return is_connected ? std::move(socket) : FileDescriptor();
}

std::string SourceOf(const FileDescriptor& socket) {
  SocketAddress local;
  local.length = sizeof local.storage;
  const bool is_known = getsockname(socket.Get(), local.Pointer(), &local.length) == 0;
  return is_known ? local.Address().ToString() : "";
}

// An ICMP error for an earlier request is reported to the next call, which then did not send.
bool Send(const FileDescriptor& socket, const ReflectDatagram& bytes) {
  const auto send_once = [&] {
    return send(socket.Get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  };
  return send_once() || (errno == ECONNREFUSED && send_once());
}

AnswerRefusal RefusalOf(ReflectFlaw flaw) {
  switch (flaw) {
    case ReflectFlaw::Key:
      return AnswerRefusal::Key;
    case ReflectFlaw::Mac:
      return AnswerRefusal::Mac;
    case ReflectFlaw::Malformed:
      break;
  }
  return AnswerRefusal::Malformed;
}

OneWaySnapshot FreshSnapshot(const ProberKey& key, WallTime now) {
  OneWaySnapshot snapshot;
  snapshot.status.key = key;
  snapshot.status.last_round = now;
  snapshot.status.last_attempt = now;
  return snapshot;
}

}  // namespace

OneWayEngine::OneWayEngine(const DnsBoard& dns, OneWayBoard& board, const Clock& clock,
                           EventLog& log)
    : dns_(dns), board_(board), writer_(board.NewWriter()), clock_(clock), log_(log) {}

void OneWayEngine::Apply(std::shared_ptr<const Config> config, MonoTime now) {
  config_ = std::move(config);
  CheckFamilies(now);
}

void OneWayEngine::Turn(MonoTime now) {
  if (now >= families_due_) {
    CheckFamilies(now);
  }
  for (const EpollSet::Ready& ready : sockets_.TakeReady()) {
    ReadAnswers(probers_.at(by_socket_.at(ready.descriptor)), now);
  }
  while (!due_.empty() && due_.begin()->first <= now) {
    OnDue(ProberKey(due_.begin()->second), now);
  }
}

MonoTime OneWayEngine::NextDeadline() const {
  return due_.empty() ? families_due_ : std::min(families_due_, due_.begin()->first);
}

void OneWayEngine::CheckFamilies(MonoTime now) {
  families_due_ = now + kChecksFamiliesEvery;
  std::set<ProberKey> wanted;
  for (const TargetConfig& target : config_->targets) {
    if (target.reflector.key_file.empty()) {
      continue;
    }
    const std::vector<IpFamily> families = FamiliesOf(target, dns_);
    if (families.empty()) {  // the first lookups are under way: whoever is there stays
      wanted.insert({KeyOf(target.name, IpFamily::Ipv4), KeyOf(target.name, IpFamily::Ipv6)});
    }
    for (const IpFamily family : families) {
      const ProberKey key = KeyOf(target.name, family);
      wanted.insert(key);
      const auto known = probers_.find(key);
      if (known == probers_.end() || !IsSameWork(known->second.target, target)) {
        Watch(target, family, now);
      }
    }
  }
  ForgetOthers(wanted);
}

void OneWayEngine::ForgetOthers(const std::set<ProberKey>& wanted) {
  for (const OneWayBoard::Pointer& left : board_.All()) {  // a predecessor's too
    const ProberKey& key = left->status.key;
    if (wanted.contains(key)) {
      continue;
    }
    const auto prober = probers_.find(key);
    if (prober != probers_.end()) {
      due_.erase({std::min(prober->second.request_due, prober->second.round_due), key});
      by_socket_.erase(prober->second.socket.Get());
      probers_.erase(prober);  // its socket leaves the set as it is closed
    }
    writer_.Remove(key);
  }
}

void OneWayEngine::Watch(const TargetConfig& target, IpFamily family, MonoTime now) {
  const ProberKey key = KeyOf(target.name, family);
  const OneWayBoard::Pointer left = board_.Find(key);
  const auto known = probers_.find(key);
  OneWaySnapshot snapshot = left ? *left : FreshSnapshot(key, clock_.WallNow());
  if (known != probers_.end()) {
    due_.erase({std::min(known->second.request_due, known->second.round_due), key});
    by_socket_.erase(known->second.socket.Get());
    probers_.erase(known);
  } else if (left) {
    CountRestart(snapshot.status);
  }
  snapshot.status.interval = RoundOf(target.reflector);
  snapshot.status.port = target.reflector.port;
  Prober prober{.target = target,
                .family = family,
                .keys = KeyRing::Read(target.reflector.key_file),
                .count = OneWayCount(RandomNumber(), snapshot.totals),
                .snapshot = snapshot,
                .request_due = now,
                .round_due = now + RoundOf(target.reflector)};
  Publish(prober);
  due_.emplace(prober.request_due, key);
  probers_.emplace(key, std::move(prober));
}

void OneWayEngine::OnDue(const ProberKey& key, MonoTime now) {
  Prober& prober = probers_.at(key);
  due_.erase(due_.begin());
  if (now >= prober.request_due) {
    SendRequest(prober);
    const Duration interval = prober.target.reflector.interval;
    prober.request_due += ((now - prober.request_due) / interval + 1) * interval;
  }
  if (now >= prober.round_due) {
    FinishRound(prober, now);
  }
  due_.emplace(std::min(prober.request_due, prober.round_due), key);
}

void OneWayEngine::SendRequest(Prober& prober) {
  OneWaySnapshot& snapshot = prober.snapshot;
  snapshot.status.last_attempt = clock_.WallNow();
  const auto give_up = [&snapshot](UnsentRequest reason) { ++snapshot.unsent[Index(reason)]; };
  if (!prober.keys) {
    give_up(UnsentRequest::Key);
    return;
  }
  Connect(prober);
  if (!prober.address) {
    give_up(UnsentRequest::Dns);
    return;
  }
  const KeyRing::Entry& signer = prober.keys->First();
  const ReflectMessage request = prober.count.NextRequest(signer.id, clock_.WallNow());
  if (!prober.socket.IsOpen() || !Send(prober.socket, EncodeReflect(request, signer.key))) {
    give_up(UnsentRequest::Send);
    return;
  }
  prober.count.OnSent();
  ++snapshot.requests;
}

/// Follows the target's address. A socket that cannot be opened is tried again for each request.
void OneWayEngine::Connect(Prober& prober) {
  const std::optional<IpAddress> address = AddressOf(prober.target, prober.family, dns_);
  if (prober.socket.IsOpen() && prober.address == address) {
    return;
  }
  by_socket_.erase(prober.socket.Get());
  prober.socket = {};
  prober.address = address;
  ProberStatus& status = prober.snapshot.status;
  status.address = address ? address->ToString() : "";
  if (!address) {
    return;
  }
  prober.socket = OpenFlow(prober.target.route, *address, prober.target.reflector.port);
  if (prober.socket.IsOpen()) {
    status.source_address = SourceOf(prober.socket);
    sockets_.Watch(prober.socket.Get(), {.in_reading = true});
    by_socket_.insert_or_assign(prober.socket.Get(), status.key);
  }
}

void OneWayEngine::ReadAnswers(Prober& prober, MonoTime now) {
  std::array<std::byte, 2 * kReflectBytes> buffer{};  // longer ones are not ours
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t size = recv(prober.socket.Get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size >= 0) {
      OnDatagram(prober, std::span(buffer).first(static_cast<std::size_t>(size)), now);
    } else if (errno != ECONNREFUSED && errno != EINTR) {
      return;
    }
  }
}

void OneWayEngine::OnDatagram(Prober& prober, std::span<const std::byte> bytes, MonoTime now) {
  const auto refuse = [&prober](AnswerRefusal refusal) {
    ++prober.snapshot.refused[Index(refusal)];
  };
  if (!prober.keys) {
    refuse(AnswerRefusal::Key);
    return;
  }
  const auto decoded = DecodeReflect(bytes, ReflectKind::Answer, *prober.keys);
  if (const auto* flaw = std::get_if<ReflectFlaw>(&decoded)) {
    refuse(RefusalOf(*flaw));
  } else if (const auto refusal = prober.count.OnAnswer(std::get<ReflectMessage>(decoded), now)) {
    refuse(*refusal);
  } else {
    ++prober.answers_in_round;
    prober.snapshot.last_answer = clock_.WallNow();
  }
}

void OneWayEngine::FinishRound(Prober& prober, MonoTime now) {
  OneWaySnapshot& snapshot = prober.snapshot;
  snapshot.totals = prober.count.Settle(now);
  const auto missed = (now - prober.round_due) / snapshot.status.interval;
  prober.round_due += (missed + 1) * snapshot.status.interval;
  snapshot.status.rounds_skipped[Index(SkipReason::Overrun)] += static_cast<std::uint64_t>(missed);
  ++snapshot.status.rounds;
  snapshot.status.last_round = clock_.WallNow();
  const bool has_answered = prober.answers_in_round > 0;
  if (EnterState(snapshot.status, has_answered ? ProberState::Up : ProberState::Down)) {
    log_.Write(has_answered ? LogLevel::Info : LogLevel::Warn,
               has_answered ? "reflector answers" : "reflector does not answer",
               {{"target", snapshot.status.key.target},
                {"family", std::string(ProberFamilyName(snapshot.status.key.family))},
                {"address", snapshot.status.address},
                {"port", std::to_string(snapshot.status.port)}});
  }
  prober.answers_in_round = 0;
  if (std::optional<KeyRing> keys = KeyRing::Read(prober.target.reflector.key_file)) {
    prober.keys = std::move(keys);
  }
  Publish(prober);
}

void OneWayEngine::Publish(const Prober& prober) {
  writer_.Publish(prober.snapshot.status.key,
                  std::make_shared<const OneWaySnapshot>(prober.snapshot));
}

}  // namespace pathwitness
