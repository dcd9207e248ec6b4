#include "tests/support/departure_stamps.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <system_error>

#include "tests/support/wire_packets.h"

namespace pathwitness {
namespace {

constexpr int kBufferBytes = 64 << 20;
constexpr std::size_t kSnapBytes = 128;
constexpr std::ptrdiff_t kReorderWindow = 512;  // packets that senders on two cores may swap

template <typename Value>
void SetOption(int socket, int level, int option, const Value& value, const char* what) {
  if (setsockopt(socket, level, option, &value, sizeof(value)) != 0) {
    throw std::system_error(errno, std::system_category(), what);
  }
}

/// Lets only outgoing packets through, and of these the headers.
void KeepOnlyOutgoing(int socket) {
  const auto packet_type = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE);
  std::array<sock_filter, 4> program = {{{BPF_LD | BPF_B | BPF_ABS, 0, 0, packet_type},
                                         {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, PACKET_OUTGOING},
                                         {BPF_RET | BPF_K, 0, 0, kSnapBytes},
                                         {BPF_RET | BPF_K, 0, 0, 0}}};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  SetOption(socket, SOL_SOCKET, SO_ATTACH_FILTER, filter, "SO_ATTACH_FILTER");
}

Duration ReadClock(clockid_t id) {
  timespec time{};
  clock_gettime(id, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::optional<Duration> StampOf(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(part), sizeof(stamp));
      return std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec);
    }
  }
  return std::nullopt;
}

}  // namespace

DepartureStamps::DepartureStamps(std::string_view device)
    : socket_(socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  if (socket_.Get() < 0) {
    throw std::system_error(errno, std::system_category(), "packet socket");
  }
  KeepOnlyOutgoing(socket_.Get());
  SetOption(socket_.Get(), SOL_SOCKET, SO_RCVBUFFORCE, kBufferBytes, "SO_RCVBUFFORCE");
  SetOption(socket_.Get(), SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(std::string(device).c_str()));
  sockaddr_storage generic{};
  std::memcpy(&generic, &address, sizeof(address));
  const void* bound = &generic;
  if (bind(socket_.Get(), static_cast<const sockaddr*>(bound), sizeof(address)) != 0) {
    throw std::system_error(errno, std::system_category(), "bind packet socket");
  }
}

void DepartureStamps::Collect() {
  std::array<std::byte, kSnapBytes> packet{};
  std::array<std::byte, 64> control{};
  const Duration wall_to_mono = ReadClock(CLOCK_MONOTONIC) - ReadClock(CLOCK_REALTIME);
  while (true) {
    iovec bytes{.iov_base = packet.data(), .iov_len = packet.size()};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = recvmsg(socket_.Get(), &message, 0);
    if (size < 0) {
      return;
    }
    const auto stamp = StampOf(message);
    const auto probe = ReadProbe(std::span(packet).first(static_cast<std::size_t>(size)));
    if (probe && stamp) {
      departures_.push_back({.destination = probe->destination,
                             .ttl = probe->ttl,
                             .flow_port = probe->flow_port,
                             .token = probe->token,
                             .left = MonoTime(*stamp + wall_to_mono)});
    }
  }
}

void DepartureStamps::Assign(std::span<ProbeRecord> probes) const {
  auto next = departures_.begin();
  for (ProbeRecord& probe : probes) {
    const auto end =
        departures_.end() - next > kReorderWindow ? next + kReorderWindow : departures_.end();
    const auto found = std::find_if(next, end, [&probe](const Departure& departure) {
      return departure.token == probe.token && departure.ttl == probe.ttl &&
             departure.flow_port == probe.flow_port && departure.destination == probe.destination;
    });
    if (found == end) {
      continue;
    }
    probe.left = found->left;
    // What is swapped or never arrived must not hold the window back for ever.
    next = found == next
               ? std::next(next)
               : std::max(next, found - std::min(found - departures_.begin(), kReorderWindow / 2));
  }
}

}  // namespace pathwitness
