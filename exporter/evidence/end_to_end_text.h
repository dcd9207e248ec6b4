#pragma once

#include <string>

#include "exporter/history/history_values.h"

namespace pathwitness {

/// "12.0 % lost (36/300, 95 % CI 8.8-16.2 %), 12.3 ms on average"; "no probes" without any. Those
/// that could not be sent do not count.
std::string EndToEndText(const EndToEndStats& stats);

}  // namespace pathwitness
