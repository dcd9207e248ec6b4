#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "probes/engine_thread.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// How the measuring itself is doing: packets, replies, engines.
class SelfCollector final : public prometheus::Collectable {
 public:
  /// `trace` may be null: nothing has been sent yet, and all counters are 0.
  SelfCollector(TraceSelfBoard::Pointer trace, std::vector<EngineVitals> engines);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  TraceSelfBoard::Pointer trace_;  // never null
  std::vector<EngineVitals> engines_;
};

}  // namespace pathwitness
