#pragma once

#include <vector>

#include "exporter/diagnosis/verdict_snapshot.h"
#include "exporter/metrics/page_writer.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What is wrong with paths and services, and whom that is blamed on.
class VerdictCollector {
 public:
  VerdictCollector(std::vector<VerdictBoard::Pointer> verdicts, WallTime now);
  void Write(PageWriter& page) const;

 private:
  std::vector<VerdictBoard::Pointer> verdicts_;
  WallTime now_;
};

}  // namespace pathwitness
