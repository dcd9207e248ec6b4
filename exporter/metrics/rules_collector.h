#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "exporter/rules/rules_snapshot.h"
#include "probes/base/time.h"

namespace pathwitness {

/// The comparisons of rules with those that each Prometheus runs.
class RulesCollector final : public prometheus::Collectable {
 public:
  RulesCollector(std::vector<RulesBoard::Pointer> snapshots, WallTime now);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::vector<RulesBoard::Pointer> snapshots_;
  WallTime now_;
};

}  // namespace pathwitness
