#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "tests/trace/engine_fixture.h"

// Many targets behind the same routers, which limit their answers as Linux does by default.
namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// icmp_ratelimit and the burst that goes with it.
constexpr IcmpLimit kLinuxLimit{.per_second = 1, .burst = 6};

IpAddress Address(const std::string& text) {
  return *IpAddress::Parse(text);
}

/// `targets` destinations behind three routers 10.0.0.1 to 10.0.0.3 that are everybody's, and all
/// limit their answers, or only the one at TTL `limited`.
Scenario BehindThreeRouters(std::size_t targets, std::optional<int> limited = {}) {
  Scenario scenario;
  std::vector<RouterId> line;
  for (int i = 1; i <= 3; ++i) {
    line.push_back(scenario.Add(
        {.address = Address("10.0.0." + std::to_string(i)),
         .delay = milliseconds(1),
         .limit = limited.value_or(i) == i ? std::optional(kLinuxLimit) : std::nullopt}));
  }
  for (std::size_t i = 0; i < targets; ++i) {
    scenario.destinations.push_back({.address = Address("203.0.113." + std::to_string(i + 1)),
                                     .path = Line(line),
                                     .delay = milliseconds(1)});
  }
  return scenario;
}

double Loss(const HopCounters& hop) {
  return static_cast<double>(hop.replies_missing) / static_cast<double>(hop.probes);
}

class SharedHopsTest : public TraceEngineTest {
 protected:
  /// All three routers are shown for all targets.
  void ExpectAllHopsShown() {
    for (const TraceBoard::Pointer& snapshot : board_.All()) {
      SCOPED_TRACE(snapshot->status.key.target);
      EXPECT_EQ(snapshot->lost, 0U);
      EXPECT_EQ(snapshot->destination_hop, 4);
      ASSERT_EQ(snapshot->hops.size(), 4U);
      for (unsigned ttl = 1; ttl <= 3; ++ttl) {
        const HopCounters& hop = snapshot->hops[ttl - 1];
        EXPECT_EQ(hop.address, Address("10.0.0." + std::to_string(ttl)));
        EXPECT_TRUE(hop.last_round_trip.has_value());
        EXPECT_GE(hop.probes, 10U);
      }
    }
  }

  /// The same, with no more than 2 % loss.
  void ExpectAllHopsClean() {
    ExpectAllHopsShown();
    for (const TraceBoard::Pointer& snapshot : board_.All()) {
      for (unsigned ttl = 1; ttl <= 3; ++ttl) {
        const HopCounters& hop = snapshot->hops[ttl - 1];
        EXPECT_LE(Loss(hop), 0.02) << hop.replies_missing << " of " << hop.probes << " at " << ttl;
      }
    }
  }
};

TEST_F(SharedHopsTest, TwentyTargetsBehindThreeLinuxRoutersSeeAllHopsWithoutLoss) {
  const Scenario scenario = BehindThreeRouters(20);
  WatchAll(scenario);
  Start(scenario);
  Run(minutes(2));
  ExpectAllHopsClean();
}

// A router gives 200 answers in 200 s, the time to find out its pace not counted. Two minutes later
// also a target one of whose probes was lost knows of 50 others.
TEST_F(SharedHopsTest, TwoHundredTargetsBehindThreeLinuxRoutersSeeAllHopsInFourMinutes) {
  const Scenario scenario = BehindThreeRouters(200);
  WatchAll(scenario);
  Start(scenario);
  Run(minutes(4));
  ExpectAllHopsShown();
  Run(minutes(2));
  ExpectAllHopsClean();
}

class OneSlowRouterTest : public SharedHopsTest, public testing::WithParamInterface<int> {};

TEST_P(OneSlowRouterTest, DelaysTheOthersByNoMoreThanItsOwnTurn) {
  const Scenario scenario = BehindThreeRouters(200, GetParam());
  WatchAll(scenario);
  Start(scenario);
  Run(minutes(4));
  ExpectAllHopsShown();
  Run(minutes(2));
  ExpectAllHopsClean();
}

INSTANTIATE_TEST_SUITE_P(AtTtl, OneSlowRouterTest, testing::Values(1, 2, 3),
                         testing::PrintToStringParamName());

