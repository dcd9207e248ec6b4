#include "probes/reflect/reflector_engine.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <variant>

namespace pathwitness {
namespace {

constexpr std::size_t kBatch = 64;
constexpr int kBatchesPerTurn = 16;  // the rest waits for the next turn

std::uint64_t RandomNumber() {
  std::random_device source;
  return (std::uint64_t{source()} << 32U) | source();
}

// One socket for both families where the machine has IPv6.
FileDescriptor OpenSocket(IpFamily family) {
  FileDescriptor socket(
      ::socket(SocketDomain(family), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  const int descriptor = socket.Get();
  if (family == IpFamily::Ipv6) {
    SetOption(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    SetOption(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  } else {
    SetOption(descriptor, IPPROTO_IP, IP_PKTINFO, 1);
  }
  return socket;
}

FileDescriptor OpenAndBind(const IpAddress& address, std::uint16_t port) {
  FileDescriptor socket = OpenSocket(address.Family());
  SocketAddress local = ToSocketAddress(address, port);
  if (!socket.IsOpen() || bind(socket.Get(), local.Pointer(), local.length) != 0) {
    throw std::runtime_error(
        fmt::format("--responder.listen-address: cannot bind UDP {} port {}: {}; is another "
                    "process there?",
                    address.ToString(), port, std::system_category().message(errno)));
  }
  return socket;
}

/// IPv4 arrives at a socket of both families as ::ffff:192.0.2.1.
IpAddress Unmapped(const IpAddress& address) {
  constexpr std::array<std::byte, 12> kMapped = {
      {{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, std::byte{0xff}, std::byte{0xff}}};
  const std::span<const std::byte> bytes = address.Bytes();
  const bool is_mapped = address.Family() == IpFamily::Ipv6 &&
                         std::ranges::equal(bytes.first(kMapped.size()), kMapped);
  return is_mapped ? IpAddress::FromBytes(IpFamily::Ipv4, bytes.subspan(kMapped.size())) : address;
}

/// Makes the answer leave from the address that the request was sent to, whatever the interface.
void AnswerFrom(const cmsghdr& request, MessageBatch& answer) {
  if (request.cmsg_level == IPPROTO_IPV6 && request.cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo to{};
    if (ReadControl(request, to)) {
      to.ipi6_ifindex = IN6_IS_ADDR_LINKLOCAL(&to.ipi6_addr) != 0 ? to.ipi6_ifindex : 0;
      answer.AddControl(0, IPPROTO_IPV6, IPV6_PKTINFO, BytesOf(to));
    }
  }
  if (request.cmsg_level == IPPROTO_IP && request.cmsg_type == IP_PKTINFO) {
    in_pktinfo to{};
    if (ReadControl(request, to)) {
      const in_pktinfo from{.ipi_ifindex = 0, .ipi_spec_dst = to.ipi_addr, .ipi_addr = {}};
      answer.AddControl(0, IPPROTO_IP, IP_PKTINFO, BytesOf(from));
    }
  }
}

}  // namespace

FileDescriptor OpenReflectorSocket(const std::string& host, std::uint16_t port) {
  if (host.empty()) {
    const bool has_ipv6 = OpenSocket(IpFamily::Ipv6).IsOpen();
    return OpenAndBind(IpAddress::Any(has_ipv6 ? IpFamily::Ipv6 : IpFamily::Ipv4), port);
  }
  const std::optional<IpAddress> address = IpAddress::Parse(host);
  if (!address) {
    throw std::runtime_error(fmt::format("--responder.listen-address: \"{}\" is no address", host));
  }
  return OpenAndBind(*address, port);
}

std::uint16_t BoundPort(const FileDescriptor& socket) {
  SocketAddress local;
  local.length = sizeof local.storage;
  getsockname(socket.Get(), local.Pointer(), &local.length);
  return local.Port();
}

ReflectorEngine::ReflectorEngine(FileDescriptor socket, std::string key_file, ReflectorBoard& board,
                                 const Clock& clock, EventLog& log)
    : socket_(std::move(socket)),
      key_file_(std::move(key_file)),
      writer_(board.NewWriter()),
      clock_(clock),
      log_(log),
      reflector_(RandomNumber(), clock.Now()),
      received_(kBatch),
      sent_(1) {
  if (const ReflectorBoard::Pointer left = board.Find(0)) {
    snapshot_ = *left;  // counters of the engine before
  }
}

void ReflectorEngine::Apply(std::shared_ptr<const Config> /*config*/, MonoTime now) {
  ReadKeys(now);
}

void ReflectorEngine::Turn(MonoTime now) {
  if (now >= keys_due_) {
    ReadKeys(now);
  }
  AnswerAll(now);
  if (now >= publish_due_) {
    publish_due_ = now + kPublishesEvery;
    snapshot_.sessions = reflector_.Sessions();
    writer_.Publish(0, std::make_shared<const ReflectorSnapshot>(snapshot_));
  }
}

MonoTime ReflectorEngine::NextDeadline() const {
  return std::min(keys_due_, publish_due_);
}

void ReflectorEngine::ReadKeys(MonoTime now) {
  keys_due_ = now + kReadsKeysEvery;
  std::optional<KeyRing> keys = KeyRing::Read(key_file_);
  const bool was_bad = std::exchange(is_key_file_bad_, !keys.has_value());
  if (keys) {
    keys_ = std::move(keys);
  } else if (!was_bad) {
    log_.Write(LogLevel::Warn, "the reflector's key file cannot be used", {{"path", key_file_}});
  }
}

void ReflectorEngine::AnswerAll(MonoTime now) {
  for (int batch = 0; batch < kBatchesPerTurn; ++batch) {
    const std::size_t count = received_.Receive(socket_.Get(), 0);
    for (std::size_t i = 0; i < count; ++i) {
      OnDatagram(i, now);
    }
    if (count < kBatch) {
      return;
    }
  }
}

void ReflectorEngine::OnDatagram(std::size_t index, MonoTime now) {
  const auto refuse = [this](ReflectRefusal refusal) {
    ++snapshot_.refused.at(static_cast<std::size_t>(refusal));
  };
  if (!keys_) {
    refuse(ReflectRefusal::Key);
    return;
  }
  const auto outcome = reflector_.OnRequest({.bytes = received_.Received(index),
                                             .source = Unmapped(received_.Name(index).Address()),
                                             .at = clock_.WallNow()},
                                            *keys_, now);
  if (const auto* refusal = std::get_if<ReflectRefusal>(&outcome)) {
    refuse(*refusal);
  } else if (Send(index, std::get<ReflectMessage>(outcome))) {
    ++snapshot_.answers;
  } else {
    refuse(ReflectRefusal::Unsent);
  }
}

bool ReflectorEngine::Send(std::size_t index, const ReflectMessage& answer) {
  ReflectMessage stamped = answer;
  stamped.answered = clock_.WallNow();
  const ReflectDatagram bytes = EncodeReflect(stamped, *keys_->Find(stamped.key_id));
  std::ranges::copy(bytes, sent_.Buffer(0).begin());
  SocketAddress to = received_.Name(index);
  to.length = received_.Header(index).msg_hdr.msg_namelen;
  sent_.Prepare(0, to, bytes.size());
  ForEachControl(received_.Header(index).msg_hdr,
                 [this](const cmsghdr& control) { AnswerFrom(control, sent_); });
  return sendmsg(socket_.Get(), &sent_.Header(0).msg_hdr, MSG_DONTWAIT) ==
         static_cast<ssize_t>(bytes.size());
}

}  // namespace pathwitness
