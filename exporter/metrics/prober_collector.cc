#include "exporter/metrics/prober_collector.h"

#include <array>
#include <string>
#include <utility>

#include "exporter/metrics/series.h"

namespace pathwitness {
namespace {

constexpr std::array<SeriesRule<ProberStatus>, 8> kRules{{
    {kTargetStateChanges, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const ProberStatus& status) {
       family.Add(identity, status.state_changes);
     }},
    {kProberLastRound, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const ProberStatus& status) {
       family.Add(identity, ToUnixSeconds(status.last_round));
     }},
    {kProberLastAttempt, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const ProberStatus& status) {
       if (status.last_attempt != WallTime()) {
         family.Add(identity, ToUnixSeconds(status.last_attempt));
       }
     }},
    {kProberInterval, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const ProberStatus& status) {
       family.Add(identity, ToSeconds(status.interval));
     }},
    {kProberRounds, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const ProberStatus& status) {
       family.Add(identity, status.rounds);
     }},
    {kProberRoundsSkipped, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const ProberStatus& status) {
       family.AddEach(identity, "reason", kSkipReasonNames, status.rounds_skipped);
     }},
    {kProberRestarts, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const ProberStatus& status) {
       family.Add(identity, status.restarts);
     }},
    {kProberInfo, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const ProberStatus& status) {
       LabelText labels = With(identity, "address", status.address);
       labels.Add("source_address", status.source_address);
       labels.Add("port", status.port == 0 ? "" : std::to_string(status.port));
       family.Add(labels, 1);
     }},
}};

}  // namespace

ProberCollector::ProberCollector(std::vector<StatusPointer> statuses, WallTime now)
    : statuses_(std::move(statuses)), now_(now) {}

void ProberCollector::Write(PageWriter& page) const {
  WriteFamilies(kRules, statuses_, now_, page);
}

}  // namespace pathwitness
