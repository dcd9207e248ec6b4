#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace pathwitness {

/// A listening TCP socket on a free port of a loopback address, or on one that was free before, and
/// that port. The caller closes it. Throws std::system_error.
std::pair<int, std::uint16_t> ListenOnLoopback(const std::string& address = "127.0.0.1",
                                               int backlog = 128, std::uint16_t port = 0);

/// Takes one connection after the other and calls `converse` with each, until `stop` (an eventfd)
/// becomes readable. Closes each connection behind `converse`.
void ServeUntilStopped(int listener, int stop, const std::function<void(int)>& converse);

/// Begins to connect a non-blocking IPv4 socket to 127.0.0.1; does not wait for the outcome.
void ConnectToLoopback(int descriptor, std::uint16_t port);

}  // namespace pathwitness
