#include "probes/net/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <system_error>
#include <utility>

namespace pathwitness {

FileDescriptor::~FileDescriptor() {
  if (IsOpen()) {
    close(descriptor_);
  }
}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileDescriptor FileDescriptor::Duplicate() const {
  FileDescriptor copy(fcntl(descriptor_, F_DUPFD_CLOEXEC, 0));
  if (!copy.IsOpen()) {
    throw std::system_error(errno, std::system_category(), "cannot duplicate a socket");
  }
  return copy;
}

int SocketDomain(IpFamily family) {
  return family == IpFamily::Ipv4 ? AF_INET : AF_INET6;
}

std::uint8_t IpProtocolNumber(ProbeProtocol protocol, IpFamily family) {
  switch (protocol) {
    case ProbeProtocol::Icmp:
      return family == IpFamily::Ipv4 ? std::uint8_t{IPPROTO_ICMP} : std::uint8_t{IPPROTO_ICMPV6};
    case ProbeProtocol::Udp:
      return IPPROTO_UDP;
    case ProbeProtocol::Tcp:
      return IPPROTO_TCP;
  }
  return 0;
}

bool SetOption(int descriptor, int level, int name, int value) {
  return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

std::uint64_t SetReceiveBuffer(int descriptor, std::uint64_t bytes) {
  // The kernel doubles what it is given, for its own bookkeeping.
  const int wanted = static_cast<int>(std::min<std::uint64_t>(bytes, INT_MAX / 2));
  if (!SetOption(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, wanted)) {
    SetOption(descriptor, SOL_SOCKET, SO_RCVBUF, wanted);
  }
  int granted = 0;
  socklen_t length = sizeof granted;
  getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &granted, &length);
  return static_cast<std::uint64_t>(granted) / 2;
}

IpAddress SocketAddress::Address() const {
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    return IpAddress::FromBytes(IpFamily::Ipv6, BytesOf(v6.sin6_addr));
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &storage, sizeof v4);
  return storage.ss_family == AF_INET ? IpAddress::FromBytes(IpFamily::Ipv4, BytesOf(v4.sin_addr))
                                      : IpAddress();
}

std::uint16_t SocketAddress::Port() const {
  if (storage.ss_family != AF_INET && storage.ss_family != AF_INET6) {
    return 0;
  }
  sockaddr_in any{};  // IPv6 keeps the port in the same place
  std::memcpy(&any, &storage, sizeof any);
  return ntohs(any.sin_port);
}

sockaddr* SocketAddress::Pointer() {
  return reinterpret_cast<sockaddr*>(&storage);
}

SocketAddress ToSocketAddress(const IpAddress& address, std::uint16_t port) {
  SocketAddress result;
  if (address.Family() == IpFamily::Ipv4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.Bytes().data(), 4);
    std::memcpy(&result.storage, &v4, sizeof v4);
    result.length = sizeof v4;
    return result;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, address.Bytes().data(), 16);
  std::memcpy(&result.storage, &v6, sizeof v6);
  result.length = sizeof v6;
  return result;
}

namespace {

Duration ToDuration(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

StampConverter::StampConverter() {
  Refresh();
}

ClockReading ReadClocks() {
  ClockReading reading;
  reading.before = std::chrono::steady_clock::now();
  reading.wall = std::chrono::system_clock::now();
  reading.after = std::chrono::steady_clock::now();
  return reading;
}

ClockReading ReadClosely(const std::function<ClockReading()>& read) {
  constexpr int kMostAgain = 3;
  constexpr Duration kClose = std::chrono::microseconds(2);
  ClockReading closest = read();
  for (int i = 0; i < kMostAgain && closest.after - closest.before > kClose; ++i) {
    const ClockReading again = read();
    if (again.after - again.before < closest.after - closest.before) {
      closest = again;
    }
  }
  return closest;
}

void StampConverter::Refresh() {
  const ClockReading reading = ReadClosely(ReadClocks);
  Refresh(reading.before + (reading.after - reading.before) / 2, reading.wall);
}

void StampConverter::Refresh(MonoTime now, WallTime wall) {
  constexpr Duration kStep = std::chrono::milliseconds(1);  // slewing makes less of it in a second
  const Duration ahead = wall.time_since_epoch() - now.time_since_epoch();
  if (std::chrono::abs(ahead - ahead_) > kStep) {
    was_ahead_ = ahead_;
    stepped_after_ = now_;
  }
  ahead_ = ahead;
  now_ = now;
}

// A clock that was put back makes older stamps future ones: those are a moment old at most.
MonoTime StampConverter::ToMono(const timespec& stamp) const {
  const Duration wall = ToDuration(stamp);
  const MonoTime at(wall - ahead_);
  return std::min(at < stepped_after_ ? MonoTime(wall - was_ahead_) : at, now_);
}

MessageBatch::MessageBatch(std::size_t size)
    : headers_(size),
      vectors_(size),
      addresses_(size),
      buffers_(size * kMessageBytes),
      controls_(size * kControlBytes) {
  for (std::size_t i = 0; i < size; ++i) {
    ReadyToReceive(i);
  }
}

void MessageBatch::ReadyToReceive(std::size_t i) {
  vectors_[i] = {.iov_base = Buffer(i).data(), .iov_len = kMessageBytes};
  msghdr& header = headers_[i].msg_hdr;
  header = {};
  header.msg_name = &addresses_[i].storage;
  header.msg_namelen = sizeof(sockaddr_storage);
  header.msg_iov = &vectors_[i];
  header.msg_iovlen = 1;
  header.msg_control = &controls_[i * kControlBytes];
  header.msg_controllen = kControlBytes;
}

std::size_t MessageBatch::Receive(int descriptor, int flags, std::size_t from) {
  for (std::size_t i = from; i < headers_.size(); ++i) {
    ReadyToReceive(i);  // the kernel overwrote the lengths of those it used
  }
  const int received =
      recvmmsg(descriptor, &headers_[from], static_cast<unsigned>(headers_.size() - from),
               flags | MSG_DONTWAIT, nullptr);
  return received < 0 ? 0 : static_cast<std::size_t>(received);
}

std::span<std::byte> MessageBatch::Buffer(std::size_t i) {
  return std::span(buffers_).subspan(i * kMessageBytes, kMessageBytes);
}

std::span<const std::byte> MessageBatch::Received(std::size_t i) const {
  return std::span(buffers_).subspan(i * kMessageBytes, headers_[i].msg_len);
}

void MessageBatch::Prepare(std::size_t i, const SocketAddress& to, std::size_t bytes) {
  addresses_[i] = to;
  vectors_[i].iov_len = bytes;
  headers_[i].msg_hdr.msg_namelen = to.length;
  headers_[i].msg_hdr.msg_controllen = 0;
}

void MessageBatch::AddControl(std::size_t i, int level, int type,
                              std::span<const std::byte> value) {
  msghdr& header = headers_[i].msg_hdr;
  std::byte* const place = &controls_[(i * kControlBytes) + header.msg_controllen];
  cmsghdr control{};
  control.cmsg_level = level;
  control.cmsg_type = type;
  control.cmsg_len = CMSG_LEN(value.size());
  std::memcpy(place, &control, sizeof control);
  std::memcpy(place + CMSG_LEN(0), value.data(), value.size());
  header.msg_controllen += CMSG_SPACE(value.size());
}

}  // namespace pathwitness
