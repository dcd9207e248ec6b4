#pragma once

#include <string>
#include <vector>

#include "exporter/web/listen_address.h"

namespace pathwitness {

/// What systemd puts into the environment of a service whose sockets it has opened; empty: not set.
struct ActivationEnvironment {
  std::string listen_pid;  // LISTEN_PID: for whom they are
  std::string listen_fds;  // LISTEN_FDS: how many, from descriptor 3 on
};

/// A socket that listens already, and where.
struct InheritedSocket {
  int descriptor = -1;
  ListenAddress address;
};

/// The sockets that were opened for this process, at least one, in the order of the socket unit.
///
/// Errors: std::runtime_error when there is none, or one is not a TCP socket that listens.
/// Source: sd_listen_fds(3).
std::vector<InheritedSocket> TakeInheritedSockets(const ActivationEnvironment& environment);

}  // namespace pathwitness
