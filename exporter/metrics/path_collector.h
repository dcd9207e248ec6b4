#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "probes/base/time.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// What the trace probers saw: end to end, then hop by hop.
class PathCollector final : public prometheus::Collectable {
 public:
  PathCollector(std::vector<TraceBoard::Pointer> snapshots, WallTime now);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::vector<TraceBoard::Pointer> snapshots_;
  WallTime now_;
};

}  // namespace pathwitness
