#pragma once

#include <vector>

#include "exporter/metrics/page_writer.h"
#include "probes/base/time.h"
#include "probes/pulse/pulse_snapshot.h"

namespace pathwitness {

/// What the pulse probers know of the things they watch.
class PulseCollector {
 public:
  PulseCollector(std::vector<PulseBoard::Pointer> snapshots, WallTime now);
  void Write(PageWriter& page) const;

 private:
  std::vector<PulseBoard::Pointer> snapshots_;
  WallTime now_;
};

}  // namespace pathwitness
