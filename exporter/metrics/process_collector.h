#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "exporter/metrics/process_facts.h"

namespace pathwitness {

/// The standard process_* metrics.
class ProcessCollector final : public prometheus::Collectable {
 public:
  explicit ProcessCollector(const ProcessFacts& facts);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  ProcessFacts facts_;
};

}  // namespace pathwitness