TEST_F(SharedHopsTest, ATargetThatIsAddedLaterNeedNotWaitForTheTurnsOfAllOthers) {
  Scenario scenario = BehindThreeRouters(200);
  WatchAll(scenario);
  const TargetConfig last = config_.targets.back();
  config_.targets.pop_back();
  Start(scenario);
  Run(minutes(5));
  config_.targets.push_back(last);
  engine_->Apply(std::make_shared<Config>(config_), clock_.Now());
  Run(seconds(60));
  ExpectAllHopsClean();
}

TEST_F(SharedHopsTest, NoRouterIsAskedMoreThanTwiceASecond) {
  const Scenario scenario = BehindThreeRouters(200);
  WatchAll(scenario);
  Start(scenario);
  Run(minutes(5));
  std::map<unsigned, std::map<std::int64_t, int>> per_second;
  for (const SimulatedNetwork::Sent& sent : network_->Log()) {
    ++per_second[sent.probe.ttl][sent.at.time_since_epoch() / seconds(1)];
  }
  for (unsigned ttl = 1; ttl <= 3; ++ttl) {
    for (const auto& [second, count] : per_second[ttl]) {
      EXPECT_LE(count, 5) << "burst and rate";
    }
  }
}

TEST_F(SharedHopsTest, WhatOneTargetFindsOutCountsForAllOnTheSamePath) {
  const Scenario scenario = BehindThreeRouters(20);
  WatchAll(scenario);
  Start(scenario);
  Run(minutes(10));
  for (const TraceBoard::Pointer& snapshot : board_.All()) {
    EXPECT_GE(snapshot->hops[0].probes_credited, 100U);
    EXPECT_LT(snapshot->hops[0].probes_credited, snapshot->hops[0].probes);
    EXPECT_EQ(snapshot->hops[3].probes_credited, 0U) << "the destination is its own";
  }
}

TEST_F(SharedHopsTest, NoTargetIsStarvedOfItsOwnProbes) {
  const Scenario scenario = BehindThreeRouters(50);
  WatchAll(scenario);
  Start(scenario);
  Run(minutes(20));
  std::map<IpAddress, int> own;
  for (const SimulatedNetwork::Sent& sent : network_->Log()) {
    own[sent.probe.destination] += sent.probe.ttl == 2 ? 1 : 0;
  }
  const auto [fewest, most] =
      std::ranges::minmax_element(own, {}, [](const auto& entry) { return entry.second; });
  EXPECT_GE(fewest->second, 10);
  EXPECT_LE(most->second, fewest->second + 5);
}

TEST_F(SharedHopsTest, LossBehindAnotherPrefixIsNeverCredited) {
  Scenario scenario;
  for (const char* address : {"10.0.0.1", "10.0.1.1", "10.0.2.1", "10.0.0.2"}) {
    scenario.Add({.address = Address(address), .delay = milliseconds(1)});
  }
  // All end in 10.0.0.2, but those of even number come to it through a router that loses half.
  scenario.routers[2].forward_loss = {.ratio = 0.5};
  for (int i = 0; i < 20; ++i) {
    scenario.destinations.push_back(
        {.address = Address("203.0.113." + std::to_string(i + 1)),
         .path = Line(i % 2 == 0 ? std::vector<RouterId>{0, 1, 3} : std::vector<RouterId>{0, 2, 3}),
         .delay = milliseconds(1)});
  }
  WatchAll(scenario);
  Start(scenario);
  Run(minutes(20));
  for (int i = 0; i < 20; ++i) {
    const auto snapshot = Snapshot("here-to-203.0.113." + std::to_string(i + 1));
    const HopCounters& hop = snapshot->hops[2];
    EXPECT_EQ(hop.address, Address("10.0.0.2"));
    EXPECT_GT(hop.probes_credited, 0U);
    if (i % 2 == 0) {
      EXPECT_EQ(hop.replies_missing, 0U);
    } else {
      EXPECT_NEAR(Loss(hop), 0.5, 0.15);
    }
  }
}

}  // namespace
}  // namespace pathwitness
