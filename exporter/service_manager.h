#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "probes/base/time.h"

namespace pathwitness {

/// What a service manager such as systemd puts into the environment; empty: not set.
struct ServiceEnvironment {
  std::string notify_socket;  // NOTIFY_SOCKET: a path, or "@" and an abstract name
  std::string watchdog_usec;  // WATCHDOG_USEC
  std::string watchdog_pid;   // WATCHDOG_PID
};

/// Tells the service manager that started this process how it is doing. Says nothing where there is
/// none, and where it does not listen: measuring goes on without it.
///
/// Source: sd_notify(3), sd_watchdog_enabled(3).
class ServiceManager {
 public:
  /// Throws std::system_error.
  explicit ServiceManager(const ServiceEnvironment& environment);
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  /// It serves. `status` is one line for people.
  void OnReady(std::string_view status);

  /// A reload begins; OnReloaded follows, also when the configuration was refused.
  void OnReloading(MonoTime now);
  void OnReloaded();

  /// Feeds the watchdog while no engine is stuck, and says when some are. Call every second: a
  /// service's watchdog must be slower than that.
  void OnSupervised(const std::vector<std::string>& stuck_engines);

  void OnStopping();

 private:
  void Tell(const std::string& message) const;

  const std::string address_;  // empty: nobody listens
  const bool has_watchdog_;
  const int socket_;
  std::string status_;
  bool was_stuck_ = false;
};

}  // namespace pathwitness
