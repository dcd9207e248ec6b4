#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

constexpr int kFreshIntervals = 5;

prometheus::ClientMetric& NewMetric(prometheus::MetricFamily& family, Labels labels) {
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  return metric;
}

}  // namespace

Labels IdentityLabels(const ProberKey& key) {
  return {{"target", key.target},
          {"prober", std::string(ProberName(key.prober))},
          {"family", std::string(ProberFamilyName(key.family))}};
}

Labels With(Labels labels, std::string_view name, std::string value) {
  labels.push_back({std::string(name), std::move(value)});
  return labels;
}

prometheus::MetricFamily NewFamily(const Metric& metric) {
  return {std::string(metric.name), std::string(metric.help), metric.type, {}};
}

void AddSample(prometheus::MetricFamily& family, Labels labels, double value) {
  prometheus::ClientMetric& metric = NewMetric(family, std::move(labels));
  (family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) =
      value;
}

void AddHistogram(prometheus::MetricFamily& family, Labels labels, const Histogram& histogram) {
  auto& out = NewMetric(family, std::move(labels)).histogram;
  out.sample_count = histogram.Count();
  out.sample_sum = histogram.sum;
  out.bucket.reserve(histogram.bounds.size());
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < histogram.bounds.size(); ++i) {
    cumulative += histogram.counts[i];
    out.bucket.push_back({cumulative, histogram.bounds[i]});
  }
}

void AddSummary(prometheus::MetricFamily& family, Labels labels, double sum, std::uint64_t count) {
  auto& out = NewMetric(family, std::move(labels)).summary;
  out.sample_sum = sum;
  out.sample_count = count;
}

bool IsFresh(const ProberStatus& status, WallTime now) {
  return status.rounds > 0 && now - status.last_round <= kFreshIntervals * status.interval;
}

}  // namespace pathwitness
