#pragma once

#include <prometheus/metric_family.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/metrics/metric_names.h"
#include "probes/base/histogram.h"
#include "probes/base/prober_status.h"
#include "probes/base/time.h"

// Building blocks of the collectors: families and samples. Those of the probers are in series.h.
namespace pathwitness {

using Labels = std::vector<prometheus::ClientMetric::Label>;

/// `target`, `prober`, `family`: on every probe series.
Labels IdentityLabels(const ProberKey& key);

/// `labels` and one more at the end.
Labels With(Labels labels, std::string_view name, std::string value);

/// A family without samples.
prometheus::MetricFamily NewFamily(const Metric& metric);

/// Adds a sample. Pre: the family is a counter or a gauge.
void AddSample(prometheus::MetricFamily& family, Labels labels, double value);

/// Any other number or bool; counts beyond 2^53 lose their last digits, as everywhere in
/// Prometheus.
template <typename Number>
void AddSample(prometheus::MetricFamily& family, Labels labels, Number value) {
  AddSample(family, std::move(labels), static_cast<double>(value));
}

void AddHistogram(prometheus::MetricFamily& family, Labels labels, const Histogram& histogram);
void AddSummary(prometheus::MetricFamily& family, Labels labels, double sum, std::uint64_t count);

/// One sample for each name of a closed set, also for those that are 0.
template <std::size_t N>
void AddEach(prometheus::MetricFamily& family, const Labels& labels, std::string_view label,
             const std::array<std::string_view, N>& names,
             const std::array<std::uint64_t, N>& values) {
  for (std::size_t i = 0; i < N; ++i) {
    AddSample(family, With(labels, label, std::string(names[i])), values[i]);
  }
}

/// A family of one sample.
template <typename Number>
prometheus::MetricFamily OneSample(const Metric& metric, Labels labels, Number value) {
  prometheus::MetricFamily family = NewFamily(metric);
  AddSample(family, std::move(labels), value);
  return family;
}

/// True when the prober's last round may still be shown: there was one, within 5 intervals.
bool IsFresh(const ProberStatus& status, WallTime now);

enum class Shown : std::uint8_t { Always, WhileFresh };

inline const ProberStatus& StatusOf(const ProberStatus& status) {
  return status;
}
template <typename Snapshot>
const ProberStatus& StatusOf(const Snapshot& snapshot) {
  return snapshot.status;
}

}  // namespace pathwitness
