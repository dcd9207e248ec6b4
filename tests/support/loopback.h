#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace pathwitness {

/// A listening TCP socket on a free port of a loopback address, and that port. The caller closes
/// it. Throws std::system_error.
std::pair<int, std::uint16_t> ListenOnLoopback(const std::string& address = "127.0.0.1",
                                               int backlog = 128);

}  // namespace pathwitness
