#include "probes/trace/shared_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <vector>

#include "probes/trace/focus.h"
#include "probes/trace/loss_gate.h"

namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

IpAddress Address(std::string_view text) {
  return *IpAddress::Parse(text);
}

/// Paths of two flows from one first hop.
class SharedPathsTest : public testing::Test {
 protected:
  SharedPathsTest() : members_(4) {
    for (PathMembership& member : members_) {
      member.Enter(1, 2);
    }
  }

  /// Flow `flow` of a member is answered at TTL 1, 2, ... by `responders`.
  void Walk(std::size_t member, const std::vector<std::string_view>& responders,
            std::uint16_t flow = 0) {
    for (std::size_t i = 0; i < responders.size(); ++i) {
      members_[member].OnAnswer(tree_, flow, static_cast<std::uint8_t>(i + 1),
                                Address(responders[i]), milliseconds(10));
    }
  }

  std::vector<PathMembership::Credit> Credits(std::size_t member) {
    std::vector<PathMembership::Credit> credits;
    members_[member].TakeCredits(tree_, [&](const auto& credit) { credits.push_back(credit); });
    return credits;
  }

  SharedPaths tree_;
  std::vector<PathMembership> members_;
};

TEST_F(SharedPathsTest, AnAnswerIsCreditedOnceToTheOthersOnThePathAndNotToItself) {
  Walk(0, {"10.0.0.1", "10.0.0.2"});
  Walk(1, {"10.0.0.1", "10.0.0.2"});
  Credits(0);
  members_[1].OnAnswer(tree_, 0, 2, Address("10.0.0.2"), milliseconds(30));
  const auto credits = Credits(0);
  ASSERT_THAT(credits, SizeIs(1));
  EXPECT_EQ(credits[0].ttl, 2);
  EXPECT_EQ(credits[0].responder, Address("10.0.0.2"));
  EXPECT_EQ(credits[0].evidence.probes, 1U);
  EXPECT_NEAR(credits[0].evidence.round_trip_sum, 0.03, 1e-9);
  EXPECT_EQ(credits[0].last_round_trip, 0.03);
  EXPECT_THAT(Credits(0), IsEmpty());
  EXPECT_THAT(Credits(1), IsEmpty());
}

TEST_F(SharedPathsTest, SilenceIsCreditedToo) {
  Walk(0, {"10.0.0.1"});
  Walk(1, {"10.0.0.1"});
  Credits(0);
  members_[1].OnSilence(tree_, 0, 1);
  const auto credits = Credits(0);
  ASSERT_THAT(credits, SizeIs(1));
  EXPECT_EQ(credits[0].evidence, (HopEvidence{.probes = 1, .missing = 1}));
}

TEST_F(SharedPathsTest, OneResponderBehindTwoPrefixesIsTwoNodes) {
  Walk(0, {"10.0.0.1", "10.0.0.2", "10.0.0.9"});
  Walk(1, {"10.0.0.1", "10.0.0.3", "10.0.0.9"});
  Credits(0);
  members_[1].OnSilence(tree_, 0, 3);
  EXPECT_THAT(Credits(0), IsEmpty());
}

TEST_F(SharedPathsTest, OtherFirstHopsAreOtherPaths) {
  PathMembership other;
  other.Enter(2, 1);
  Walk(0, {"10.0.0.1"});
  other.OnAnswer(tree_, 0, 1, Address("10.0.0.1"), milliseconds(10));
  EXPECT_THAT(Credits(0), IsEmpty());
  other.Leave(tree_);
}

TEST_F(SharedPathsTest, BehindAHopThatWasNeverSeenNothingIsShared) {
  for (std::size_t member : {0U, 1U}) {
    members_[member].OnAnswer(tree_, 0, 1, Address("10.0.0.1"), milliseconds(10));
    members_[member].OnSilence(tree_, 0, 2);
    members_[member].OnAnswer(tree_, 0, 3, Address("10.0.0.3"), milliseconds(10));
  }
  Credits(0);
  members_[1].OnAnswer(tree_, 0, 3, Address("10.0.0.3"), milliseconds(10));
  EXPECT_THAT(Credits(0), IsEmpty());
}

