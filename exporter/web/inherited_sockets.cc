#include "exporter/web/inherited_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace pathwitness {
namespace {

constexpr int kFirstDescriptor = 3;  // SD_LISTEN_FDS_START
constexpr int kMostDescriptors = 1024;

std::optional<int> ReadNumber(std::string_view text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return !text.empty() && error == std::errc() && stop == end ? std::optional(number)
                                                              : std::nullopt;
}

int OptionOf(int descriptor, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

/// Empty for what is no IP socket.
std::optional<ListenAddress> AddressOf(int descriptor) {
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &length) != 0) {
    return std::nullopt;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (bound.ss_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(bound);
    inet_ntop(AF_INET, &ipv4.sin_addr, text.data(), text.size());
    return ListenAddress{.host = text.data(), .port = ntohs(ipv4.sin_port)};
  }
  if (bound.ss_family == AF_INET6) {
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(bound);
    inet_ntop(AF_INET6, &ipv6.sin6_addr, text.data(), text.size());
    return ListenAddress{.host = text.data(), .port = ntohs(ipv6.sin6_port)};
  }
  return std::nullopt;
}

InheritedSocket Take(int descriptor) {
  const bool is_listening =
      OptionOf(descriptor, SO_TYPE) == SOCK_STREAM && OptionOf(descriptor, SO_ACCEPTCONN) == 1;
  const std::optional<ListenAddress> address = is_listening ? AddressOf(descriptor) : std::nullopt;
  if (!address) {
    throw std::runtime_error(
        fmt::format("--web.systemd-socket: descriptor {} is not a TCP socket that listens: the "
                    "socket unit needs ListenStream= with a port",
                    descriptor));
  }
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  return {.descriptor = descriptor, .address = *address};
}

}  // namespace

std::vector<InheritedSocket> TakeInheritedSockets(const ActivationEnvironment& environment) {
  const int count = ReadNumber(environment.listen_fds).value_or(0);
  if (count < 1 || count > kMostDescriptors || ReadNumber(environment.listen_pid) != getpid()) {
    throw std::runtime_error(
        "--web.systemd-socket: systemd has opened no socket for this process: start "
        "pathwitness.socket, or listen by --web.listen-address");
  }
  std::vector<InheritedSocket> sockets;
  sockets.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    sockets.push_back(Take(kFirstDescriptor + i));
  }
  return sockets;
}

}  // namespace pathwitness
