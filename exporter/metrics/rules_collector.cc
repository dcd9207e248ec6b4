#include "exporter/metrics/rules_collector.h"

#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

// As gauges of a last round: what is old is not shown as if it were known.
constexpr int kFreshIntervals = 5;

}  // namespace

RulesCollector::RulesCollector(std::vector<RulesBoard::Pointer> snapshots, WallTime now)
    : snapshots_(std::move(snapshots)), now_(now) {}

std::vector<MetricFamily> RulesCollector::Collect() const {
  MetricFamily differing = NewFamily(kRulesDiffering);
  MetricFamily comparisons = NewFamily(kRulesComparisons);
  MetricFamily failures = NewFamily(kRulesComparisonFailures);
  MetricFamily last = NewFamily(kRulesLastComparison);
  for (const RulesBoard::Pointer& server : snapshots_) {
    const Labels labels{{"prometheus", server->prometheus}};
    AddSample(comparisons, labels, server->comparisons);
    AddEach(failures, labels, "reason", kComparisonFailureNames, server->failures);
    AddSample(last, labels, ToUnixSeconds(server->last_comparison));
    const bool is_fresh = now_ - server->last_comparison <= kFreshIntervals * server->interval;
    if (server->has_compared && is_fresh) {
      AddSample(differing, labels, server->drifts.size());
    }
  }
  return {std::move(differing), std::move(comparisons), std::move(failures), std::move(last)};
}

}  // namespace pathwitness
