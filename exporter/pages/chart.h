#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/history/history_values.h"
#include "exporter/pages/chart_frame.h"
#include "probes/base/time.h"

namespace pathwitness {

/// A path over a stretch of time.
using PathChart = TimeChart<EndToEndStats>;

/// As ColumnsOf.
PathChart ChartOf(const std::vector<TraceBucket>& buckets, WallTime from, WallTime to,
                  std::size_t columns);

/// Loss above, mean round trip below, over the same time, with the extremes in the caption and, in
/// words, for those who do not see it. `name` is plain text, as "Last hour".
std::string ChartSvg(const PathChart& chart, std::string_view name);

}  // namespace pathwitness
