#include "exporter/metrics/prober_collector.h"

#include <array>
#include <string>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

constexpr std::array<FamilyRule<ProberStatus>, 8> kRules{{
    {kTargetStateChanges, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const ProberStatus& status) {
       AddSample(family, identity, status.state_changes);
     }},
    {kProberLastRound, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const ProberStatus& status) {
       AddSample(family, identity, ToUnixSeconds(status.last_round));
     }},
    {kProberLastAttempt, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const ProberStatus& status) {
       if (status.last_attempt != WallTime()) {
         AddSample(family, identity, ToUnixSeconds(status.last_attempt));
       }
     }},
    {kProberInterval, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const ProberStatus& status) {
       AddSample(family, identity, ToSeconds(status.interval));
     }},
    {kProberRounds, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const ProberStatus& status) {
       AddSample(family, identity, status.rounds);
     }},
    {kProberRoundsSkipped, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const ProberStatus& status) {
       AddEach(family, identity, "reason", kSkipReasonNames, status.rounds_skipped);
     }},
    {kProberRestarts, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const ProberStatus& status) {
       AddSample(family, identity, status.restarts);
     }},
    {kProberInfo, Shown::Always,
     [](MetricFamily& family, const Labels& identity, const ProberStatus& status) {
       Labels labels = With(identity, "address", status.address);
       labels = With(std::move(labels), "source_address", status.source_address);
       labels =
           With(std::move(labels), "port", status.port == 0 ? "" : std::to_string(status.port));
       AddSample(family, std::move(labels), 1);
     }},
}};

}  // namespace

ProberCollector::ProberCollector(std::vector<StatusPointer> statuses, WallTime now)
    : statuses_(std::move(statuses)), now_(now) {}

std::vector<MetricFamily> ProberCollector::Collect() const {
  return CollectFamilies(kRules, statuses_, now_);
}

}  // namespace pathwitness
