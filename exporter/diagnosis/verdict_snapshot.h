#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "diagnosis/loss_blame.h"
#include "diagnosis/statistics.h"
#include "diagnosis/verdict.h"
#include "probes/base/prober_status.h"
#include "probes/base/snapshot_board.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What is said of one prober's path or service.
struct VerdictSnapshot {
  ProberStatus status;  // of the prober
  /// Null: nothing is wrong, or nobody can tell. So it is of most, and a verdict is large.
  std::shared_ptr<const Verdict> verdict;
  WallTime since;                // of a verdict: when its first signs were known
  WallTime last_confirmed;       // of a verdict: when the fault was seen last
  std::optional<Interval> loss;  // of the last 5 minutes, 95 %; of traces with probes only
  std::vector<HopClass> hops;    // of traces: those before the destination, renewed now and then
};

using VerdictBoard = SnapshotBoard<ProberKey, VerdictSnapshot>;

}  // namespace pathwitness
