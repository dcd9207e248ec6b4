#pragma once

#include <string>
#include <variant>

#include "exporter/drill/drill.h"
#include "exporter/web/query.h"

namespace pathwitness {

inline constexpr Duration kShortestDrill = std::chrono::seconds(1);
inline constexpr Duration kLongestDrill = std::chrono::hours(1);
inline constexpr unsigned kFarthestHop = 64;

/// Reads target, loss ("30%" or "0.3"), at_hop (1 when absent) and for ("10m"), or says what is
/// wrong and what is allowed.
std::variant<DrillOrder, std::string> ReadDrillOrder(const QueryParameters& parameters);

}  // namespace pathwitness
