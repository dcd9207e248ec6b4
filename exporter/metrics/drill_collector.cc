#include "exporter/metrics/drill_collector.h"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

struct Families {
  MetricFamily probes = NewFamily(kDrillPathProbes);
  MetricFamily lost = NewFamily(kDrillPathProbesLost);
  MetricFamily hop_probes = NewFamily(kDrillPathHopProbes);
  MetricFamily hop_missing = NewFamily(kDrillPathHopRepliesMissing);
  MetricFamily info = NewFamily(kDrillInfo);
  MetricFamily end = NewFamily(kDrillEnd);
};

void AddHops(const DrillCounters& counters, const std::string& drill, Families& families) {
  for (std::size_t i = 0; i < counters.hops.size(); ++i) {
    const Labels labels =
        With(With(IdentityLabels(counters.key), "hop", std::to_string(i + 1)), "drill", drill);
    AddSample(families.hop_probes, labels, counters.hops[i].probes);
    AddSample(families.hop_missing, labels, counters.hops[i].replies_missing);
  }
}

void AddDrill(const DrillCollector::Shown& shown, Families& families) {
  const Drill& drill = *shown.drill;
  for (const DrillCounters& counters : shown.counters) {
    const Labels labels = With(IdentityLabels(counters.key), "drill", drill.id);
    AddSample(families.probes, labels, counters.probes);
    AddSample(families.lost, labels, counters.lost);
    AddHops(counters, drill.id, families);
  }
  const Labels labels{{"drill", drill.id}, {"target", drill.order.target}};
  Labels info = With(labels, "loss", fmt::format("{}", drill.order.loss));
  AddSample(families.info, With(std::move(info), "at_hop", std::to_string(drill.order.at_hop)), 1);
  AddSample(families.end, labels, ToUnixSeconds(shown.end));
}

}  // namespace

DrillCollector::DrillCollector(std::vector<Shown> drills) : drills_(std::move(drills)) {}

std::vector<MetricFamily> DrillCollector::Collect() const {
  Families families;
  for (const Shown& shown : drills_) {
    AddDrill(shown, families);
  }
  return {std::move(families.probes),      std::move(families.lost), std::move(families.hop_probes),
          std::move(families.hop_missing), std::move(families.info), std::move(families.end)};
}

std::vector<DrillCollector::Shown> RunningDrills(const std::vector<DrillPointer>& drills,
                                                 const TraceBoard& traces, const Clock& clock) {
  const MonoTime now = clock.Now();
  std::vector<DrillCollector::Shown> running;
  for (const DrillPointer& drill : drills) {
    if (IsRunning(*drill, now)) {
      const auto length = std::chrono::duration_cast<WallTime::duration>(drill->end - drill->start);
      running.push_back({.drill = drill,
                         .counters = CountersOf(*drill, traces),
                         .end = drill->wall_start + length});
    }
  }
  return running;
}

}  // namespace pathwitness
