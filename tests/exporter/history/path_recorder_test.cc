#include "exporter/history/path_recorder.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/diagnosis/path_text.h"

namespace pathwitness {
namespace {

const std::string kEnd = "203.0.113.200";

std::string TextOf(const Route& route) {
  std::string text;
  for (const std::optional<IpAddress>& hop : route.hops) {
    text += (text.empty() ? "" : " ") + (hop ? hop->ToString() : "*");
  }
  return text + (route.is_reached ? "!" : "");
}

std::string After(const std::string& before, const std::string& round) {
  const Route route = FollowRoute(nullptr, RoundOf(before));
  return TextOf(FollowRoute(&route, RoundOf(round)));
}

TEST(FollowRoute, ASilentHopIsWhoAnsweredThereBefore) {
  EXPECT_EQ(After("192.0.2.1 192.0.2.2 " + kEnd, "192.0.2.1 * " + kEnd),
            "192.0.2.1 192.0.2.2 " + kEnd + "!");
}

TEST(FollowRoute, WhatIsBehindAHopThatIsAnotherIsUnknown) {
  EXPECT_EQ(After("192.0.2.1 192.0.2.2 192.0.2.3 " + kEnd, "192.0.2.1 192.0.2.9 * *"),
            "192.0.2.1 192.0.2.9");
}

TEST(FollowRoute, AnOutageLeavesTheRouteAsItWas) {
  EXPECT_EQ(After("192.0.2.1 192.0.2.2 " + kEnd, "192.0.2.1 * * * *"),
            "192.0.2.1 192.0.2.2 " + kEnd + "!");
}

TEST(FollowRoute, AnAnswerOfTheDestinationOneHopTooFarMakesNoLongerRoute) {
  EXPECT_EQ(After("192.0.2.1 " + kEnd, "192.0.2.1 * " + kEnd), "192.0.2.1 " + kEnd + "!");
}

TEST(FollowRoute, AHopThatWasNotProbedIsWhoIsKnownToBeThere) {
  Round round = RoundOf("* " + kEnd);
  round.hops[0].sent = 0;
  round.hops[0].known_responder = Address("192.0.2.5");
  EXPECT_EQ(TextOf(FollowRoute(nullptr, round)), "192.0.2.5 " + kEnd + "!");
}

TEST(FollowRoute, AnotherDestinationIsAnotherRoute) {
  const Route before = FollowRoute(nullptr, RoundOf("192.0.2.1 192.0.2.2 " + kEnd));
  Round round = RoundOf("192.0.2.1 *");
  round.destination = Address("203.0.113.201");
  EXPECT_EQ(TextOf(FollowRoute(&before, round)), "192.0.2.1");
}

class PathRecorderTest : public ::testing::Test {
 protected:
  void Publish() { recorder_.OnSnapshot(std::make_shared<const TraceSnapshot>(trace_)); }

  void Trace(const std::string& path, std::uint16_t flow = 0) {
    Round round = RoundOf(path, flow);
    round.number = ++number_;
    trace_.last_round = std::make_shared<const Round>(round);
    Publish();
  }

