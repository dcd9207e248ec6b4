#include "diagnosis/latency_blame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/diagnosis/blame_vectors.h"

namespace pathwitness {
namespace {

std::vector<std::optional<HopShift>> ShiftsOf(const nlohmann::json& rows) {
  std::vector<std::optional<HopShift>> shifts;
  for (const auto& row : rows) {
    shifts.push_back(
        row.is_null() ? std::nullopt
                      : std::optional<HopShift>({.shift = row.at(0), .standard_error = row.at(1)}));
  }
  return shifts;
}

/// `before` hops as ever, then `behind` ones that are `shift` later.
std::vector<std::optional<HopShift>> PathOf(std::size_t before, std::size_t behind, double shift) {
  std::vector<std::optional<HopShift>> hops(before, HopShift{.shift = 0, .standard_error = 0.3});
  hops.insert(hops.end(), behind, HopShift{.shift = shift, .standard_error = 0.3});
  return hops;
}

TEST(BlameLatency, AgreesWithTheVectors) {
  for (const auto& vector : BlameVectors("latency")) {
    const LatencyBlame blame = BlameLatency({.hops = ShiftsOf(vector.at("shift_se"))});
    const auto link = vector.at("best_link").get<std::size_t>();
    ASSERT_EQ(blame.state, LatencyState::Latency);
    EXPECT_NEAR(blame.posterior.links[link - 1], vector.at("p").get<double>(), 0.01);
    EXPECT_EQ(blame.candidate, link);
    EXPECT_EQ(blame.posterior.likely, (HopSpan{.before = link - 1, .behind = link}));
  }
}

// Only the first late hop tells its own link from the next one's: it is late because of the path,
// or as one of five may be, by up to 100 ms because it is busy.
TEST(BlameLatency, HoldsOneHopInFiveForBusy) {
  const LinkPosterior posterior = BlameLatency({.hops = PathOf(4, 4, 12)}).posterior;
  EXPECT_NEAR(posterior.links[5] / posterior.links[4], 0.0042, 0.0003);
}

TEST(BlameLatency, IgnoresAShiftThatDoesNotReachTheDestination) {
  std::vector<std::optional<HopShift>> hops = PathOf(8, 0, 0);
  hops[2]->shift = 41;
  EXPECT_EQ(BlameLatency({.hops = hops}).state, LatencyState::None);
}

TEST(BlameLatency, IgnoresWhatIsSmallBesideTheRoundTrip) {
  EXPECT_EQ(BlameLatency({.hops = PathOf(4, 4, 12), .reference_median = 40}).state,
            LatencyState::Latency);
  EXPECT_EQ(BlameLatency({.hops = PathOf(4, 4, 12), .reference_median = 200}).state,
            LatencyState::None);
}

TEST(BlameLatency, IsUndecidedWithoutTheDestination) {
  std::vector<std::optional<HopShift>> hops = PathOf(4, 4, 12);
  hops.back().reset();
  EXPECT_EQ(BlameLatency({.hops = hops}).state, LatencyState::Undecided);
  EXPECT_EQ(BlameLatency({}).state, LatencyState::Undecided);
}

TEST(BlameLatency, IsUndecidedWhenTheMedianIsVague) {
  std::vector<std::optional<HopShift>> hops = PathOf(4, 4, 12);
  hops.back()->standard_error = 8;
  EXPECT_EQ(BlameLatency({.hops = hops}).state, LatencyState::Undecided);
}

TEST(ShiftOf, IsTheDifferenceAndBothErrors) {
  const HopShift shift = ShiftOf({.median = 30, .interval = {.low = 29, .high = 29 + 3 * 3.92}},
                                 {.median = 20, .interval = {.low = 20, .high = 20 + 4 * 3.92}});
  EXPECT_DOUBLE_EQ(shift.shift, 10);
  EXPECT_DOUBLE_EQ(shift.standard_error, 5);
}

TEST(KindOf, IsQueueingWhenTheQuickestAreAsQuickAsEver) {
  EXPECT_EQ(KindOf({.shift_p10 = 0.2, .shift_median = 9}), LatencyKind::Queueing);
}

TEST(KindOf, IsThePathWhenAllAreLater) {
  EXPECT_EQ(KindOf({.shift_p10 = 8.5, .shift_median = 9}), LatencyKind::Path);
}

TEST(KindOf, IsThePathWhenTheRouteChanged) {
  EXPECT_EQ(KindOf({.shift_p10 = 0.2, .shift_median = 9, .has_route_changed = true}),
            LatencyKind::Path);
}

TEST(KindOf, IsTheServerWhenThePathIsAsEver) {
  EXPECT_EQ(KindOf({.shift_median = 0.1, .service_shift = 80}), LatencyKind::Server);
}

TEST(KindOf, IsTheProberWhenAllTargetsAreLate) {
  EXPECT_EQ(KindOf({.shift_p10 = 9, .shift_median = 9, .are_all_targets_late = true}),
            LatencyKind::Prober);
}

TEST(KindOf, IsUnknownWithoutSigns) {
  EXPECT_EQ(KindOf({}), LatencyKind::Unknown);
}

}  // namespace
}  // namespace pathwitness
