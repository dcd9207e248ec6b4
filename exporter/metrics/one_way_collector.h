#pragma once

#include <vector>

#include "exporter/metrics/page_writer.h"
#include "probes/base/time.h"
#include "probes/reflect/one_way_snapshot.h"

namespace pathwitness {

/// What targets' reflectors counted of the packets on the way there and on the way back.
class OneWayCollector {
 public:
  OneWayCollector(std::vector<OneWayBoard::Pointer> snapshots, WallTime now);
  void Write(PageWriter& page) const;

 private:
  std::vector<OneWayBoard::Pointer> snapshots_;
  WallTime now_;
};

}  // namespace pathwitness
