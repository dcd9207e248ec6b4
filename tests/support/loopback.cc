#include "tests/support/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace pathwitness {
namespace {

void Require(bool is_done, const char* what) {
  if (!is_done) {
    throw std::system_error(errno, std::generic_category(), what);
  }
}

}  // namespace

std::pair<int, std::uint16_t> ListenOnLoopback(const std::string& address, int backlog,
                                               std::uint16_t port) {
  const bool is_ipv6 = address.find(':') != std::string::npos;
  const int listener = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Require(listener >= 0, "socket");
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  if (is_ipv6) {
    auto* place = reinterpret_cast<sockaddr_in6*>(&local);
    place->sin6_family = AF_INET6;
    inet_pton(AF_INET6, address.c_str(), &place->sin6_addr);
    place->sin6_port = htons(port);
    size = sizeof *place;
  } else {
    auto* place = reinterpret_cast<sockaddr_in*>(&local);
    place->sin_family = AF_INET;
    inet_pton(AF_INET, address.c_str(), &place->sin_addr);
    place->sin_port = htons(port);
    size = sizeof *place;
  }
  const int is_again = port != 0 ? 1 : 0;  // connections of the one before may linger
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &is_again, sizeof is_again);
  Require(bind(listener, reinterpret_cast<sockaddr*>(&local), size) == 0, "bind");
  Require(listen(listener, backlog) == 0, "listen");
  Require(getsockname(listener, reinterpret_cast<sockaddr*>(&local), &size) == 0, "getsockname");
  const std::uint16_t bound = is_ipv6 ? reinterpret_cast<sockaddr_in6*>(&local)->sin6_port
                                      : reinterpret_cast<sockaddr_in*>(&local)->sin_port;
  return {listener, ntohs(bound)};
}

void ServeUntilStopped(int listener, int stop, const std::function<void(int)>& converse) {
  while (true) {
    std::array<pollfd, 2> events = {{{listener, POLLIN, 0}, {stop, POLLIN, 0}}};
    poll(events.data(), events.size(), -1);
    if (events[1].revents != 0) {
      return;
    }
    const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0) {
      converse(connection);
      close(connection);
    }
  }
}

void ConnectToLoopback(int descriptor, std::uint16_t port) {
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(port);
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  [[maybe_unused]] const int result =
      connect(descriptor, reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
}

}  // namespace pathwitness
