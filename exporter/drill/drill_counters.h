#pragma once

#include <cstdint>
#include <vector>

#include "exporter/drill/drill.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

struct DrillHopCounters {
  std::uint64_t probes = 0;
  std::uint64_t replies_missing = 0;

  bool operator==(const DrillHopCounters&) const = default;
};

/// What a prober's counters would have said since the drill's start.
struct DrillCounters {
  ProberKey key;
  std::uint64_t probes = 0;  // end to end
  std::uint64_t lost = 0;
  std::vector<DrillHopCounters> hops;  // hops[0] is TTL 1; the present path's length

  bool operator==(const DrillCounters&) const = default;
};

/// The truth between `before` and `now` with the ordered fault in it: of the probes that were
/// answered (late or in time) the ordered share is lost as well, rounded to whole probes; of hop
/// probes only from `order.at_hop` on. No chance is involved, and no counter ever falls, but for
/// one whose true counter began anew.
DrillCounters WithFault(const TraceSnapshot& before, const TraceSnapshot& now,
                        const DrillOrder& order);

/// The same for all probers that had results when the drill started and have some still.
std::vector<DrillCounters> CountersOf(const Drill& drill, const TraceBoard& traces);

}  // namespace pathwitness
