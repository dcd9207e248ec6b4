#include "exporter/service_manager.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <system_error>

namespace pathwitness {
namespace {

/// Empty when it is no address of a Unix socket.
std::string UsableAddress(const std::string& socket) {
  const bool is_known = socket.starts_with('/') || socket.starts_with('@');
  return is_known && socket.size() < sizeof(sockaddr_un::sun_path) ? socket : std::string();
}

/// A process may inherit the variables of another's watchdog.
bool HasWatchdog(const ServiceEnvironment& environment) {
  const bool is_for_us =
      environment.watchdog_pid.empty() || environment.watchdog_pid == std::to_string(getpid());
  return !environment.watchdog_usec.empty() && is_for_us;
}

int OpenSocket() {
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot open a Unix socket");
  }
  // A service manager that reads nothing must not hold up the one who supervises the engines.
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return descriptor;
}

}  // namespace

ServiceManager::ServiceManager(const ServiceEnvironment& environment)
    : address_(UsableAddress(environment.notify_socket)),
      has_watchdog_(HasWatchdog(environment)),
      socket_(OpenSocket()) {}

ServiceManager::~ServiceManager() {
  close(socket_);
}

void ServiceManager::OnReady(std::string_view status) {
  status_ = status;
  Tell(fmt::format("READY=1\nSTATUS={}", status_));
}

void ServiceManager::OnReloading(MonoTime now) {
  const auto since_boot =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  Tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", since_boot.count()));
}

void ServiceManager::OnReloaded() {
  Tell("READY=1");
}

void ServiceManager::OnSupervised(const std::vector<std::string>& stuck_engines) {
  const bool is_stuck = !stuck_engines.empty();
  if (is_stuck) {
    Tell(fmt::format("STATUS=no progress: {}", fmt::join(stuck_engines, ", ")));
  } else if (was_stuck_) {
    Tell(fmt::format("STATUS={}", status_));
  }
  was_stuck_ = is_stuck;
  if (has_watchdog_ && !is_stuck) {
    Tell("WATCHDOG=1");
  }
}

void ServiceManager::OnStopping() {
  Tell("STOPPING=1");
}

void ServiceManager::Tell(const std::string& message) const {
  if (address_.empty()) {
    return;
  }
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::ranges::copy(address_, std::begin(to.sun_path));
  if (address_.front() == '@') {
    to.sun_path[0] = '\0';  // an abstract name has no file
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  sendto(socket_, message.data(), message.size(), MSG_NOSIGNAL,
         reinterpret_cast<const sockaddr*>(&to), length);
}

}  // namespace pathwitness
