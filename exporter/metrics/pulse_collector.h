#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "probes/base/time.h"
#include "probes/pulse/pulse_snapshot.h"

namespace pathwitness {

/// What the pulse probers know of the things they watch.
class PulseCollector final : public prometheus::Collectable {
 public:
  PulseCollector(std::vector<PulseBoard::Pointer> snapshots, WallTime now);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::vector<PulseBoard::Pointer> snapshots_;
  WallTime now_;
};

}  // namespace pathwitness
