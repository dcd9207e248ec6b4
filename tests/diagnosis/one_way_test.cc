#include "diagnosis/one_way.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
