#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/history/history_values.h"
#include "probes/base/prober_key.h"

namespace pathwitness {

/// What the history has of one prober, as counters that start at 0.
struct ExportedTrace {
  ProberKey prober;
  std::vector<TraceBucket> buckets;  // in time order
};
struct ExportedHttps {
  ProberKey prober;
  std::vector<HttpsBucket> buckets;
};

struct ExportedOneWay {
  ProberKey prober;
  std::vector<OneWayBucket> buckets;
};

/// Labels that every series carries beside its own, such as job and instance.
using ExtraLabels = std::map<std::string, std::string>;

/// OpenMetrics text with time stamps, under the names that /metrics has: for `promtool tsdb
/// create-blocks-from openmetrics`, which fills the gap of a Prometheus that could not scrape.
///
/// Counters begin at 0 with the first bucket, as after a restart, so rates are right; samples stand
/// at the ends of buckets. Ends with "# EOF". Pre: names of `extra` are label names, and none that
/// a series has itself.
/// Source: OpenMetrics 1.0.
std::string OpenMetricsText(const std::vector<ExportedTrace>& traces,
                            const std::vector<ExportedHttps>& services,
                            const std::vector<ExportedOneWay>& one_way, const ExtraLabels& extra);

/// Whether OpenMetricsText takes this name of an extra label.
bool IsExtraLabelName(std::string_view name);

}  // namespace pathwitness
