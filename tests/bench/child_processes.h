#pragma once

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

/// Runs commands side by side until all have ended, with the processes that they started.
///
/// Returns the CPU time, user and system, of all of them. A command that fails shows in its
/// output alone. Throws std::system_error when one cannot be started.
Duration RunAll(const std::vector<Command>& commands);

}  // namespace pathwitness
