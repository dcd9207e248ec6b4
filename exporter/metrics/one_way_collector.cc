#include "exporter/metrics/one_way_collector.h"

#include <array>
#include <string_view>
#include <utility>

#include "exporter/metrics/series.h"

namespace pathwitness {
namespace {

constexpr std::array<std::string_view, 2> kDirections = {"fwd", "rev"};

constexpr std::array<SeriesRule<OneWaySnapshot>, 6> kRules{{
    {kOneWayRequests, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const OneWaySnapshot& seen) {
       family.Add(identity, seen.requests);
     }},
    {kOneWayRequestsUnsent, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const OneWaySnapshot& seen) {
       family.AddEach(identity, "reason", kUnsentRequestNames, seen.unsent);
     }},
    {kOneWayPackets, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const OneWaySnapshot& seen) {
       family.AddEach(identity, "direction", kDirections,
                      std::array{seen.totals.forward.packets, seen.totals.backward.packets});
     }},
    {kOneWayPacketsLost, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const OneWaySnapshot& seen) {
       family.AddEach(identity, "direction", kDirections,
                      std::array{seen.totals.forward.lost, seen.totals.backward.lost});
     }},
    {kOneWayAnswersRefused, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const OneWaySnapshot& seen) {
       family.AddEach(identity, "reason", kAnswerRefusalNames, seen.refused);
     }},
    {kOneWayLastAnswer, Shown::Always,
     [](FamilyText& family, const LabelText& identity, const OneWaySnapshot& seen) {
       if (seen.last_answer) {
         family.Add(identity, ToUnixSeconds(*seen.last_answer));
       }
     }},
}};

}  // namespace

OneWayCollector::OneWayCollector(std::vector<OneWayBoard::Pointer> snapshots, WallTime now)
    : snapshots_(std::move(snapshots)), now_(now) {}

void OneWayCollector::Write(PageWriter& page) const {
  WriteFamilies(kRules, snapshots_, now_, page);
}

}  // namespace pathwitness
