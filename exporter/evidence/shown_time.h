#pragma once

#include <string>

#include "probes/base/time.h"

namespace pathwitness {

/// "2026-01-31 16:13:20 UTC".
std::string ShowTime(WallTime time);

/// "2026-01-31 16:00:00 - 16:05:00 UTC", with the second day where it is another one.
std::string ShowTimes(WallTime from, WallTime to);

}  // namespace pathwitness
