#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "exporter/drill/drill_counters.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What drills that run play, beside the truth and under names of their own.
class DrillCollector final : public prometheus::Collectable {
 public:
  /// One drill at `now`.
  struct Shown {
    DrillPointer drill;
    std::vector<DrillCounters> counters;
    WallTime end;
  };

  explicit DrillCollector(std::vector<Shown> drills);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::vector<Shown> drills_;
};

/// Those of `drills` that run.
std::vector<DrillCollector::Shown> RunningDrills(const std::vector<DrillPointer>& drills,
                                                 const TraceBoard& traces, const Clock& clock);

}  // namespace pathwitness
