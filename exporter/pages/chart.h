#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/history/history_values.h"
#include "probes/base/time.h"

namespace pathwitness {

/// A path over a stretch of time, in equally long columns.
struct PathChart {
  WallTime from;
  WallTime to;
  std::vector<EndToEndStats> columns;  // without probes: nothing is known of that time
};

/// Adds buckets up into `columns` columns; those that begin outside of [from, to) are left out.
/// Pre: from < to, columns > 0.
PathChart ChartOf(const std::vector<TraceBucket>& buckets, WallTime from, WallTime to,
                  std::size_t columns);

/// Loss above, mean round trip below, over the same time, with the extremes in the caption and, in
/// words, for those who do not see it. `name` is plain text, as "Last hour".
std::string ChartSvg(const PathChart& chart, std::string_view name);

}  // namespace pathwitness
