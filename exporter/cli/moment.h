#pragma once

#include <optional>
#include <string_view>

#include "probes/base/time.h"

namespace pathwitness {

/// Reads when something was, as people say it: RFC 3339 ("2026-01-31T16:00:00Z"), "16:00" or
/// "16:00:30" in UTC, today or, when that is still to come, yesterday; "-30m" before now, "now".
/// Empty for anything else.
std::optional<WallTime> ParseMoment(std::string_view text, WallTime now);

/// Completes a message about a moment that cannot be read.
inline constexpr std::string_view kMomentForms =
    "wanted is 2026-01-31T16:00:00Z, 16:00 (UTC), -30m or now";

}  // namespace pathwitness
