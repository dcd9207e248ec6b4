#pragma once

#include <prometheus/collectable.h>

#include <cstddef>
#include <vector>

#include "exporter/diagnosis/incident_snapshot.h"

namespace pathwitness {

/// Which incidents are open, and what each of them reaches. Those that reach most targets have
/// series of their own, the others are counted.
class IncidentCollector final : public prometheus::Collectable {
 public:
  explicit IncidentCollector(std::vector<IncidentBoard::Pointer> incidents);
  std::vector<prometheus::MetricFamily> Collect() const override;

  static constexpr std::size_t kMostIncidents = 100;
  static constexpr std::size_t kMostTargets = 1000;  // of all incidents together

 private:
  std::vector<IncidentBoard::Pointer> open_;  // those that reach most first
};

}  // namespace pathwitness
