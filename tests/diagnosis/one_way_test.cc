#include "diagnosis/one_way.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <vector>

#include "tests/diagnosis/blame_vectors.h"

namespace pathwitness {
namespace {

using testing::DoubleNear;
using testing::Pointwise;

TEST(SplitLoss, AgreesWithTheVectors) {
  for (const auto& vector : BlameVectors("oneway")) {
    const OneWayLoss loss = SplitLoss({.last_sequence = vector.at("lastq"),
                                       .last_count = vector.at("lastc"),
                                       .received = vector.at("recv")});
    EXPECT_NEAR(loss.forward.LossRatio(), vector.at("fwd").get<double>(), 0.0005);
    EXPECT_NEAR(loss.backward.LossRatio(), vector.at("rev").get<double>(), 0.0005);
  }
}

TEST(SplitLoss, IsNeverNegative) {
  EXPECT_EQ(SplitLoss({.last_sequence = 10, .last_count = 12, .received = 14}),
            (OneWayLoss{.forward = {10, 10}, .backward = {10, 10}}));
}

OneWayLoss Totals(double there, double arrived, double back) {
  return {.forward = {there, arrived}, .backward = {arrived, back}};
}

TEST(OneWayHistory, TellsWhatWasCountedSince) {
  OneWayHistory history;
  const MonoTime start{std::chrono::hours(1)};
  history.Add(Totals(100, 100, 100), start);
  history.Add(Totals(110, 109, 108), start + std::chrono::seconds(5));
  history.Add(Totals(120, 118, 116), start + std::chrono::seconds(10));
  EXPECT_EQ(history.Since(start + std::chrono::seconds(7)),
            (OneWayLoss{.forward = {10, 9}, .backward = {9, 8}}));
  EXPECT_EQ(history.Since(start), (OneWayLoss{.forward = {20, 18}, .backward = {18, 16}}));
  EXPECT_EQ(history.Since(start - std::chrono::hours(1)), history.Since(start));
}

TEST(OneWayHistory, TellsNothingWhenNothingWasCounted) {
  OneWayHistory history;
  const MonoTime start{std::chrono::hours(1)};
  EXPECT_EQ(history.Since(start), std::nullopt);
  history.Add(Totals(100, 100, 100), start);
  EXPECT_EQ(history.Since(start - std::chrono::hours(1)), std::nullopt);
  history.Add(Totals(100, 100, 100), start + std::chrono::seconds(5));
  EXPECT_EQ(history.Since(start), std::nullopt);
}

TEST(OneWayHistory, ForgetsWhatNobodyAsksFor) {
  OneWayHistory history;
  MonoTime now{std::chrono::hours(1)};
  const MonoTime start = now;
  for (double sent = 0; now < start + 2 * OneWayHistory::kRemembers; sent += 10) {
    history.Add(Totals(sent, sent, sent), now);
    now += std::chrono::minutes(1);
  }
  EXPECT_EQ(history.Since(start)->forward.sent, 60);
}

TEST(DirectionOf, IsThatOfTheSignificantLoss) {
  const Counts clean{.sent = 1000, .received = 1000};
  const Counts lossy{.sent = 1000, .received = 900};
  EXPECT_EQ(DirectionOf({.forward = lossy, .backward = clean}), Direction::Forward);
  EXPECT_EQ(DirectionOf({.forward = clean, .backward = lossy}), Direction::Return);
  EXPECT_EQ(DirectionOf({.forward = lossy, .backward = lossy}), Direction::Both);
  EXPECT_EQ(DirectionOf({.forward = clean, .backward = clean}), Direction::Unknown);
}

TEST(DirectionOf, IsUnknownForTwoLossesOfTen) {
  EXPECT_EQ(DirectionOf({.forward = {.sent = 10, .received = 8}, .backward = {8, 8}}),
            Direction::Unknown);
}

TEST(CombineEnds, IsSurerThanEither) {
  const auto combined = CombineEnds(std::vector{.10, .85, .05}, std::vector{.05, .90, .05});
  ASSERT_TRUE(combined);
  EXPECT_THAT(*combined, Pointwise(DoubleNear(0.001), std::vector{.0065, .990, .0032}));
}

TEST(CombineEnds, NamesNobodyWhenTheEndsContradictEachOther) {
  EXPECT_EQ(CombineEnds(std::vector{.97, .02, .01}, std::vector{.02, .97, .01}), std::nullopt);
}

}  // namespace
}  // namespace pathwitness
