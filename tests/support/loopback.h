#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace pathwitness {

/// A listening TCP socket on a free port of a loopback address, and that port. The caller closes
/// it. Throws std::system_error.
std::pair<int, std::uint16_t> ListenOnLoopback(const std::string& address = "127.0.0.1",
                                               int backlog = 128);

/// Begins to connect a non-blocking IPv4 socket to 127.0.0.1; does not wait for the outcome.
void ConnectToLoopback(int descriptor, std::uint16_t port);

}  // namespace pathwitness