TEST_F(SharedPathsTest, AnswersThatCameEarlyTakeTheirPlacesWhenTheGapIsClosed) {
  Walk(0, {"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  members_[1].OnAnswer(tree_, 0, 3, Address("10.0.0.3"), milliseconds(10));
  members_[1].OnAnswer(tree_, 0, 2, Address("10.0.0.2"), milliseconds(10));
  EXPECT_EQ(members_[1].KnownLength(0), 0U);
  members_[1].OnAnswer(tree_, 0, 1, Address("10.0.0.1"), milliseconds(10));
  EXPECT_EQ(members_[1].KnownLength(0), 3U);
  EXPECT_EQ(members_[1].NodeAt(0, 3), members_[0].NodeAt(0, 3));
}

TEST_F(SharedPathsTest, AnEarlyAnswerIsCreditedWithoutItsRoundTripWhenTheGapIsClosed) {
  Walk(0, {"10.0.0.1", "10.0.0.2"});
  members_[1].OnAnswer(tree_, 0, 2, Address("10.0.0.2"), milliseconds(10));
  EXPECT_THAT(Credits(0), IsEmpty());
  Walk(1, {"10.0.0.1"});
  const auto credits = Credits(0);
  ASSERT_THAT(credits, SizeIs(2));
  EXPECT_EQ(credits[1].ttl, 2);
  EXPECT_EQ(credits[1].evidence, (HopEvidence{.probes = 1}));
  EXPECT_THAT(Credits(1), IsEmpty());
}

TEST_F(SharedPathsTest, AnEarlyAnswerOfOneFlowClosesNoGapOfAnother) {
  members_[0].OnAnswer(tree_, 1, 2, Address("10.0.0.2"), milliseconds(10));
  members_[0].OnAnswer(tree_, 0, 1, Address("10.0.0.1"), milliseconds(10));
  EXPECT_EQ(members_[0].KnownLength(0), 1U);
}

TEST_F(SharedPathsTest, AnotherEarlyRouterEndsWhatWasKnownBehindIt) {
  for (const auto& [ttl, responder] : std::vector<std::pair<std::uint8_t, std::string_view>>{
           {3, "10.0.0.3"}, {2, "10.0.0.2"}, {2, "10.0.0.9"}, {1, "10.0.0.1"}}) {
    members_[0].OnAnswer(tree_, 0, ttl, Address(responder), milliseconds(10));
  }
  ASSERT_EQ(members_[0].KnownLength(0), 2U);
  EXPECT_EQ(tree_.At(members_[0].NodeAt(0, 2)).address, Address("10.0.0.9"));
}

TEST_F(SharedPathsTest, WhereThePathEndsEarlyAnswersBehindAreForgotten) {
  members_[0].OnAnswer(tree_, 0, 3, Address("10.0.0.3"), milliseconds(10));
  members_[0].OnEnd(tree_, 0, 3);
  Walk(0, {"10.0.0.1", "10.0.0.2"});
  EXPECT_EQ(members_[0].KnownLength(0), 2U);
}

TEST_F(SharedPathsTest, AnotherRouterEndsWhatWasKnownBehindIt) {
  Walk(0, {"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  Walk(1, {"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  members_[0].OnAnswer(tree_, 0, 2, Address("10.0.0.9"), milliseconds(10));
  Credits(0);
  EXPECT_EQ(members_[0].KnownLength(0), 2U);
  members_[1].OnSilence(tree_, 0, 3);
  EXPECT_THAT(Credits(0), IsEmpty());
}

TEST_F(SharedPathsTest, FlowsOfOneProberThatTakeOneWayCountOnce) {
  Walk(0, {"10.0.0.1"}, 0);
  Walk(0, {"10.0.0.1"}, 1);
  Walk(1, {"10.0.0.1"});
  const auto credits = Credits(0);
  ASSERT_THAT(credits, SizeIs(1));
  EXPECT_EQ(credits[0].evidence.probes, 1U);
}

TEST_F(SharedPathsTest, WhatHappenedBeforeAPathJoinedIsNotItsOwn) {
  Walk(0, {"10.0.0.1"});
  for (int i = 0; i < 50; ++i) {
    members_[0].OnSilence(tree_, 0, 1);
  }
  Walk(1, {"10.0.0.1"});
  EXPECT_THAT(Credits(1), IsEmpty());
}

TEST_F(SharedPathsTest, ATreeThatAllHaveLeftIsEmpty) {
  for (std::size_t member = 0; member < members_.size(); ++member) {
    Walk(member, {"10.0.0.1", "10.0.0.2", "10.0.0.3"}, 0);
    Walk(member, {"10.0.0.1", "10.0.0.4"}, 1);
  }
  EXPECT_EQ(tree_.Size(), 4U);
  for (PathMembership& member : members_) {
    member.Leave(tree_);
  }
  EXPECT_EQ(tree_.Size(), 0U);
}

TEST_F(SharedPathsTest, FocusGoesToOnePathOfEachFaultAndTheLargestFirst) {
  members_.resize(14);
  std::vector<FailingPath> failing;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    members_[i].Enter(1, 1);
    // The first four share 10.0.1.1 and all fail; of the six behind 10.0.1.2 two fail.
    const std::string_view second = i < 4 ? "10.0.1.1" : i < 10 ? "10.0.1.2" : "10.0.1.3";
    const std::string last = "10.0.2." + std::to_string(i);
    Walk(i, {"10.0.0.1", second, last});
  }
  for (const std::uint32_t index : {9U, 8U, 3U, 2U, 1U, 0U}) {
    failing.push_back({.prober = index, .paths = &members_[index]});
  }
  EXPECT_THAT(PickFocus(tree_, failing, 50), ElementsAre(3U, 9U, 8U));
}

TEST_F(SharedPathsTest, FocusIsBounded) {
  members_.resize(200);
  std::vector<FailingPath> failing;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    members_[i].Enter(1, 1);
    failing.push_back({.prober = static_cast<std::uint32_t>(i), .paths = &members_[i]});
  }
  EXPECT_THAT(PickFocus(tree_, failing, 50), SizeIs(50));
}

TEST(LossGate, OpensOnThreeLossesThatAreMoreThanOnePercent) {
  LossGate gate;
  MonoTime now{std::chrono::hours(1)};
  for (int i = 0; i < 57; ++i) {
    gate.OnProbe(false, now);
  }
  gate.OnProbe(true, now);
  gate.OnProbe(true, now);
  EXPECT_FALSE(gate.IsOpen(now));
  gate.OnProbe(true, now);
  EXPECT_TRUE(gate.IsOpen(now));
  EXPECT_FALSE(gate.IsOpen(now + seconds(70))) << "a minute later nothing is known";
}

TEST(LossGate, LossWithinTheToleranceDoesNotOpenIt) {
  LossGate gate;
  const MonoTime now{std::chrono::hours(1)};
  for (int i = 0; i < 300; ++i) {
    gate.OnProbe(i % 100 == 0, now);
  }
  EXPECT_FALSE(gate.IsOpen(now));
}

TEST(LossGate, TheIntervalIsThatOfWilson) {
  EXPECT_NEAR(WilsonInterval(37, 300).low, 0.0908, 0.0005);
  EXPECT_EQ(WilsonInterval(0, 0).low, 0);
}

}  // namespace
}  // namespace pathwitness
