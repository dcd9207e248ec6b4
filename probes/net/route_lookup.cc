#include "probes/net/route_lookup.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <functional>
#include <utility>

namespace pathwitness {
namespace {

constexpr Duration kLooksEvery = std::chrono::seconds(1);
constexpr Duration kKeptFor = std::chrono::seconds(10);  // whatever the kernel tells
constexpr Duration kLongestKept = std::chrono::minutes(5);
constexpr Duration kErrorKeptFor = std::chrono::seconds(1);  // a device that comes up is used soon
constexpr std::size_t kMostAnswers = 65536;

std::error_code LastError() {
  return {errno, std::system_category()};
}

// Chooses the interface for the next connect; 0: none. Unlike SO_BINDTODEVICE it may be changed
// again without privileges.
bool UseInterface(int descriptor, IpFamily family, unsigned index) {
  const int value = static_cast<int>(htonl(index));
  return family == IpFamily::Ipv4 ? SetOption(descriptor, IPPROTO_IP, IP_UNICAST_IF, value)
                                  : SetOption(descriptor, IPPROTO_IPV6, IPV6_UNICAST_IF, value);
}

void Disconnect(int descriptor) {
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  [[maybe_unused]] const int result = connect(descriptor, &nobody, sizeof nobody);
}

}  // namespace

RouteSockets::RouteSockets(const std::vector<std::uint32_t>& marks) {
  std::vector<std::uint32_t> all = marks;
  all.push_back(0);
  for (const std::uint32_t mark : all) {
    for (const IpFamily family : {IpFamily::Ipv4, IpFamily::Ipv6}) {
      FileDescriptor opened(socket(SocketDomain(family), SOCK_DGRAM | SOCK_CLOEXEC, 0));
      const bool is_marked =
          mark == 0 || SetOption(opened.Get(), SOL_SOCKET, SO_MARK, static_cast<int>(mark));
      if (opened.IsOpen() && is_marked) {
        sockets_[{mark, family}] = std::move(opened);
      }
    }
  }
}

int RouteSockets::Find(std::uint32_t mark, IpFamily family) const {
  const auto found = sockets_.find({mark, family});
  return found == sockets_.end() ? -1 : found->second.Get();
}

RouteNews::RouteNews()
    : socket_(socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE)) {
  sockaddr_nl nobody{};
  nobody.nl_family = AF_NETLINK;
  if (bind(socket_.Get(), reinterpret_cast<const sockaddr*>(&nobody), sizeof nobody) != 0) {
    socket_ = FileDescriptor();
    return;
  }
  for (const int group :
       {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
        RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, RTNLGRP_NEXTHOP}) {
    if (!SetOption(socket_.Get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)) {
      socket_ = FileDescriptor();
      return;
    }
  }
}

// What it is does not matter, so nothing of it is read but that it is there. When there was more
// than the socket holds, that is news, too.
bool RouteNews::Take() {
  constexpr int kMostAtOnce = 1024;
  std::array<std::byte, 16> start{};
  bool is_any = false;
  for (int i = 0; i < kMostAtOnce && socket_.IsOpen(); ++i) {
    if (recv(socket_.Get(), start.data(), start.size(), MSG_DONTWAIT) < 0 && errno != ENOBUFS) {
      return is_any;
    }
    is_any = true;
  }
  return is_any;
}

RouteLookup::RouteLookup(std::shared_ptr<const RouteSockets> sockets)
    : sockets_(std::move(sockets)) {}

IpAddress RouteLookup::SourceFor(const IpAddress& destination, const PacketRoute& route,
                                 MonoTime now, std::error_code& error) {
  if (now - looked_ >= kLooksEvery) {
    looked_ = now;
    changed_ = news_.Take() ? now : changed_;
  }
  const Question question{destination, route};
  auto found = answers_.find(question);
  if (found == answers_.end() || !IsKept(found->second, now)) {
    if (answers_.size() >= kMostAnswers) {
      answers_.clear();
    }
    Answer answer = Ask(destination, route);
    answer.asked = now;
    found = answers_.insert_or_assign(question, answer).first;
  }
  error = found->second.error;
  return found->second.source;
}

bool RouteLookup::IsKept(const Answer& answer, MonoTime now) const {
  const Duration age = now - answer.asked;
  if (answer.error) {
    return age <= kErrorKeptFor;
  }
  const bool is_unchanged = news_.IsTold() && answer.asked >= changed_;
  return age <= (is_unchanged ? kLongestKept : kKeptFor);
}

std::size_t RouteLookup::QuestionHash::operator()(const Question& question) const {
  return std::hash<IpAddress>()(question.destination) ^
         std::hash<std::string>()(question.route.interface) ^ question.route.mark;
}

RouteLookup::Answer RouteLookup::Ask(const IpAddress& destination, const PacketRoute& route) const {
  Answer answer{.source = IpAddress::Any(destination.Family()), .error = {}, .asked = {}};
  const int descriptor = sockets_->Find(route.mark, destination.Family());
  if (descriptor < 0) {
    answer.error = std::make_error_code(route.mark == 0 ? std::errc::address_family_not_supported
                                                        : std::errc::operation_not_permitted);
    return answer;
  }
  const unsigned index = route.interface.empty() ? 0 : if_nametoindex(route.interface.c_str());
  constexpr std::uint16_t kAnyPort = 33434;
  SocketAddress to = ToSocketAddress(destination, kAnyPort);
  SocketAddress from;
  from.length = sizeof from.storage;
  const bool has_interface = route.interface.empty() || index != 0;
  if (!has_interface || !UseInterface(descriptor, destination.Family(), index) ||
      connect(descriptor, to.Pointer(), to.length) != 0 ||
      getsockname(descriptor, from.Pointer(), &from.length) != 0) {
    answer.error = LastError();
    return answer;
  }
  Disconnect(descriptor);
  // The kernel offers ::1 while the device's own address is still being checked for duplicates
  // (RFC 4862). Nobody could answer to that.
  if (from.Address().IsLoopback() && !destination.IsLoopback()) {
    answer.error = std::make_error_code(std::errc::address_not_available);
    return answer;
  }
  answer.source = from.Address();
  return answer;
}

std::optional<unsigned> InterfaceIndexes::Of(const PacketRoute* route) {
  if (route == nullptr || route->interface.empty()) {
    return 0;
  }
  auto found = known_.find(route->interface);
  if (found == known_.end()) {
    found = known_.emplace(route->interface, if_nametoindex(route->interface.c_str())).first;
  }
  return found->second == 0 ? std::nullopt : std::optional(found->second);
}

void AddRoute(const ProbePacket& probe, unsigned interface_index, std::size_t slot,
              MessageBatch& outbox) {
  const std::span<const std::byte> source = probe.source.Bytes();
  if (probe.source.Family() == IpFamily::Ipv4) {
    in_pktinfo route{};
    route.ipi_ifindex = static_cast<int>(interface_index);
    std::memcpy(&route.ipi_spec_dst, source.data(), source.size());
    outbox.AddControl(slot, IPPROTO_IP, IP_PKTINFO, BytesOf(route));
    return;
  }
  in6_pktinfo route{};
  route.ipi6_ifindex = interface_index;
  // Linux takes the interface as no more than a hint when a source address is given beside it.
  if (interface_index == 0) {
    std::memcpy(&route.ipi6_addr, source.data(), source.size());
  }
  outbox.AddControl(slot, IPPROTO_IPV6, IPV6_PKTINFO, BytesOf(route));
}

}  // namespace pathwitness
