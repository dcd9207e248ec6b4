#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/base/time.h"
#include "probes/packet/probe_codec.h"

// The plumbing that both ports share: descriptors that close themselves, socket options, and
// batches of messages with their control data.
namespace pathwitness {

/// A descriptor that is closed with its owner.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int Get() const { return descriptor_; }
  bool IsOpen() const { return descriptor_ >= 0; }

  /// Another descriptor of the same open file. Throws std::system_error.
  FileDescriptor Duplicate() const;

 private:
  int descriptor_ = -1;
};

/// AF_INET or AF_INET6.
int SocketDomain(IpFamily family);

/// IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_UDP or IPPROTO_TCP.
std::uint8_t IpProtocolNumber(ProbeProtocol protocol, IpFamily family);

/// Sets an integer option; false: the kernel refused (errno says why).
bool SetOption(int descriptor, int level, int name, int value);

/// Asks for a receive buffer, beyond the system's limit where that is permitted. Returns what the
/// socket has now.
std::uint64_t SetReceiveBuffer(int descriptor, std::uint64_t bytes);

/// An address as system calls want it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  /// Reads it back; 0.0.0.0 for families other than IPv4 and IPv6.
  IpAddress Address() const;
  /// 0 for families other than IPv4 and IPv6.
  std::uint16_t Port() const;
  sockaddr* Pointer();
};
SocketAddress ToSocketAddress(const IpAddress& address, std::uint16_t port);

/// The wall clock, read between two readings of the monotonic one.
struct ClockReading {
  MonoTime before;
  WallTime wall;
  MonoTime after;
};

ClockReading ReadClocks();

/// A thread that loses its core between two readings would take the pause for a distance of the
/// clocks, and each round trip of a batch would be wrong by it. So this reads again, a few times at
/// most, until the readings are close together, and takes the closest.
ClockReading ReadClosely(const std::function<ClockReading()>& read);

/// Distance between the kernel's stamps (CLOCK_REALTIME) and the monotonic clock, to be sampled
/// anew for each batch of stamps. A stamp of before a step of the wall clock that is read after it
/// is converted by the distance of before the step.
class StampConverter {
 public:
  StampConverter();

  /// Samples the distance.
  void Refresh();
  /// As if the clocks had shown these times.
  void Refresh(MonoTime now, WallTime wall);

  /// Never later than the last Refresh: a stamp tells of the past.
  MonoTime ToMono(const timespec& stamp) const;
  MonoTime Now() const { return now_; }

 private:
  MonoTime now_;
  Duration ahead_{};        // the wall clock, of the monotonic one
  Duration was_ahead_{};    // before the last step
  MonoTime stepped_after_;  // the last Refresh before that step
};

/// Room for `size` messages with control data, for sendmmsg and recvmmsg.
class MessageBatch {
 public:
  static constexpr std::size_t kMessageBytes = 2048;
  static constexpr std::size_t kControlBytes = 256;

  explicit MessageBatch(std::size_t size);

  /// Receives what there is, at most the batch's size less `from`, behind message `from`; returns
  /// how many. Never blocks; errors are none received.
  std::size_t Receive(int descriptor, int flags, std::size_t from = 0);

  mmsghdr& Header(std::size_t i) { return headers_[i]; }
  std::span<std::byte> Buffer(std::size_t i);
  /// What message `i` received.
  std::span<const std::byte> Received(std::size_t i) const;
  /// Whom message `i` is from; of the error queue: where the packet at fault was sent to.
  const SocketAddress& Name(std::size_t i) const { return addresses_[i]; }

  /// Points message `i` at its destination, `bytes` of its buffer, and its control data, emptied.
  void Prepare(std::size_t i, const SocketAddress& to, std::size_t bytes);
  /// Appends control data to a prepared message.
  void AddControl(std::size_t i, int level, int type, std::span<const std::byte> value);

  std::span<mmsghdr> Headers(std::size_t from, std::size_t count) {
    return std::span(headers_).subspan(from, count);
  }

 private:
  void ReadyToReceive(std::size_t i);

  std::vector<mmsghdr> headers_;
  std::vector<iovec> vectors_;
  std::vector<SocketAddress> addresses_;
  std::vector<std::byte> buffers_;
  std::vector<std::byte> controls_;
};

/// The bytes of a plain kernel structure.
template <typename T>
std::span<const std::byte> BytesOf(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

/// Copies a plain kernel structure out of control data; false when it is too short.
template <typename T>
bool ReadControl(const cmsghdr& control, T& value) {
  if (control.cmsg_len < CMSG_LEN(sizeof(T))) {
    return false;
  }
  std::memcpy(&value, CMSG_DATA(&control), sizeof(T));
  return true;
}

/// Calls `visit(const cmsghdr&)` for each piece of control data of a received message.
template <typename Visitor>
void ForEachControl(msghdr& header, Visitor visit) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(&header, control)) {
    visit(*control);
  }
}

}  // namespace pathwitness
