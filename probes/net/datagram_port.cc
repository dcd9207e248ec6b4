#include "probes/net/datagram_port.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "probes/packet/bytes.h"
#include "probes/packet/checksum.h"

namespace pathwitness {
namespace {

constexpr std::size_t kMostFlows = 512;
constexpr std::size_t kMostInFlight = 256;
constexpr Duration kForgottenAfter = std::chrono::seconds(10);
constexpr std::size_t kBatch = 32;
constexpr std::size_t kTransportHeaderBytes = 8;  // of ICMP and UDP
constexpr std::uint64_t kBell = 0;

std::uint64_t KeyOf(const ProbePacket& probe) {
  const std::uint64_t family = probe.destination.Family() == IpFamily::Ipv4 ? 4 : 6;
  return (family << 32U) | (static_cast<std::uint64_t>(probe.protocol) << 16U) | probe.flow_port;
}

int SocketProtocol(ProbeProtocol protocol, IpFamily family) {
  return IpProtocolNumber(protocol, family);
}

void AddTtl(const ProbePacket& probe, MessageBatch& outbox) {
  const int ttl = probe.ttl;
  if (probe.destination.Family() == IpFamily::Ipv4) {
    outbox.AddControl(0, IPPROTO_IP, IP_TTL, BytesOf(ttl));
  } else {
    outbox.AddControl(0, IPPROTO_IPV6, IPV6_HOPLIMIT, BytesOf(ttl));
  }
}

void AskForEverything(int descriptor, IpFamily family) {
  SetOption(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, 1);
  SetOption(descriptor, SOL_SOCKET, SO_RXQ_OVFL, 1);
  if (family == IpFamily::Ipv4) {
    SetOption(descriptor, IPPROTO_IP, IP_RECVERR, 1);
    SetOption(descriptor, IPPROTO_IP, IP_RECVTTL, 1);
    SetOption(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    return;
  }
  SetOption(descriptor, IPPROTO_IPV6, IPV6_RECVERR, 1);
  SetOption(descriptor, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
  SetOption(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

// An IP header that says no more than protocol and destination.
void WriteQuotedHeader(ProbeProtocol protocol, const IpAddress& destination, ByteWriter& writer) {
  const std::uint8_t number = IpProtocolNumber(protocol, destination.Family());
  const IpAddress unknown = IpAddress::Any(destination.Family());
  if (destination.Family() == IpFamily::Ipv4) {
    writer.U32(0x45000000);
    writer.U32(0);
    writer.U8(0);
    writer.U8(number);
    writer.U16(0);
  } else {
    writer.U32(0x60000000);
    writer.U16(0);
    writer.U8(number);
    writer.U8(0);
  }
  writer.Put(unknown.Bytes());
  writer.Put(destination.Bytes());
}

// Source port and destination port as in the packet's direction.
void WriteUdpHeader(std::uint16_t from, std::uint16_t to, std::size_t payload_bytes,
                    std::uint16_t checksum, ByteWriter& writer) {
  writer.U16(from);
  writer.U16(to);
  writer.U16(static_cast<std::uint16_t>(kTransportHeaderBytes + payload_bytes));
  writer.U16(checksum);
}

}  // namespace

// What the kernel handed over of one message.
struct DatagramPort::QueuedMessage {
  SocketAddress name;  // the sender; of an error: where the probe was sent to
  std::span<const std::byte> payload;
  MonoTime received;
  std::uint8_t ttl = 0;
  sock_extended_err error{};  // ee_origin SO_EE_ORIGIN_NONE: no error
  SocketAddress offender;

  bool IsIcmpError() const {
    return error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
  }

  // Takes in one piece of control data; returns the drop counter when that is what it was.
  std::optional<std::uint32_t> Read(const cmsghdr& control, const StampConverter& clock) {
    if (control.cmsg_level == SOL_SOCKET) {
      timespec stamp{};
      std::uint32_t drops = 0;
      if (control.cmsg_type == SCM_TIMESTAMPNS && ReadControl(control, stamp)) {
        received = clock.ToMono(stamp);
      }
      return control.cmsg_type == SO_RXQ_OVFL && ReadControl(control, drops) ? std::optional(drops)
                                                                             : std::nullopt;
    }
    const bool is_v4 = control.cmsg_level == SOL_IP;
    if (control.cmsg_type == (is_v4 ? IP_RECVERR : IPV6_RECVERR)) {
      ReadError(control);
    } else if (int value = 0; control.cmsg_type == (is_v4 ? IP_TTL : IPV6_HOPLIMIT) &&
                              ReadControl(control, value)) {
      ttl = static_cast<std::uint8_t>(value);
    }
    return std::nullopt;
  }

  void ReadError(const cmsghdr& control) {
    if (!ReadControl(control, error)) {
      return;
    }
    // The offender's address stands behind the error.
    const std::size_t rest = control.cmsg_len - CMSG_LEN(sizeof error);
    offender.length = static_cast<socklen_t>(std::min(rest, sizeof offender.storage));
    std::memcpy(&offender.storage, CMSG_DATA(&control) + sizeof error, offender.length);
  }
};

bool CanOpenPingSocket(IpFamily family) {
  return FileDescriptor(socket(SocketDomain(family), SOCK_DGRAM | SOCK_CLOEXEC,
                               SocketProtocol(ProbeProtocol::Icmp, family)))
      .IsOpen();
}

DatagramPort::DatagramPort()
    : routes_(std::make_shared<RouteSockets>(std::vector<std::uint32_t>())),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      failure_bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      can_ping_{CanOpenPingSocket(IpFamily::Ipv4), CanOpenPingSocket(IpFamily::Ipv6)},
      outbox_(1),
      inbox_(kBatch) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kBell}};
  if (epoll_ctl(epoll_.Get(), EPOLL_CTL_ADD, failure_bell_.Get(), &event) != 0) {
    throw std::system_error(errno, std::system_category(), "cannot make an epoll set");
  }
}

void DatagramPort::Send(std::span<const Outgoing> batch) {
  interfaces_.Forget();
  for (const Outgoing& outgoing : batch) {
    const int error = SendOne(outgoing);
    if (error != 0) {
      reports_.push_back({.id = outgoing.id, .error = {error, std::system_category()}, .sent = {}});
      eventfd_write(failure_bell_.Get(), 1);
    }
  }
}

// Returns an errno, 0 when the probe left.
int DatagramPort::SendOne(const Outgoing& outgoing) {
  constexpr int kMostTries = 3;
  const ProbePacket& probe = outgoing.probe;
  if (probe.protocol == ProbeProtocol::Tcp) {
    return EPROTONOSUPPORT;
  }
  if (outgoing.route != nullptr && outgoing.route->mark != 0) {
    return EPERM;
  }
  const std::optional<unsigned> interface_index = interfaces_.Of(outgoing.route);
  if (!interface_index) {
    return ENODEV;
  }
  Flow* const flow = FlowFor(probe);
  if (flow == nullptr) {
    return errno;
  }
  Fill(probe, *interface_index);
  for (int i = 0; i < kMostTries; ++i) {
    if (sendmsg(flow->socket.Get(), &outbox_.Header(0).msg_hdr, MSG_DONTWAIT) >= 0) {
      if (probe.protocol == ProbeProtocol::Udp) {
        flow->in_flight.emplace_back(std::chrono::steady_clock::now(), probe);
      }
      return 0;
    }
    const int error = errno;
    // The failure may be an earlier probe's, told again; reading it from the queue clears it.
    if (Read(*flow, MSG_ERRQUEUE) == 0) {
      return error;
    }
  }
  return EAGAIN;
}

void DatagramPort::Fill(const ProbePacket& probe, unsigned interface_index) {
  const bool is_udp = probe.protocol == ProbeProtocol::Udp;
  const std::size_t bytes = EncodeProbe(probe, outbox_.Buffer(0));
  if (is_udp) {  // the kernel writes the header
    std::ranges::copy(outbox_.Buffer(0).subspan(kTransportHeaderBytes, bytes),
                      outbox_.Buffer(0).begin());
  }
  outbox_.Prepare(
      0, ToSocketAddress(probe.destination, is_udp ? probe.destination_port : std::uint16_t{0}),
      is_udp ? bytes - kTransportHeaderBytes : bytes);
  AddRoute(probe, interface_index, 0, outbox_);
  AddTtl(probe, outbox_);
}

// Null with errno when the socket cannot be had.
DatagramPort::Flow* DatagramPort::FlowFor(const ProbePacket& probe) {
  const std::uint64_t key = KeyOf(probe);
  auto found = flows_.find(key);
  if (found == flows_.end()) {
    MakeRoom();
    Flow flow{.protocol = probe.protocol,
              .family = probe.destination.Family(),
              .port = probe.flow_port,
              .socket = OpenFlow(probe)};
    epoll_event event{.events = EPOLLIN, .data = {.u64 = key}};
    if (!flow.socket.IsOpen() ||
        epoll_ctl(epoll_.Get(), EPOLL_CTL_ADD, flow.socket.Get(), &event) != 0) {
      return nullptr;
    }
    found = flows_.emplace(key, std::move(flow)).first;
  }
  Flow& flow = found->second;
  flow.last_used = ++probes_;
  const MonoTime oldest = std::chrono::steady_clock::now() - kForgottenAfter;
  while (!flow.in_flight.empty() &&
         (flow.in_flight.front().first < oldest || flow.in_flight.size() >= kMostInFlight)) {
    flow.in_flight.pop_front();
  }
  return &flow;
}

FileDescriptor DatagramPort::OpenFlow(const ProbePacket& probe) {
  const IpFamily family = probe.destination.Family();
  FileDescriptor opened(socket(SocketDomain(family), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                               SocketProtocol(probe.protocol, family)));
  if (!opened.IsOpen()) {
    return opened;
  }
  // The port of an engine that was given up may still hold the same flow.
  SetOption(opened.Get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (family == IpFamily::Ipv6) {
    SetOption(opened.Get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  AskForEverything(opened.Get(), family);
  SocketAddress local = ToSocketAddress(IpAddress::Any(family), probe.flow_port);
  return bind(opened.Get(), local.Pointer(), local.length) == 0 ? std::move(opened)
                                                                : FileDescriptor();
}

void DatagramPort::MakeRoom() {
  if (flows_.size() < kMostFlows) {
    return;
  }
  const auto idle = std::ranges::min_element(
      flows_, {}, [](const auto& entry) { return entry.second.last_used; });
  closed_drops_ += idle->second.drops;
  flows_.erase(idle);
}

Arrivals DatagramPort::Receive() {
  constexpr int kMostReady = 64;
  std::array<epoll_event, kMostReady> ready{};
  const int count = epoll_wait(epoll_.Get(), ready.data(), kMostReady, 0);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t key = ready[static_cast<std::size_t>(i)].data.u64;
    if (key == kBell) {
      eventfd_t rung = 0;
      eventfd_read(failure_bell_.Get(), &rung);
      continue;
    }
    const auto found = flows_.find(key);
    if (found != flows_.end()) {
      Read(found->second, MSG_ERRQUEUE);
      Read(found->second, 0);
    }
  }
  handed_over_.swap(kept_);
  kept_.clear();
  datagrams_.clear();
  for (Kept& kept : handed_over_) {
    kept.datagram.reply.message = kept.message;
    datagrams_.push_back(kept.datagram);
  }
  handed_over_reports_.swap(reports_);
  reports_.clear();
  return {.datagrams = datagrams_, .sends = handed_over_reports_};
}

// One batch of answers, or of errors with MSG_ERRQUEUE; returns how many.
std::size_t DatagramPort::Read(Flow& flow, int flags) {
  const std::size_t received = inbox_.Receive(flow.socket.Get(), flags);
  clock_.Refresh();
  for (std::size_t slot = 0; slot < received; ++slot) {
    QueuedMessage queued{.name = inbox_.Name(slot),
                         .payload = inbox_.Received(slot),
                         .received = clock_.Now(),
                         .offender = {}};
    ForEachControl(inbox_.Header(slot).msg_hdr, [&](const cmsghdr& control) {
      flow.drops = queued.Read(control, clock_).value_or(flow.drops);
    });
    if (flags == 0) {
      Keep(flow, queued);
    } else if (queued.IsIcmpError()) {
      KeepError(flow, queued);
    }
  }
  return received;
}

void DatagramPort::Keep(Flow& flow, const QueuedMessage& queued) {
  std::vector<std::byte> message;
  if (flow.protocol == ProbeProtocol::Udp) {
    message.resize(kTransportHeaderBytes);
    ByteWriter writer(message);
    WriteUdpHeader(queued.name.Port(), flow.port, queued.payload.size(), 0, writer);
  }
  message.insert(message.end(), queued.payload.begin(), queued.payload.end());
  kept_.push_back({.message = std::move(message),
                   .datagram = {.reply = {.protocol = flow.protocol,
                                          .source = queued.name.Address(),
                                          .ttl = queued.ttl,
                                          .message = {}},
                                .received = queued.received}});
}

// Puts an ICMP error together again as it was on the wire, as far as that is known.
void DatagramPort::KeepError(Flow& flow, const QueuedMessage& queued) {
  constexpr std::size_t kMostHeaderBytes = 8 + 40 + 8;
  std::vector<std::byte> message(kMostHeaderBytes);
  ByteWriter writer(message);
  writer.U8(queued.error.ee_type);
  writer.U8(queued.error.ee_code);
  writer.U16(0);
  writer.U32(0);
  WriteQuotedHeader(flow.protocol, queued.name.Address(), writer);
  if (flow.protocol == ProbeProtocol::Udp) {
    const std::optional<std::uint16_t> token = TakeToken(flow, queued);
    if (!token) {
      ++unmatched_;
      return;
    }
    WriteUdpHeader(flow.port, queued.name.Port(), queued.payload.size(), *token, writer);
  }
  message.resize(writer.Written().size());
  message.insert(message.end(), queued.payload.begin(), queued.payload.end());
  if (flow.family == IpFamily::Ipv4) {
    const std::uint16_t checksum = ChecksumSum().Add(message).Checksum();
    ByteWriter(std::span(message).subspan(2)).U16(checksum);
  }
  kept_.push_back({.message = std::move(message),
                   .datagram = {.reply = {.protocol = ProbeProtocol::Icmp,
                                          .source = queued.offender.Address(),
                                          .ttl = queued.ttl,
                                          .message = {},
                                          .is_rebuilt = true},
                                .received = queued.received}});
}

// The token of the UDP probe that an error quotes, which is no longer in flight then.
std::optional<std::uint16_t> DatagramPort::TakeToken(Flow& flow, const QueuedMessage& queued) {
  const IpAddress destination = queued.name.Address();
  ByteReader reader(queued.payload);
  const std::uint64_t secret = reader.U64();
  const bool has_secret = secret != 0;
  const auto is_candidate = [&](const std::pair<MonoTime, ProbePacket>& entry) {
    const ProbePacket& probe = entry.second;
    return probe.destination == destination && probe.destination_port == queued.name.Port() &&
           (!has_secret || probe.secret == secret);
  };
  const auto found = std::ranges::find_if(flow.in_flight, is_candidate);
  if (found == flow.in_flight.end() ||
      std::any_of(std::next(found), flow.in_flight.end(), is_candidate)) {
    return std::nullopt;
  }
  const auto token = static_cast<std::uint16_t>(found->second.token);
  flow.in_flight.erase(found);
  return token;
}

IpAddress DatagramPort::SourceFor(const IpAddress& destination, const PacketRoute& route,
                                  std::error_code& error) {
  return routes_.SourceFor(destination, route, std::chrono::steady_clock::now(), error);
}

bool DatagramPort::Supports(ProbeProtocol protocol, IpFamily family) const {
  const bool can_ping = can_ping_[family == IpFamily::Ipv4 ? 0 : 1];
  return protocol == ProbeProtocol::Udp || (protocol == ProbeProtocol::Icmp && can_ping);
}

std::uint64_t DatagramPort::ReceiveDrops() const {
  std::uint64_t sum = closed_drops_;
  for (const auto& [key, flow] : flows_) {
    sum += flow.drops;
  }
  return sum;
}

}  // namespace pathwitness