  TraceSnapshot trace_;
  PathRecorder recorder_;
  std::uint64_t number_ = 0;
};

TEST_F(PathRecorderTest, CountsWhatTheProberCountedSince) {
  trace_.probes = 10;
  trace_.lost = 1;
  Publish();
  recorder_.Clear();
  trace_.probes = 25;
  trace_.lost = 4;
  trace_.unsent[0] = 2;
  Publish();
  EXPECT_EQ(recorder_.Stats().end_to_end.sent, 15U);
  EXPECT_EQ(recorder_.Stats().end_to_end.lost, 3U);
  EXPECT_EQ(recorder_.Stats().end_to_end.unsent, 2U);
}

TEST_F(PathRecorderTest, CountsEachFlowSince) {
  trace_.flows = {{.probes = 10, .lost = 1}};
  Publish();
  recorder_.Clear();
  trace_.flows = {{.probes = 15, .lost = 3}, {.probes = 4, .lost = 0}};
  Publish();
  EXPECT_EQ(recorder_.Stats().flows,
            (std::vector<FlowStats>{{.sent = 5, .lost = 2}, {.sent = 4, .lost = 0}}));
}

TEST_F(PathRecorderTest, CountersThatWentBackAreThoseOfAnotherProber) {
  trace_.probes = 100;
  Publish();
  recorder_.Clear();
  trace_.probes = 7;
  Publish();
  EXPECT_EQ(recorder_.Stats().end_to_end.sent, 7U);
}

TEST_F(PathRecorderTest, ARoundCountsOnceHoweverOftenItIsSeen) {
  Trace("192.0.2.1 " + kEnd);
  Publish();
  EXPECT_EQ(recorder_.Stats().rounds, 1U);
  EXPECT_EQ(recorder_.Stats().hops.at(1).received, 1U);
}

TEST_F(PathRecorderTest, ASilentHopIsLost) {
  Trace("192.0.2.1 * " + kEnd);
  EXPECT_EQ(recorder_.Stats().hops.at(1).Lost(), 1U);
}

TEST_F(PathRecorderTest, ALateAnswerIsNotLost) {
  Round round = RoundOf("*");
  round.hops[0].late = 1;
  trace_.last_round = std::make_shared<const Round>(round);
  Publish();
  EXPECT_EQ(recorder_.Stats().hops.at(0).late, 1U);
  EXPECT_EQ(recorder_.Stats().hops.at(0).Lost(), 0U);
}

TEST_F(PathRecorderTest, CreditedProbesCountWithoutRoundTrips) {
  Round round = RoundOf("192.0.2.1");
  round.hops[0].credited = 5;
  round.hops[0].credited_missing = 2;
  trace_.last_round = std::make_shared<const Round>(round);
  Publish();
  const HopStats& hop = recorder_.Stats().hops.at(0);
  EXPECT_EQ(hop.sent, 6U);
  EXPECT_EQ(hop.Lost(), 2U);
  EXPECT_EQ(hop.round_trips.count, 1U);
}

TEST_F(PathRecorderTest, FlowsThatGoTheSameWayHaveOneRoute) {
  Trace("192.0.2.1 192.0.2.2 " + kEnd, 0);
  Trace("192.0.2.1 192.0.2.2 " + kEnd, 1);
  Trace("192.0.2.1 192.0.2.3 " + kEnd, 2);
  EXPECT_EQ(recorder_.Stats().routes.size(), 2U);
}

TEST_F(PathRecorderTest, RoutesOfABucketAreBounded) {
  for (int i = 0; i < 100; ++i) {
    Trace("192.0.2." + std::to_string(i + 1) + " " + kEnd);
  }
  EXPECT_EQ(recorder_.Stats().routes.size(), TraceStats::kMostRoutes);
  EXPECT_EQ(TextOf(*recorder_.Stats().routes.back()), "192.0.2.100 " + kEnd + "!");
}

TEST_F(PathRecorderTest, RoundsThatEndBetweenTwoLooksCountAll) {
  Trace(kEnd);
  for (std::uint64_t number = 2; number <= 4; ++number) {
    Round round = RoundOf("192.0.2.1 " + kEnd);
    round.number = number;
    trace_.rounds_before.push_back({.at = {}, .round = trace_.last_round});
    trace_.last_round = std::make_shared<const Round>(round);
  }
  Publish();
  EXPECT_EQ(recorder_.Stats().rounds, 4U);
  EXPECT_EQ(recorder_.Stats().hops.at(1).received, 3U);
  EXPECT_EQ(recorder_.TakeRoundsMissed(), 0U);
}

TEST_F(PathRecorderTest, ARoundThatIsStillShownCountsNotAgain) {
  Trace(kEnd);
  trace_.rounds_before.push_back({.at = {}, .round = trace_.last_round});
  Trace(kEnd);
  Publish();
  EXPECT_EQ(recorder_.Stats().rounds, 2U);
}

TEST_F(PathRecorderTest, RoundsThatNobodySawAreCounted) {
  Trace(kEnd);
  number_ += 3;
  Trace(kEnd);
  EXPECT_EQ(recorder_.TakeRoundsMissed(), 3U);
}

TEST(OneWayRecorder, CountsWhatIsNewAndAnotherProberFromZero) {
  OneWayRecorder recorder;
  OneWaySnapshot reflected;
  const auto publish = [&](std::uint64_t packets, std::uint64_t lost) {
    reflected.totals.backward = {.packets = packets, .lost = lost};
    recorder.OnSnapshot(std::make_shared<const OneWaySnapshot>(reflected));
  };
  publish(100, 5);
  EXPECT_EQ(recorder.Stats().backward, (OneWayPackets{.packets = 100, .lost = 5}));
  recorder.Clear();
  publish(120, 5);
  publish(30, 1);
  EXPECT_EQ(recorder.Stats().backward, (OneWayPackets{.packets = 50, .lost = 1}));
  EXPECT_EQ(recorder.Stats().forward, OneWayPackets());
}

TEST(ServiceRecorder, CountsRequestsAndFailures) {
  ServiceRecorder recorder;
  HttpsSnapshot https;
  https.requests = 1;
  https.last = HttpResult{.duration = 0.2, .status = 200};
  recorder.OnSnapshot(std::make_shared<const HttpsSnapshot>(https));
  https.requests = 2;
  https.failures[static_cast<std::size_t>(HttpFailure::Timeout)] = 1;
  https.last = HttpResult{.failure = HttpFailure::Timeout, .duration = 10};
  recorder.OnSnapshot(std::make_shared<const HttpsSnapshot>(https));
  EXPECT_EQ(recorder.Stats().requests, 2U);
  EXPECT_EQ(recorder.Stats().Failed(), 1U);
  EXPECT_EQ(recorder.Stats().durations.max, 10);
  EXPECT_EQ(recorder.Stats().last_status, 0);
}

}  // namespace
}  // namespace pathwitness
