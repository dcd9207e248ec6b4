#pragma once

#include <vector>

#include "exporter/metrics/page_writer.h"
#include "probes/base/time.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// What the trace probers saw: end to end, then hop by hop.
class PathCollector {
 public:
  PathCollector(std::vector<TraceBoard::Pointer> snapshots, WallTime now);
  void Write(PageWriter& page) const;

 private:
  std::vector<TraceBoard::Pointer> snapshots_;
  WallTime now_;
};

}  // namespace pathwitness
