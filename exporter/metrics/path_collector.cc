#include "exporter/metrics/path_collector.h"

#include <array>
#include <string>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

/// Calls `add(labels, counters)` for each hop of the present path.
template <typename Add>
void ForEachHop(const Labels& identity, const TraceSnapshot& trace, Add add) {
  for (std::size_t i = 0; i < trace.hops.size(); ++i) {
    add(With(identity, "hop", std::to_string(i + 1)), trace.hops[i]);
  }
}

constexpr std::array<FamilyRule<TraceSnapshot>, 14> kRules{{
    {kPathProbes, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       AddSample(family, identity, trace.probes);
     }},
    {kPathProbesLost, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       AddSample(family, identity, trace.lost);
     }},
    {kPathProbesLate, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       AddSample(family, identity, trace.late);
     }},
    {kPathProbesUnsent, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       AddEach(family, identity, "reason", kUnsentReasonNames, trace.unsent);
     }},
    {kPathRtt, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       AddHistogram(family, identity, trace.round_trips);
     }},
    {kPathUnreachable, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       AddEach(family, identity, "code", kUnreachableCodeNames, trace.unreachable);
     }},
    {kPathReached, Shown::WhileFresh,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       AddSample(family, identity, trace.reached);
     }},
    {kPathDestinationHop, Shown::WhileFresh,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       AddSample(family, identity, trace.destination_hop);
     }},
    {kPathLastRespondingHop, Shown::WhileFresh,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       AddSample(family, identity, trace.last_responding_hop);
     }},
    {kPathHopProbes, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       ForEachHop(identity, trace, [&](Labels labels, const HopCounters& hop) {
         AddSample(family, std::move(labels), hop.probes);
       });
     }},
    {kPathHopProbesCredited, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       ForEachHop(identity, trace, [&](Labels labels, const HopCounters& hop) {
         AddSample(family, std::move(labels), hop.probes_credited);
       });
     }},
    {kPathHopRepliesMissing, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       ForEachHop(identity, trace, [&](Labels labels, const HopCounters& hop) {
         AddSample(family, std::move(labels), hop.replies_missing);
       });
     }},
    {kPathHopRtt, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       ForEachHop(identity, trace, [&](Labels labels, const HopCounters& hop) {
         AddSummary(family, std::move(labels), hop.round_trip_sum, hop.round_trip_count);
       });
     }},
    {kPathHopLastRtt, Shown::WhileFresh,
     [](MetricFamily& family, const Labels& identity, const TraceSnapshot& trace) {
       ForEachHop(identity, trace, [&](Labels labels, const HopCounters& hop) {
         if (hop.last_round_trip) {
           AddSample(family, std::move(labels), *hop.last_round_trip);
         }
       });
     }},
}};

}  // namespace

PathCollector::PathCollector(std::vector<TraceBoard::Pointer> snapshots, WallTime now)
    : snapshots_(std::move(snapshots)), now_(now) {}

std::vector<MetricFamily> PathCollector::Collect() const {
  return CollectFamilies(kRules, snapshots_, now_);
}

}  // namespace pathwitness
