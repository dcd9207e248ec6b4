#include "tests/support/notify_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

namespace pathwitness {

NotifySocket::NotifySocket(std::string address)
    : address_(std::move(address)),
      socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_un own{};
  own.sun_family = AF_UNIX;
  std::ranges::copy(address_, std::begin(own.sun_path));
  if (address_.front() == '@') {
    own.sun_path[0] = '\0';
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  if (::bind(socket_.Get(), reinterpret_cast<const sockaddr*>(&own), length) != 0) {
    throw std::system_error(errno, std::generic_category(), address_);
  }
}

NotifySocket::~NotifySocket() {
  ::unlink(address_.c_str());
}

std::string NotifySocket::Next(std::chrono::milliseconds patience) const {
  pollfd readable{.fd = socket_.Get(), .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, static_cast<int>(patience.count())) != 1) {
    return "";
  }
  std::array<char, 4096> message{};
  const ssize_t length = ::recv(socket_.Get(), message.data(), message.size(), 0);
  return {message.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
}

std::string NotifySocket::NextWith(const std::string& wanted,
                                   std::chrono::milliseconds patience) const {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + patience;
  for (auto now = Clock::now(); now < deadline; now = Clock::now()) {
    std::string message = Next(std::chrono::ceil<std::chrono::milliseconds>(deadline - now));
    if (message.find(wanted) != std::string::npos) {
      return message;
    }
  }
  return "";
}

}  // namespace pathwitness
