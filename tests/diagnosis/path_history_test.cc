#include "diagnosis/path_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr MonoTime kStart{std::chrono::hours(1)};

IpAddress Address(std::uint8_t last) {
  return IpAddress::Parse("192.0.2." + std::to_string(last)).value();
}

// A path of four hops: three routers and the destination, rounds of 10 s with 10 probes.
Round CleanRound() {
  Round round;
  round.destination = Address(4);
  round.destination_hop = 4;
  round.last_responding_hop = 4;
  round.end_to_end_sent = 10;
  for (std::uint8_t ttl = 1; ttl <= 4; ++ttl) {
    HopReply reply;
    reply.responder = Address(ttl);
    reply.round_trip = milliseconds(10 * ttl);
    round.hops.push_back({.ttl = ttl, .sent = 1, .replies = {reply}});
  }
  return round;
}

Round DeadBehind(std::uint8_t last_answering) {
  Round round = CleanRound();
  round.destination_hop = 0;
  round.last_responding_hop = last_answering;
  round.end_to_end_lost = round.end_to_end_sent;
  for (std::size_t i = last_answering; i < round.hops.size(); ++i) {
    round.hops[i].replies.clear();
  }
  return round;
}

class PathHistoryTest : public testing::Test {
 protected:
  void Feed(const Round& round, int times) {
    for (int i = 0; i < times; ++i) {
      history_.OnRound(round, now_);
      const std::uint32_t lost = std::min(round.end_to_end_lost, round.end_to_end_sent);
      const Counts train = {.sent = static_cast<double>(round.end_to_end_sent),
                            .received = static_cast<double>(round.end_to_end_sent - lost)};
      history_.OnEndToEnd({&train, 1}, now_);
      now_ += seconds(10);
    }
  }

  PathHistory history_;
  MonoTime now_ = kStart;
};

TEST_F(PathHistoryTest, CountsEachHopAndEndToEndProbesAsTheDestination) {
  Round round = CleanRound();
  round.end_to_end_lost = 2;
  round.hops[1].replies.clear();
  Feed(round, 3);
  const LossEvidence evidence = history_.Loss(kStart, kStart);
  ASSERT_EQ(evidence.hops.size(), 4U);
  EXPECT_EQ(evidence.hops[0], (Counts{.sent = 3, .received = 3}));
  EXPECT_EQ(evidence.hops[1], (Counts{.sent = 3, .received = 0}));
  EXPECT_EQ(evidence.hops[3], (Counts{.sent = 30, .received = 24}));
  EXPECT_EQ(evidence.spread->rounds, 3U);
}

TEST_F(PathHistoryTest, AddsWhatOtherPathsFoundOut) {
  Round round = CleanRound();
  round.hops[0] = {.ttl = 1, .credited = 5, .credited_missing = 1, .known_responder = Address(1)};
  Feed(round, 1);
  EXPECT_EQ(history_.Loss(kStart, kStart).hops[0], (Counts{.sent = 5, .received = 4}));
  EXPECT_EQ(history_.Responders()[0], Address(1));
}

TEST_F(PathHistoryTest, LateAnswersAreNoLoss) {
  Round round = CleanRound();
  round.hops[2].replies.clear();
  round.hops[2].late = 1;
  Feed(round, 1);
  EXPECT_EQ(history_.Loss(kStart, kStart).hops[2], (Counts{.sent = 1, .received = 1}));
}

TEST_F(PathHistoryTest, KeepsItsLengthWhileNobodyAnswers) {
  Feed(CleanRound(), 1);
  Feed(DeadBehind(2), 5);
  EXPECT_EQ(history_.Length(), 4U);
  EXPECT_EQ(history_.Responders()[2], Address(3));
}

TEST_F(PathHistoryTest, OfAPathThatNeverWorkedIsOneLongerThanWhatAnswers) {
  Feed(DeadBehind(2), 3);
  EXPECT_EQ(history_.Length(), 3U);
}

TEST_F(PathHistoryTest, HasNoBeforeInItsFirstMinutes) {
  Feed(CleanRound(), 50);
  const MonoTime onset = now_;
  Feed(DeadBehind(2), 3);
  EXPECT_TRUE(history_.Loss(onset, onset).reference.empty());
}

