#include "probes/net/raw_port.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "probes/net/socket_filter.h"
#include "probes/packet/bytes.h"

namespace pathwitness {
namespace {

constexpr std::size_t kBatch = 64;
// The kernel's default buffers hold 255 stamps.
constexpr std::uint32_t kMostUndrained = 128;
constexpr std::size_t kV4HeaderBytes = 20;
constexpr std::size_t kV6HeaderBytes = 40;

constexpr int kReceiveStamps = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
constexpr int kSendStamps =
    SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;

[[noreturn]] void Throw(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

FileDescriptor OpenRaw(IpFamily family, int protocol) {
  FileDescriptor opened(
      socket(SocketDomain(family), SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!opened.IsOpen() && errno != EAFNOSUPPORT) {
    Throw("cannot open a raw socket");
  }
  return opened;
}

std::uint64_t PrepareReceiver(const RawSockets::Receiver& receiver, std::uint64_t buffer_bytes) {
  const int descriptor = receiver.socket.Get();
  AttachAnswerFilter(descriptor, receiver.protocol, receiver.family);
  SetOption(descriptor, SOL_SOCKET, SO_RXQ_OVFL, 1);
  SetOption(descriptor, SOL_SOCKET, SO_TIMESTAMPING, kReceiveStamps);
  if (receiver.family == IpFamily::Ipv6) {
    SetOption(descriptor, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
  }
  return SetReceiveBuffer(descriptor, buffer_bytes);
}

RawSockets::Sender OpenSender(IpFamily family, std::uint32_t mark) {
  constexpr std::uint64_t kStampQueueBytes = 4U << 20U;
  RawSockets::Sender sender{.family = family, .mark = mark, .socket = OpenRaw(family, IPPROTO_RAW)};
  if (sender.socket.IsOpen() && mark != 0 &&
      !SetOption(sender.socket.Get(), SOL_SOCKET, SO_MARK, static_cast<int>(mark))) {
    Throw("cannot mark packets");
  }
  SetReceiveBuffer(sender.socket.Get(), kStampQueueBytes);  // of the error queue
  // Else what the kernel drops because a queue of its own is full counts as sent. Source: Linux,
  // net/ipv4/raw.c, raw_send_hdrinc.
  SetOption(sender.socket.Get(), family == IpFamily::Ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
            family == IpFamily::Ipv4 ? IP_RECVERR : IPV6_RECVERR, 1);
  // The path's MTU is the path's to tell: what it cannot carry must be refused there.
  SetOption(sender.socket.Get(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
  return sender;
}

// The kernel completes the total length, the checksum and, since it is 0, the identification.
// Source: raw(7).
void WriteV4Header(const ProbePacket& probe, ByteWriter& writer) {
  constexpr std::uint16_t kVersionAndLength = 0x4500;
  constexpr std::uint16_t kDoNotFragment = 0x4000;
  writer.U16(kVersionAndLength);
  writer.U32(0);
  writer.U16(kDoNotFragment);
  writer.U8(probe.ttl);
  writer.U8(IpProtocolNumber(probe.protocol, IpFamily::Ipv4));
  writer.U16(0);
  writer.Put(probe.source.Bytes());
  writer.Put(probe.destination.Bytes());
}

void WriteV6Header(const ProbePacket& probe, std::size_t length, ByteWriter& writer) {
  constexpr std::uint32_t kVersionClassAndFlow = 0x60000000;
  writer.U32(kVersionClassAndFlow);
  writer.U16(static_cast<std::uint16_t>(length));
  writer.U8(IpProtocolNumber(probe.protocol, IpFamily::Ipv6));
  writer.U8(probe.ttl);
  writer.Put(probe.source.Bytes());
  writer.Put(probe.destination.Bytes());
}

// Header and message; returns how many bytes.
std::size_t WritePacket(const ProbePacket& probe, std::span<std::byte> buffer) {
  const bool is_v4 = probe.destination.Family() == IpFamily::Ipv4;
  const std::size_t header_bytes = is_v4 ? kV4HeaderBytes : kV6HeaderBytes;
  const std::size_t length = EncodeProbe(probe, buffer.subspan(header_bytes));
  ByteWriter writer(buffer.first(header_bytes));
  if (is_v4) {
    WriteV4Header(probe, writer);
  } else {
    WriteV6Header(probe, length, writer);
  }
  return header_bytes + length;
}

// A raw IPv4 socket hands over the IP header too. False: it is damaged.
bool StripV4Header(WireReply& reply) {
  ByteReader reader(reply.message);
  const std::size_t header_bytes = (reader.U8() & 0x0FU) * std::size_t{4};
  reader.Skip(7);
  reply.ttl = reader.U8();
  if (header_bytes < kV4HeaderBytes || header_bytes > reply.message.size()) {
    return false;
  }
  reply.message = reply.message.subspan(header_bytes);
  return true;
}

}  // namespace

RawSockets RawSockets::Duplicate() const {
  RawSockets copy;
  for (const Receiver& receiver : receivers) {
    copy.receivers.push_back({.protocol = receiver.protocol,
                              .family = receiver.family,
                              .socket = receiver.socket.Duplicate()});
  }
  for (const Sender& sender : senders) {
    copy.senders.push_back(
        {.family = sender.family, .mark = sender.mark, .socket = sender.socket.Duplicate()});
  }
  copy.routes = routes;
  copy.receive_buffer_bytes = receive_buffer_bytes;
  return copy;
}

RawSockets OpenRawSockets(std::uint64_t receive_buffer_bytes,
                          const std::vector<std::uint32_t>& marks) {
  RawSockets sockets;
  sockets.receive_buffer_bytes = receive_buffer_bytes;
  sockets.routes = std::make_shared<RouteSockets>(marks);
  std::vector<std::uint32_t> all_marks = marks;
  all_marks.push_back(0);
  for (const IpFamily family : {IpFamily::Ipv4, IpFamily::Ipv6}) {
    for (const ProbeProtocol protocol :
         {ProbeProtocol::Icmp, ProbeProtocol::Udp, ProbeProtocol::Tcp}) {
      RawSockets::Receiver receiver{.protocol = protocol,
                                    .family = family,
                                    .socket = OpenRaw(family, IpProtocolNumber(protocol, family))};
      if (receiver.socket.IsOpen()) {
        sockets.receive_buffer_bytes =
            std::min(sockets.receive_buffer_bytes, PrepareReceiver(receiver, receive_buffer_bytes));
        sockets.receivers.push_back(std::move(receiver));
      }
    }
    for (const std::uint32_t mark : all_marks) {
      RawSockets::Sender sender = OpenSender(family, mark);
      if (sender.socket.IsOpen()) {
        sockets.senders.push_back(std::move(sender));
      }
    }
  }
  return sockets;
}

RawPort::RawPort(RawSockets sockets)
    : sockets_(std::move(sockets)),
      routes_(sockets_.routes),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      failure_bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      lines_(sockets_.senders.size()),
      drops_(sockets_.receivers.size()),
      outbox_(kBatch),
      inbox_(kBatch),
      stamps_(kBatch),
      sorted_(sockets_.senders.size()) {
  if (!epoll_.IsOpen() || !failure_bell_.IsOpen()) {
    Throw("cannot make an epoll set");
  }
  const auto watch = [this](int descriptor, std::size_t index) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = index}};
    if (epoll_ctl(epoll_.Get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
      Throw("cannot watch a raw socket");
    }
  };
  for (std::size_t i = 0; i < sockets_.receivers.size(); ++i) {
    watch(sockets_.receivers[i].socket.Get(), i);
  }
  watch(failure_bell_.Get(), sockets_.receivers.size());
  for (std::size_t i = 0; i < sockets_.senders.size(); ++i) {
    RestartStamps(i);
  }
}

std::optional<std::size_t> RawPort::SenderFor(const Outgoing& outgoing) const {
  const std::uint32_t mark = outgoing.route == nullptr ? 0 : outgoing.route->mark;
  for (std::size_t i = 0; i < sockets_.senders.size(); ++i) {
    const RawSockets::Sender& sender = sockets_.senders[i];
    if (sender.family == outgoing.probe.destination.Family() && sender.mark == mark) {
      return i;
    }
  }
  return std::nullopt;
}

void RawPort::Send(std::span<const Outgoing> batch) {
  for (std::vector<const Outgoing*>& chosen : sorted_) {
    chosen.clear();
  }
  interfaces_.Forget();
  for (const Outgoing& outgoing : batch) {
    if (!interfaces_.Of(outgoing.route)) {
      ReportFailure(outgoing.id, ENODEV);
      continue;
    }
    if (const std::optional<std::size_t> sender = SenderFor(outgoing)) {
      sorted_[*sender].push_back(&outgoing);
      continue;
    }
    const bool is_marked = outgoing.route != nullptr && outgoing.route->mark != 0;
    ReportFailure(outgoing.id, is_marked ? EPERM : EAFNOSUPPORT);
  }
  for (std::size_t sender = 0; sender < sorted_.size(); ++sender) {
    SendThrough(sender, sorted_[sender]);
  }
}

void RawPort::SendThrough(std::size_t sender, std::span<const Outgoing* const> batch) {
  while (!batch.empty()) {
    const std::span<const Outgoing* const> part = batch.first(std::min(batch.size(), kBatch));
    for (std::size_t slot = 0; slot < part.size(); ++slot) {
      Fill(slot, *part[slot]);
    }
    Flush(sender, part);
    if (lines_[sender].outstanding >= kMostUndrained) {
      DrainStamps(sender);
    }
    batch = batch.subspan(part.size());
  }
}

void RawPort::Fill(std::size_t slot, const Outgoing& outgoing) {
  const std::size_t bytes = WritePacket(outgoing.probe, outbox_.Buffer(slot));
  outbox_.Prepare(slot, ToSocketAddress(outgoing.probe.destination, 0), bytes);
  AddRoute(outgoing.probe, interfaces_.Of(outgoing.route).value_or(0), slot, outbox_);
}

void RawPort::Flush(std::size_t sender, std::span<const Outgoing* const> batch) {
  SendLine& line = lines_[sender];
  std::size_t done = 0;
  while (done < batch.size()) {
    const std::span<mmsghdr> rest = outbox_.Headers(done, batch.size() - done);
    const int sent = sendmmsg(sockets_.senders[sender].socket.Get(), rest.data(),
                              static_cast<unsigned>(rest.size()), MSG_DONTWAIT);
    if (sent <= 0) {
      // The call stops at a packet that cannot leave; those behind it may.
      ReportFailure(batch[done]->id, errno);
      RestartStamps(sender);
      ++done;
      continue;
    }
    for (int i = 0; i < sent; ++i, ++done) {
      line.ids[line.next++ % SendLine::kRemembered] = batch[done]->id;
      ++line.outstanding;
    }
  }
}

void RawPort::ReportFailure(std::uint64_t id, int error) {
  reports_.push_back({.id = id, .error = {error, std::system_category()}, .sent = {}});
  eventfd_write(failure_bell_.Get(), 1);
}

// The kernel may or may not have counted a packet that it refused, depending on how far it got.
// Switching the stamps off and on sets the count to 0 again.
void RawPort::RestartStamps(std::size_t sender) {
  DrainStamps(sender);
  const int descriptor = sockets_.senders[sender].socket.Get();
  SetOption(descriptor, SOL_SOCKET, SO_TIMESTAMPING, 0);
  SetOption(descriptor, SOL_SOCKET, SO_TIMESTAMPING, kSendStamps | SOF_TIMESTAMPING_OPT_ID);
  lines_[sender].next = 0;
  lines_[sender].outstanding = 0;
}

void RawPort::DrainStamps(std::size_t sender) {
  clock_.Refresh();
  std::size_t received = kBatch;
  while (received == kBatch) {
    received = stamps_.Receive(sockets_.senders[sender].socket.Get(), MSG_ERRQUEUE);
    for (std::size_t slot = 0; slot < received; ++slot) {
      ReadStamp(slot, lines_[sender]);
    }
  }
}

void RawPort::ReadStamp(std::size_t slot, SendLine& line) {
  scm_timestamping stamp{};
  sock_extended_err origin{};
  ForEachControl(stamps_.Header(slot).msg_hdr, [&](const cmsghdr& control) {
    if (control.cmsg_level == SOL_SOCKET && control.cmsg_type == SCM_TIMESTAMPING) {
      ReadControl(control, stamp);
    } else if (control.cmsg_level == SOL_IP || control.cmsg_level == SOL_IPV6) {
      ReadControl(control, origin);
    }
  });
  const std::uint32_t age = line.next - origin.ee_data;  // 1: the newest
  if (origin.ee_origin != SO_EE_ORIGIN_TIMESTAMPING || age == 0 || age > SendLine::kRemembered) {
    return;
  }
  line.outstanding -= line.outstanding > 0 ? 1 : 0;
  reports_.push_back({.id = line.ids[origin.ee_data % SendLine::kRemembered],
                      .error = {},
                      .sent = clock_.ToMono(stamp.ts[0])});
}

Arrivals RawPort::Receive() {
  constexpr int kMostReady = 16;
  datagrams_.clear();
  std::array<epoll_event, kMostReady> ready{};
  const int count = epoll_wait(epoll_.Get(), ready.data(), kMostReady, 0);
  clock_.Refresh();
  std::size_t used = 0;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t index = ready[static_cast<std::size_t>(i)].data.u64;
    if (index == sockets_.receivers.size()) {
      eventfd_t rung = 0;
      eventfd_read(failure_bell_.Get(), &rung);
      continue;
    }
    if (used == kBatch) {
      continue;
    }
    const std::size_t received = inbox_.Receive(sockets_.receivers[index].socket.Get(), 0, used);
    for (const std::size_t end = used + received; used < end; ++used) {
      ReadAnswer(index, used);
    }
  }
  // After the answers, so that no answer is seen before its probe's stamp.
  for (std::size_t sender = 0; sender < lines_.size(); ++sender) {
    if (lines_[sender].outstanding > 0) {
      DrainStamps(sender);
    }
  }
  handed_over_.swap(reports_);
  reports_.clear();
  return {.datagrams = datagrams_, .sends = handed_over_};
}

void RawPort::ReadAnswer(std::size_t receiver, std::size_t slot) {
  Datagram datagram{.reply = {.protocol = sockets_.receivers[receiver].protocol,
                              .source = inbox_.Name(slot).Address(),
                              .ttl = 0,
                              .message = inbox_.Received(slot)},
                    .received = clock_.Now()};
  ForEachControl(inbox_.Header(slot).msg_hdr, [&](const cmsghdr& control) {
    scm_timestamping stamp{};
    int hop_limit = 0;
    if (control.cmsg_level == SOL_SOCKET && control.cmsg_type == SCM_TIMESTAMPING &&
        ReadControl(control, stamp)) {
      datagram.received = clock_.ToMono(stamp.ts[0]);
    } else if (control.cmsg_level == SOL_SOCKET && control.cmsg_type == SO_RXQ_OVFL) {
      ReadControl(control, drops_[receiver]);
    } else if (control.cmsg_level == SOL_IPV6 && control.cmsg_type == IPV6_HOPLIMIT &&
               ReadControl(control, hop_limit)) {
      datagram.reply.ttl = static_cast<std::uint8_t>(hop_limit);
    }
  });
  const bool is_v4 = sockets_.receivers[receiver].family == IpFamily::Ipv4;
  if (!is_v4 || StripV4Header(datagram.reply)) {
    datagrams_.push_back(datagram);
  }
}

IpAddress RawPort::SourceFor(const IpAddress& destination, const PacketRoute& route,
                             std::error_code& error) {
  return routes_.SourceFor(destination, route, std::chrono::steady_clock::now(), error);
}

bool RawPort::Supports(ProbeProtocol protocol, IpFamily family) const {
  return std::ranges::any_of(sockets_.receivers, [&](const RawSockets::Receiver& receiver) {
    return receiver.protocol == protocol && receiver.family == family;
  });
}

std::uint64_t RawPort::ReceiveDrops() const {
  std::uint64_t sum = 0;
  for (const std::uint32_t drops : drops_) {
    sum += drops;
  }
  return sum;
}

}  // namespace pathwitness
