#pragma once

#include <optional>

#include "diagnosis/statistics.h"
#include "diagnosis/verdict.h"
#include "probes/base/prober_status.h"
#include "probes/base/snapshot_board.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What is said of one prober's path or service.
struct VerdictSnapshot {
  ProberStatus status;             // of the prober
  std::optional<Verdict> verdict;  // empty: nothing is wrong, or nobody can tell
  WallTime since;                  // of a verdict: when its first signs were known
  std::optional<Interval> loss;    // of the last 5 minutes, 95 %; of traces with probes only
};

using VerdictBoard = SnapshotBoard<ProberKey, VerdictSnapshot>;

}  // namespace pathwitness
