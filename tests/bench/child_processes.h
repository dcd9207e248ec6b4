#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "probes/base/time.h"

namespace pathwitness {

/// A command and the file that its standard output goes to.
struct Command {
  std::vector<std::string> arguments;  // the program first; found along PATH
  std::filesystem::path output;
};

struct Usage {
  Duration cpu{};  // user and system
  /// The sum of what the largest process of each command had resident at most.
  std::uint64_t peak_bytes = 0;
};

/// Runs commands side by side until all have ended, with the processes that they started, and
/// returns what they used. A command that fails shows in its output alone. Throws
/// std::system_error when one cannot be started.
Usage RunAll(const std::vector<Command>& commands);

}  // namespace pathwitness
