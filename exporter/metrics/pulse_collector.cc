#include "exporter/metrics/pulse_collector.h"

#include <array>
#include <utility>

#include "exporter/metrics/series.h"

namespace pathwitness {
namespace {

constexpr std::array<SeriesRule<PulseSnapshot>, 3> kRules{{
    {kPulseTimestamp, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const PulseSnapshot& pulse) {
       if (pulse.timestamp) {
         family.Add(identity, *pulse.timestamp);
       }
     }},
    {kPulseExpectedInterval, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const PulseSnapshot& pulse) {
       family.Add(identity, ToSeconds(pulse.expected_interval));
     }},
    {kPulseFailures, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const PulseSnapshot& pulse) {
       family.AddEach(identity, "reason", kPulseFailureNames, pulse.failures);
     }},
}};

}  // namespace

PulseCollector::PulseCollector(std::vector<PulseBoard::Pointer> snapshots, WallTime now)
    : snapshots_(std::move(snapshots)), now_(now) {}

void PulseCollector::Write(PageWriter& page) const {
  WriteFamilies(kRules, snapshots_, now_, page);
}

}  // namespace pathwitness
