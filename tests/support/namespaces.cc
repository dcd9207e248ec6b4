#include "tests/support/namespaces.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace pathwitness {
namespace {

constexpr int kTunQueueLength = 50000;  // packets; the default of 500 drops bursts of probes

[[noreturn]] void ThrowErrno(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

template <typename Request>
void Ioctl(int descriptor, unsigned long operation, Request& request, const char* what) {
  if (ioctl(descriptor, operation, &request) != 0) {
    ThrowErrno(what);
  }
}

ifreq RequestFor(std::string_view device) {
  ifreq request{};
  std::ranges::copy(device, std::begin(request.ifr_name));
  return request;
}

OwnedDescriptor ControlSocket(int family) {
  OwnedDescriptor control(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (control.Get() < 0) {
    ThrowErrno("socket");
  }
  return control;
}

void BringUp(std::string_view device) {
  const OwnedDescriptor control = ControlSocket(AF_INET);
  ifreq request = RequestFor(device);
  Ioctl(control.Get(), SIOCGIFFLAGS, request, "SIOCGIFFLAGS");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  Ioctl(control.Get(), SIOCSIFFLAGS, request, "SIOCSIFFLAGS");
}

sockaddr SocketAddress(const IpAddress& address) {
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  std::memcpy(&ipv4.sin_addr, address.Bytes().data(), sizeof(ipv4.sin_addr));
  return std::bit_cast<sockaddr>(ipv4);
}

in6_addr SocketAddress6(const IpAddress& address) {
  in6_addr ipv6{};
  std::memcpy(&ipv6, address.Bytes().data(), sizeof(ipv6));
  return ipv6;
}

void ConfigureIpv4(std::string_view device, const IpAddress& address) {
  const OwnedDescriptor control = ControlSocket(AF_INET);
  ifreq request = RequestFor(device);
  request.ifr_addr = SocketAddress(address);
  Ioctl(control.Get(), SIOCSIFADDR, request, "SIOCSIFADDR");
  request.ifr_netmask = SocketAddress(*IpAddress::Parse("255.255.255.255"));
  Ioctl(control.Get(), SIOCSIFNETMASK, request, "SIOCSIFNETMASK");
  BringUp(device);

  std::string name(device);
  rtentry route{};
  route.rt_dst = SocketAddress(IpAddress::Any(IpFamily::Ipv4));
  route.rt_genmask = route.rt_dst;
  route.rt_flags = RTF_UP;
  route.rt_dev = name.data();
  Ioctl(control.Get(), SIOCADDRT, route, "SIOCADDRT");
}

void ConfigureIpv6(std::string_view device, const IpAddress& address) {
  const OwnedDescriptor control = ControlSocket(AF_INET6);
  const auto index = if_nametoindex(std::string(device).c_str());
  in6_ifreq request{};
  request.ifr6_addr = SocketAddress6(address);
  request.ifr6_prefixlen = 128;
  request.ifr6_ifindex = static_cast<int>(index);
  Ioctl(control.Get(), SIOCSIFADDR, request, "SIOCSIFADDR (IPv6)");

  in6_rtmsg route{};
  route.rtmsg_flags = RTF_UP;
  route.rtmsg_metric = 1;
  route.rtmsg_ifindex = static_cast<int>(index);
  Ioctl(control.Get(), SIOCADDRT, route, "SIOCADDRT (IPv6)");
}

// An address serves from when the kernel has checked it for duplicates, on a thread of its own.
void AwaitIpv6(const IpAddress& address) {
  constexpr int kMostLooks = 500;
  constexpr int kBetweenLooks = 10;  // milliseconds
  const OwnedDescriptor events(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl group{};
  group.nl_family = AF_NETLINK;
  group.nl_groups = RTMGRP_IPV6_IFADDR;
  sockaddr any{};
  std::memcpy(&any, &group, sizeof group);
  static_assert(sizeof group <= sizeof any);
  bind(events.Get(), &any, sizeof group);
  sockaddr_in6 own{};
  own.sin6_family = AF_INET6;
  own.sin6_addr = SocketAddress6(address);
  for (int look = 0; look < kMostLooks; ++look) {
    const OwnedDescriptor probe = ControlSocket(AF_INET6);
    if (bind(probe.Get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0) {
      return;
    }
    pollfd waiting{.fd = events.Get(), .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, kBetweenLooks) > 0) {
      char event[4096];
      static_cast<void>(recv(events.Get(), event, sizeof event, 0));
    }
  }
  throw std::runtime_error("the address " + address.ToString() + " does not come into use");
}

void SetQueueLength(std::string_view device) {
  const OwnedDescriptor control = ControlSocket(AF_INET);
  ifreq request = RequestFor(device);
  request.ifr_qlen = kTunQueueLength;
  Ioctl(control.Get(), SIOCSIFTXQLEN, request, "SIOCSIFTXQLEN");
}

// Answers come from addresses to which no route is known in detail; a strict check drops none of
// them as long as the default route is the device, so failing to switch it off does no harm.
void SwitchOffReversePathFilter() {
  for (const char* scope : {"all", "default"}) {
    std::ofstream("/proc/sys/net/ipv4/conf/" + std::string(scope) + "/rp_filter") << "0\n";
  }
}

}  // namespace

OwnedDescriptor::~OwnedDescriptor() {
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
}

std::string EnterFreshNamespace() {
  if (access("/dev/net/tun", R_OK | W_OK) != 0) {
    return "needs /dev/net/tun";
  }
  if (unshare(CLONE_NEWNET) != 0) {
    return "needs CAP_SYS_ADMIN for a network namespace of its own";
  }
  BringUp("lo");
  return "";
}

OwnedDescriptor OpenTun(const TunAddresses& addresses) {
  OwnedDescriptor tun(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (tun.Get() < 0) {
    ThrowErrno("/dev/net/tun");
  }
  ifreq request = RequestFor(kTunName);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  Ioctl(tun.Get(), TUNSETIFF, request, "TUNSETIFF");
  SwitchOffReversePathFilter();
  SetQueueLength(kTunName);
  ConfigureIpv4(kTunName, addresses.ipv4);
  ConfigureIpv6(kTunName, addresses.ipv6);
  AwaitIpv6(addresses.ipv6);
  return tun;
}

}  // namespace pathwitness
