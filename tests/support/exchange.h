#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace pathwitness {

/// A connection to `port` of 127.0.0.1; -1 when it is refused. The caller closes it.
inline int ConnectToLoopback(std::uint16_t port) {
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&server), sizeof(server)) != 0) {
    ::close(connection);
    return -1;
  }
  return connection;
}

/// Sends `bytes` as they are and returns all that comes back until the server closes or is silent
/// for 20 s.
inline std::string Exchange(std::uint16_t port, std::string_view bytes) {
  const int connection = ConnectToLoopback(port);
  std::string answer;
  if (connection < 0) {
    return answer;
  }
  static_cast<void>(::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  pollfd readable{.fd = connection, .events = POLLIN, .revents = 0};
  std::array<char, 4096> chunk{};
  while (::poll(&readable, 1, 20'000) == 1) {
    const ssize_t count = ::recv(connection, chunk.data(), chunk.size(), 0);
    if (count <= 0) {
      break;
    }
    answer.append(chunk.data(), static_cast<std::size_t>(count));
  }
  ::close(connection);
  return answer;
}

/// What follows the header of an HTTP answer; empty when there is none.
inline std::string BodyOf(const std::string& answer) {
  const std::size_t header_end = answer.find("\r\n\r\n");
  return header_end == std::string::npos ? "" : answer.substr(header_end + 4);
}

/// The body that a server on `port` answers to GET; empty when it does not answer. HTTP/1.0, so
/// that no server sends it in chunks.
inline std::string GetBody(std::uint16_t port, const std::string& path) {
  return BodyOf(Exchange(port, "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n"));
}

}  // namespace pathwitness
