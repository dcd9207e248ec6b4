#include "exporter/metrics/discovery_collector.h"

#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {

using prometheus::MetricFamily;

DiscoveryCollector::DiscoveryCollector(std::vector<DiscoveryBoard::Pointer> snapshots,
                                       std::map<std::string, std::size_t> refused)
    : snapshots_(std::move(snapshots)), refused_(std::move(refused)) {}

std::vector<MetricFamily> DiscoveryCollector::Collect() const {
  MetricFamily targets = NewFamily(kDiscoveryTargets);
  MetricFamily refused = NewFamily(kDiscoveryTargetsRefused);
  MetricFamily failures = NewFamily(kDiscoveryFailures);
  MetricFamily last_success = NewFamily(kDiscoveryLastSuccess);
  for (const DiscoveryBoard::Pointer& source : snapshots_) {
    const Labels labels{{"source", source->source}};
    const auto not_taken = refused_.find(source->source);
    AddSample(targets, labels, source->groups == nullptr ? 0 : CountTargets(*source->groups));
    AddSample(refused, labels, not_taken == refused_.end() ? 0 : not_taken->second);
    AddEach(failures, labels, "reason", kDiscoveryFailureNames, source->failures);
    AddSample(last_success, labels, ToUnixSeconds(source->last_success));
  }
  return {std::move(targets), std::move(refused), std::move(failures), std::move(last_success)};
}

}  // namespace pathwitness
