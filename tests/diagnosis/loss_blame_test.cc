#include "diagnosis/loss_blame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/diagnosis/blame_vectors.h"

namespace pathwitness {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

std::string_view NameOf(LossState state) {
  switch (state) {
    case LossState::None:
      return "none";
    case LossState::Loss:
      return "loss";
    case LossState::Undecided:
      return "undecided";
  }
  return "";
}

LossEvidence EvidenceOf(const nlohmann::json& vector) {
  return {.hops = CountsOf(vector.at("hops")),
          .reference = vector.contains("ref") ? CountsOf(vector.at("ref")) : std::vector<Counts>{}};
}

std::vector<std::string> Names(const std::vector<HopClass>& classes) {
  std::vector<std::string> names;
  for (const HopClass hop_class : classes) {
    names.emplace_back(HopClassName(hop_class));
  }
  return names;
}

class LossVectors : public testing::TestWithParam<nlohmann::json> {
 protected:
  const nlohmann::json& Wanted() const { return GetParam(); }
  LossBlame blame_ = BlameLoss(EvidenceOf(GetParam()));
};

TEST_P(LossVectors, HaveTheirState) {
  if (Wanted().contains("state")) {
    EXPECT_EQ(NameOf(blame_.state), Wanted().at("state").get<std::string>());
  }
}

TEST_P(LossVectors, HaveTheirClasses) {
  if (Wanted().contains("classes")) {
    EXPECT_EQ(Names(blame_.classes), Wanted().at("classes").get<std::vector<std::string>>());
  }
}

TEST_P(LossVectors, HaveTheirInterval) {
  if (Wanted().contains("interval")) {
    ASSERT_TRUE(blame_.interval);
    EXPECT_EQ(blame_.interval->before, Wanted().at("interval").at(0).get<std::size_t>());
    EXPECT_EQ(blame_.interval->behind, Wanted().at("interval").at(1).get<std::size_t>());
  }
}

TEST_P(LossVectors, HaveTheirProbabilities) {
  if (Wanted().contains("p_link")) {
    EXPECT_THAT(blame_.posterior.links,
                Pointwise(DoubleNear(0.01), Wanted().at("p_link").get<std::vector<double>>()));
  }
  if (Wanted().contains("p_none")) {
    EXPECT_NEAR(blame_.posterior.none, Wanted().at("p_none").get<double>(), 0.01);
  }
}

INSTANTIATE_TEST_SUITE_P(All, LossVectors, testing::ValuesIn(BlameVectors("loss")),
                         [](const auto& test) {
                           return test.param.at("id").template get<std::string>();
                         });

/// Hops that answered everything but the last `behind` ones, which answered `received` of as many.
std::vector<Counts> PathOf(std::size_t clean, std::size_t behind, double sent, double received) {
  std::vector<Counts> hops(clean, {.sent = sent, .received = sent});
  hops.insert(hops.end(), behind, {.sent = sent, .received = received});
  return hops;
}

TEST(BlameLoss, OfNoHopsIsUndecided) {
  EXPECT_EQ(BlameLoss({}).state, LossState::Undecided);
}

TEST(BlameLoss, IsUndecidedWithFewerThanTenProbes) {
  EXPECT_EQ(BlameLoss({.hops = PathOf(2, 3, 9, 0)}).state, LossState::Undecided);
  EXPECT_EQ(BlameLoss({.hops = PathOf(2, 3, 10, 0)}).state, LossState::Loss);
}

TEST(BlameLoss, WantsThreeRoundsInTwoBlocks) {
  LossEvidence evidence{.hops = PathOf(4, 4, 60, 54)};
  evidence.spread = {.rounds = 2, .blocks = 2};
  EXPECT_EQ(BlameLoss(evidence).state, LossState::Undecided);
  evidence.spread = {.rounds = 3, .blocks = 1};
  EXPECT_EQ(BlameLoss(evidence).state, LossState::Undecided);
  evidence.spread = {.rounds = 3, .blocks = 2};
  EXPECT_EQ(BlameLoss(evidence).state, LossState::Loss);
}

TEST(BlameLoss, IsLessSureWhenLossesCluster) {
  LossEvidence evidence{.hops = PathOf(4, 4, 300, 270)};
  const double independent = BlameLoss(evidence).posterior.links[4];
  evidence.dispersion = 3;
  EXPECT_LT(BlameLoss(evidence).posterior.links[4], independent);
}

// A dead destination and a filter look alike until the service speaks.
TEST(BlameLoss, IsSureOfADestinationWhoseServiceFailsToo) {
  LossEvidence evidence{.hops = PathOf(8, 1, 30, 0)};
  evidence.service_answers = false;
  EXPECT_GT(BlameLoss(evidence).posterior.links.back(), 0.97);
}

TEST(BlameLoss, NamesTheSmallestSetThatHoldsNineteenTwentieths) {
  EXPECT_EQ(BlameLoss({.hops = PathOf(4, 4, 60, 54)}).posterior.likely,
            (HopSpan{.before = 4, .behind = 6}));
  EXPECT_EQ(BlameLoss({.hops = PathOf(5, 4, 10, 0)}).posterior.likely,
            (HopSpan{.before = 5, .behind = 9}));
}

TEST(BlameLoss, TakesAHopThatJoinedLateForUnknown) {
  std::vector<Counts> hops = PathOf(4, 4, 300, 270);
  hops[2] = {};
  const LossBlame blame = BlameLoss({.hops = hops});
  EXPECT_EQ(blame.classes[2], HopClass::Undecided);
  EXPECT_GT(blame.posterior.links[4], 0.97);
}

// The grid of losses is coarse; that many probes would take its gaps for hops that hide.
TEST(BlameLoss, IsNotMisledByAMillionProbes) {
  const LossBlame blame = BlameLoss({.hops = PathOf(4, 4, 1e6, 0.893e6)});
  EXPECT_GT(blame.posterior.links[4], 0.95);
}

// What a name needs: see docs/algorithms.md, "Naming".
TEST(BlameLoss, WantsMoreForANameWhereHopsWithholdAnswersAndNothingIsKnownOfBefore) {
  const std::vector<Counts> open = PathOf(4, 4, 300, 270);
  EXPECT_EQ(BlameLoss({.hops = open}).posterior.needed, kSureEnough);
  for (const std::size_t hop : {2U, 5U}) {  // before the fault, behind it
    for (const double answers : {0.0, 100.0}) {
      std::vector<Counts> hops = open;
      hops[hop].received = answers;
      EXPECT_GT(BlameLoss({.hops = hops}).posterior.needed, kSureEnough) << hop << " " << answers;
    }
  }
}

// It loses less than the destination, so it is clean; but what it loses it withholds itself.
TEST(BlameLoss, SeesACleanHopWithholdAnswers) {
  std::vector<Counts> hops = PathOf(4, 4, 300, 100);
  hops[2].received = 240;
  const LossBlame blame = BlameLoss({.hops = hops});
  EXPECT_EQ(blame.classes[2], HopClass::Clean);
  EXPECT_GT(blame.posterior.needed, kSureEnough);
}

TEST(BlameLoss, NeedsNoMoreForANameWhenItKnowsWhatHopsWithheldBefore) {
  std::vector<Counts> hops = PathOf(4, 4, 300, 270);
  hops[2].received = 100;
  std::vector<Counts> reference = PathOf(8, 0, 300, 0);
  EXPECT_EQ(BlameLoss({.hops = hops, .reference = reference}).posterior.needed, kSureEnough);
  reference.assign(8, {});
  EXPECT_GT(BlameLoss({.hops = hops, .reference = reference}).posterior.needed, kSureEnough);
}

// Who still answers is before the fault, whatever it withholds.
TEST(BlameLoss, NeedsNoMoreForANameInAnOutage) {
  std::vector<Counts> hops = PathOf(4, 4, 300, 0);
  hops[2].received = 100;
  EXPECT_EQ(BlameLoss({.hops = hops}).posterior.needed, kSureEnough);
}

// One that lost 1 in 100 before may have been limiting its answers, one that lost fewer has not:
// when it loses as much as the path now, its word counts.
TEST(BlameLoss, TakesTheWordOfAHopThatLostLessThanOneInAHundredBefore) {
  LossEvidence evidence{.hops = PathOf(4, 4, 60, 54), .reference = PathOf(8, 0, 1000, 0)};
  evidence.reference[4].received = 991;
  const double taken = BlameLoss(evidence).posterior.links[4];
  evidence.reference[4].received = 990;
  const double doubted = BlameLoss(evidence).posterior.links[4];
  EXPECT_GT(taken, 0.985);
  EXPECT_LT(doubted, 0.98);
}

// Whatever the middle hop withholds: it is its own business.
TEST(BlameLoss, IsNotMovedByWhatAMiddleHopWithholds) {
  const std::vector<Counts> hops = PathOf(4, 4, 300, 270);
  const std::vector<Counts> reference = PathOf(8, 0, 300, 0);
  for (std::size_t hop = 0; hop + 1 < hops.size(); ++hop) {
    for (const double answers : {0.9, 0.5, 0.1, 0.0}) {
      LossEvidence evidence{.hops = hops, .reference = reference};
      evidence.hops[hop].received *= answers;
      const LinkPosterior posterior = BlameLoss(evidence).posterior;
      for (std::size_t link = 1; link <= hops.size(); ++link) {
        if (link < 4 || link > 6) {
          EXPECT_LT(posterior.links[link - 1], 0.05) << hop << " " << answers << " " << link;
        }
      }
    }
  }
}

}  // namespace
}  // namespace pathwitness
