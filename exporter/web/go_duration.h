#pragma once

#include <optional>
#include <string_view>

#include "probes/base/time.h"

namespace pathwitness {

/// Reads a duration as programs in Go do: "1s", "1.5h", "1m30s", "250us", and "0" without a unit.
/// Empty for anything else, for a sign, and beyond 100 years.
/// Source: Go, package time, ParseDuration.
std::optional<Duration> ParseGoDuration(std::string_view text);

}  // namespace pathwitness
