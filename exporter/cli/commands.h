#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "probes/base/time.h"

namespace pathwitness {

/// The commands by name, for the end of the program's help page.
std::string CommandOverview();

/// Runs `check ...`, `config ...`, `compare ...` and the like, which print and end instead of
/// serving. `arguments` comes without the program's name; `now` decides which alert overrides have
/// expired.
///
/// The exit status, or nothing when the first argument is no command's name:
/// 0 all is well, 1 the configuration has problems or the two differ, 2 the command line is wrong
/// or, as with diff(1), there is nothing to compare.
std::optional<int> RunCommand(const std::vector<std::string>& arguments, std::ostream& out,
                              std::ostream& err, WallTime now = SystemClock().WallNow());

}  // namespace pathwitness
