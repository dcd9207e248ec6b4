#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/history/history_values.h"
#include "exporter/pages/chart_frame.h"
#include "probes/base/time.h"

namespace pathwitness {

/// An HTTPS service over a stretch of time.
using ServiceChart = TimeChart<HttpsStats>;

/// As ColumnsOf.
ServiceChart ServiceChartOf(const std::vector<HttpsBucket>& buckets, WallTime from, WallTime to,
                            std::size_t columns);

/// Failed requests above, below the mean of each phase, stacked in their order. `name` is plain
/// text, as "Last hour".
std::string ServiceChartSvg(const ServiceChart& chart, std::string_view name);

}  // namespace pathwitness
