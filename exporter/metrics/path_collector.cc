#include "exporter/metrics/path_collector.h"

#include <array>
#include <string>
#include <utility>

#include "exporter/metrics/series.h"

namespace pathwitness {
namespace {

/// Calls `add(labels, counters)` for each hop of the present path.
template <typename Add>
void ForEachHop(const LabelText& identity, const TraceSnapshot& trace, Add add) {
  LabelText labels = identity;
  for (std::size_t i = 0; i < trace.hops.size(); ++i) {
    labels.CutTo(identity.Text().size());
    add(labels.Add("hop", i + 1), trace.hops[i]);
  }
}

constexpr std::array<SeriesRule<TraceSnapshot>, 9> kPathRules{{
    {kPathProbes, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       family.Add(identity, trace.probes);
     }},
    {kPathProbesLost, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       family.Add(identity, trace.lost);
     }},
    {kPathProbesLate, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       family.Add(identity, trace.late);
     }},
    {kPathProbesUnsent, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       family.AddEach(identity, "reason", kUnsentReasonNames, trace.unsent);
     }},
    {kPathRtt, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       family.AddHistogram(identity, trace.round_trips);
     }},
    {kPathUnreachable, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       family.AddEach(identity, "code", kUnreachableCodeNames, trace.unreachable);
     }},
    {kPathReached, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       family.Add(identity, trace.reached);
     }},
    {kPathDestinationHop, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       family.Add(identity, trace.destination_hop);
     }},
    {kPathLastRespondingHop, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       family.Add(identity, trace.last_responding_hop);
     }},
}};

constexpr std::array<SeriesRule<TraceSnapshot>, 5> kHopRules{{
    {kPathHopProbes, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       ForEachHop(identity, trace, [&](const LabelText& labels, const HopCounters& hop) {
         family.Add(labels, hop.probes);
       });
     }},
    {kPathHopProbesCredited, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       ForEachHop(identity, trace, [&](const LabelText& labels, const HopCounters& hop) {
         family.Add(labels, hop.probes_credited);
       });
     }},
    {kPathHopRepliesMissing, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       ForEachHop(identity, trace, [&](const LabelText& labels, const HopCounters& hop) {
         family.Add(labels, hop.replies_missing);
       });
     }},
    {kPathHopRtt, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       ForEachHop(identity, trace, [&](const LabelText& labels, const HopCounters& hop) {
         family.AddSummary(labels, hop.round_trip_sum, hop.round_trip_count);
       });
     }},
    {kPathHopLastRtt, Shown::WhileFresh,
     [](FamilyText& family, const LabelText& identity, const TraceSnapshot& trace) {
       ForEachHop(identity, trace, [&](const LabelText& labels, const HopCounters& hop) {
         if (hop.last_round_trip) {
           family.Add(labels, *hop.last_round_trip);
         }
       });
     }},
}};

}  // namespace

PathCollector::PathCollector(std::vector<TraceBoard::Pointer> snapshots,
                             std::vector<TraceBoard::Pointer> with_hops, WallTime now)
    : snapshots_(std::move(snapshots)), with_hops_(std::move(with_hops)), now_(now) {}

void PathCollector::Write(PageWriter& page) const {
  WriteFamilies(kPathRules, snapshots_, now_, page);
  WriteFamilies(kHopRules, with_hops_, now_, page);
}

}  // namespace pathwitness
