#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "probes/base/prober_status.h"
#include "probes/base/time.h"

// Figures as pages show them; nothing in them needs escaping.
namespace pathwitness {

/// What stands where nothing is known.
inline constexpr std::string_view kNoValue = "–";

/// "850 µs", "12.5 ms", "1.20 s".
std::string ShowSeconds(double seconds);

/// "3/300 (1.0 %)": a percentage never stands without its n. kNoValue when there are none.
std::string ShowLoss(std::uint64_t lost, std::uint64_t sent);

/// "4 s ago".
std::string ShowAge(WallTime time, WallTime now);

/// "2026-01-01T00:00:00Z (4 s ago)".
std::string ShowMoment(WallTime time, WallTime now);

/// "unknown", "up" or "down".
std::string_view ProberStateName(ProberState state);

}  // namespace pathwitness
