#include "exporter/metrics/pulse_collector.h"

#include <array>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

constexpr std::array<FamilyRule<PulseSnapshot>, 3> kRules{{
    {kPulseTimestamp, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const PulseSnapshot& pulse) {
       if (pulse.timestamp) {
         AddSample(family, identity, *pulse.timestamp);
       }
     }},
    {kPulseExpectedInterval, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const PulseSnapshot& pulse) {
       AddSample(family, identity, ToSeconds(pulse.expected_interval));
     }},
    {kPulseFailures, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const PulseSnapshot& pulse) {
       AddEach(family, identity, "reason", kPulseFailureNames, pulse.failures);
     }},
}};

}  // namespace

PulseCollector::PulseCollector(std::vector<PulseBoard::Pointer> snapshots, WallTime now)
    : snapshots_(std::move(snapshots)), now_(now) {}

std::vector<MetricFamily> PulseCollector::Collect() const {
  return CollectFamilies(kRules, snapshots_, now_);
}

}  // namespace pathwitness