TEST_F(PathHistoryTest, ComparesWithTheTimeBeforeTheLossBegan) {
  Feed(CleanRound(), 180);
  const MonoTime onset = now_;
  Feed(DeadBehind(2), 6);
  const LossEvidence evidence = history_.Loss(onset, onset);
  ASSERT_EQ(evidence.reference.size(), 4U);
  EXPECT_GE(evidence.reference[2].sent, 60);
  EXPECT_EQ(evidence.reference[2].Lost(), 0);
  EXPECT_EQ(evidence.hops[2], (Counts{.sent = 6, .received = 0}));
}

TEST_F(PathHistoryTest, RemembersBeforeHoweverLongTheLossLasts) {
  Feed(CleanRound(), 360);
  const MonoTime onset = now_;
  Feed(DeadBehind(2), 6 * 60 * 24);
  const LossEvidence evidence = history_.Loss(onset, onset);
  ASSERT_EQ(evidence.reference.size(), 4U);
  EXPECT_EQ(evidence.reference[3].Lost(), 0);
}

TEST_F(PathHistoryTest, ForgetsBeforeOnceTheRouteIsAnother) {
  Feed(CleanRound(), 180);
  history_.OnRouteChange(MonoTime());
  Feed(DeadBehind(2), 6);
  EXPECT_TRUE(history_.Loss(now_, now_).reference.empty());
}

TEST_F(PathHistoryTest, AnotherDestinationIsAnotherPath) {
  Feed(CleanRound(), 180);
  Round round = CleanRound();
  round.destination = Address(9);
  Feed(round, 1);
  EXPECT_EQ(history_.EndToEnd(kStart).sent, 10);
}

TEST_F(PathHistoryTest, LossBeginsAtTheFirstLossSinceAQuietMinute) {
  Round lossy = CleanRound();
  lossy.end_to_end_lost = 1;
  Feed(lossy, 1);
  Feed(CleanRound(), 8);
  const MonoTime onset = now_;
  Feed(lossy, 1);
  Feed(CleanRound(), 3);
  Feed(lossy, 1);
  EXPECT_EQ(history_.LossOnset(), onset);
  Feed(CleanRound(), 8);
  EXPECT_EQ(history_.LossOnset(), std::nullopt);
}

TEST_F(PathHistoryTest, TellsFlowsApart) {
  const std::vector<Counts> train = {{.sent = 2, .received = 2}, {.sent = 3, .received = 0}};
  history_.OnEndToEnd(train, kStart);
  history_.OnEndToEnd(train, kStart + seconds(5));
  EXPECT_EQ(history_.Flows(kStart),
            (std::vector<Counts>{{.sent = 4, .received = 4}, {.sent = 6, .received = 0}}));
}

TEST_F(PathHistoryTest, KnowsWhetherAnswersComeBackAsBefore) {
  Round round = CleanRound();
  for (Hop& hop : round.hops) {
    hop.replies[0].reply_ttl = 60;
  }
  Feed(round, 180);
  const MonoTime onset = now_;
  EXPECT_FALSE(history_.AreReplyTtlsUnchanged(onset));
  Feed(round, 1);
  EXPECT_TRUE(history_.AreReplyTtlsUnchanged(onset));
  round.hops[2].replies[0].reply_ttl = 58;
  Feed(round, 1);
  EXPECT_FALSE(history_.AreReplyTtlsUnchanged(onset));
}

TEST_F(PathHistoryTest, MeasuresWhatEachHopBecameSlowerBy) {
  Feed(CleanRound(), 180);
  const MonoTime onset = now_;
  Round slow = CleanRound();
  for (std::size_t i = 2; i < 4; ++i) {
    slow.hops[i].replies[0].round_trip += milliseconds(25);
  }
  Feed(slow, 12);
  const LatencyEvidence evidence = history_.Latency(onset, LatencyPast::HalfHour);
  ASSERT_EQ(evidence.hops.size(), 4U);
  constexpr double kStep = .02;  // round trips are kept in steps of 0.03 %
  EXPECT_NEAR(evidence.hops[1]->shift, 0, kStep);
  EXPECT_NEAR(evidence.hops[2]->shift, 25, kStep);
  EXPECT_NEAR(evidence.hops[3]->shift, 25, kStep);
  EXPECT_NEAR(evidence.reference_median, 40, kStep);
}

TEST_F(PathHistoryTest, SurvivesHostileRounds) {
  Round round = CleanRound();
  round.hops[0].ttl = 0;
  round.hops[1].ttl = 255;
  round.hops[2].sent = UINT32_MAX;
  round.end_to_end_sent = 5;
  round.end_to_end_lost = UINT32_MAX;
  Feed(round, 40);
  EXPECT_EQ(history_.EndToEnd(kStart).received, 0);
}

}  // namespace
}  // namespace pathwitness
