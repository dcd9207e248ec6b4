#pragma once

#include "probes/base/time.h"
#include "tests/support/simulated_world.h"

namespace pathwitness {

/// When an outage began and was over.
struct OutageTimes {
  WallTime began;
  WallTime mended;
};

/// Prints what the program kept of an outage, as its own commands tell it: the path before and in
/// it side by side, the incident, the first page of the report, and where the files are.
///
/// Pre: it began when a bucket of the history was just over, filled the second one behind that, and
/// is written by now. True when all was there.
bool ShowEvidence(const SimulatedWorld& world, const OutageTimes& times);

}  // namespace pathwitness
