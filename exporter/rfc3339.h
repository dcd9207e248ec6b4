#pragma once

#include <cstdint>
#include <string>

#include "probes/base/time.h"

namespace pathwitness {

enum class TimePrecision : std::uint8_t { Seconds, Milliseconds };

/// `time` in UTC as "2026-01-01T00:00:00Z" or "2026-01-01T00:00:00.000Z". Never fails.
/// Source: RFC 3339 section 5.6.
std::string FormatRfc3339(WallTime time, TimePrecision precision);

}  // namespace pathwitness
