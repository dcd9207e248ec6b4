#include "exporter/drill/drill_counters.h"

#include <cmath>
#include <utility>

namespace pathwitness {
namespace {

struct Pair {
  std::uint64_t probes = 0;
  std::uint64_t lost = 0;
};

/// What was added since `before`. A counter that fell began anew, as an engine did that was
/// replaced: then all of it is new.
Pair Since(Pair before, Pair now) {
  if (now.probes < before.probes || now.lost < before.lost) {
    return now;
  }
  return {.probes = now.probes - before.probes, .lost = now.lost - before.lost};
}

Pair Lossy(Pair truth, double loss) {
  const std::uint64_t answered = truth.probes - truth.lost;
  const double share = std::round(static_cast<double>(answered) * loss);
  return {.probes = truth.probes, .lost = truth.lost + static_cast<std::uint64_t>(share)};
}

Pair EndToEnd(const TraceSnapshot& trace) {
  return {.probes = trace.probes, .lost = trace.lost};
}

/// All 0 for a hop that the path did not have.
Pair AtHop(const TraceSnapshot& trace, std::size_t index) {
  if (index >= trace.hops.size()) {
    return {};
  }
  return {.probes = trace.hops[index].probes, .lost = trace.hops[index].replies_missing};
}

}  // namespace

DrillCounters WithFault(const TraceSnapshot& before, const TraceSnapshot& now,
                        const DrillOrder& order) {
  const Pair whole = Lossy(Since(EndToEnd(before), EndToEnd(now)), order.loss);
  DrillCounters counters{
      .key = now.status.key, .probes = whole.probes, .lost = whole.lost, .hops = {}};
  counters.hops.reserve(now.hops.size());
  for (std::size_t i = 0; i < now.hops.size(); ++i) {
    const Pair truth = Since(AtHop(before, i), AtHop(now, i));
    const Pair shown = i + 1 < order.at_hop ? truth : Lossy(truth, order.loss);
    counters.hops.push_back({.probes = shown.probes, .replies_missing = shown.lost});
  }
  return counters;
}

std::vector<DrillCounters> CountersOf(const Drill& drill, const TraceBoard& traces) {
  std::vector<DrillCounters> all;
  for (const TraceBoard::Pointer& before : drill.before) {
    if (const TraceBoard::Pointer now = traces.Find(before->status.key)) {
      all.push_back(WithFault(*before, *now, drill.order));
    }
  }
  return all;
}

}  // namespace pathwitness
