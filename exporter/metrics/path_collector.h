#pragma once

#include <vector>

#include "exporter/metrics/page_writer.h"
#include "probes/base/time.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// What the trace probers saw: end to end, then hop by hop.
class PathCollector {
 public:
  /// `with_hops`: those whose hops are shown.
  PathCollector(std::vector<TraceBoard::Pointer> snapshots,
                std::vector<TraceBoard::Pointer> with_hops, WallTime now);
  void Write(PageWriter& page) const;

 private:
  std::vector<TraceBoard::Pointer> snapshots_;
  std::vector<TraceBoard::Pointer> with_hops_;
  WallTime now_;
};

}  // namespace pathwitness
