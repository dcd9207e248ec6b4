#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/trace/engine_fixture.h"

// What is sent when not all can be sent, and when many paths fail at once.
namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class BudgetTest : public TraceEngineTest {
 protected:
  using Traffic = std::map<std::int64_t, std::map<bool, std::size_t>>;

  /// Packets by second and by whether they were hop probes.
  Traffic TrafficPerSecond() const {
    Traffic traffic;
    for (const SimulatedNetwork::Sent& sent : network_->Log()) {
      ++traffic[sent.at.time_since_epoch() / seconds(1)][sent.probe.ttl < kEndToEndTtl];
    }
    return traffic;
  }

  std::size_t HopProbes(std::size_t first, std::size_t last) const {
    const auto& log = network_->Log();
    return static_cast<std::size_t>(
        std::count_if(log.begin() + static_cast<std::ptrdiff_t>(first),
                      log.begin() + static_cast<std::ptrdiff_t>(last),
                      [](const auto& sent) { return sent.probe.ttl < kEndToEndTtl; }));
  }

  std::uint64_t Shed(ShedTier tier) const {
    return self_board_.Find(0)->shed[static_cast<std::size_t>(tier)];
  }
  std::uint64_t Deferred(DeferReason reason) const {
    return self_board_.Find(0)->deferred[static_cast<std::size_t>(reason)];
  }
};

TEST_F(BudgetTest, AThousandTargetsKeepToThePacketBudgetAndLoseNoEndToEndProbe) {
  const Scenario scenario = Scale(1000, 3);
  WatchAll(scenario);
  config_.probing.packets_per_second = 1200;
  Start(scenario);
  Run(minutes(2));
  const Traffic traffic = TrafficPerSecond();
  std::size_t packets = 0;
  for (const auto& [second, counts] : traffic) {
    for (const auto& [is_hop, count] : counts) {
      packets += count;
    }
  }
  EXPECT_LE(packets, 1200U * traffic.size() + 120U);
  EXPECT_GT(Shed(ShedTier::Hop), 0U);
  for (const TraceBoard::Pointer& snapshot : board_.All()) {
    EXPECT_EQ(snapshot->lost, 0U);
    EXPECT_GE(snapshot->probes, 100U);
  }
}

TEST_F(BudgetTest, UnderATightBudgetEveryTargetsPathIsStillChecked) {
  const Scenario scenario = Scale(200, 3);
  WatchAll(scenario);
  config_.probing.packets_per_second = 240;  // 200 of them end to end
  config_.probing.packets_per_second_per_network = 0;
  Start(scenario);
  Run(minutes(5));
  std::map<IpAddress, int> checks;
  for (const SimulatedNetwork::Sent& sent : network_->Log()) {
    checks[sent.probe.destination] += sent.probe.ttl < kEndToEndTtl ? 1 : 0;
  }
  EXPECT_EQ(checks.size(), 200U);
  for (const auto& [destination, count] : checks) {
    EXPECT_GE(count, 15) << destination.ToString();
  }
}

TEST_F(BudgetTest, TargetsOfOneNetworkAreLimitedTogetherAndOthersAreNot) {
  Scenario scenario;
  std::vector<RouterId> line;
  for (int i = 1; i <= 3; ++i) {
    line.push_back(scenario.Add({.address = *IpAddress::Parse("10.0.0." + std::to_string(i))}));
  }
  for (int i = 0; i < 40; ++i) {
    const std::string network = i < 30 ? "203.0.113." : "198.51.100.";
    scenario.destinations.push_back(
        {.address = *IpAddress::Parse(network + std::to_string(i + 1)), .path = Line(line)});
  }
  WatchAll(scenario);
  config_.probing.packets_per_second_per_network = 2;  // 30 targets there want three times that
  Start(scenario);
  Run(minutes(3));
  EXPECT_GT(Deferred(DeferReason::Network), 0U);
  EXPECT_EQ(Deferred(DeferReason::Budget), 0U);
  std::map<bool, std::size_t> hop_probes;
  for (const SimulatedNetwork::Sent& sent : network_->Log()) {
    const bool is_limited = sent.probe.destination.ToString().starts_with("203");
    hop_probes[is_limited] += sent.probe.ttl < kEndToEndTtl ? 1 : 0;
  }
  EXPECT_LT(hop_probes[true] / 3, hop_probes[false]);
  for (const TraceBoard::Pointer& snapshot : board_.All()) {
    EXPECT_EQ(snapshot->lost, 0U);
  }
}

TEST_F(BudgetTest, AFirstHopMayBeLimited) {
  const Scenario scenario = Scale(50, 3);
  WatchAll(scenario);
  config_.probing.packets_per_second_per_first_hop = 5;
  Start(scenario);
  Run(minutes(2));
  EXPECT_GT(Deferred(DeferReason::FirstHop), 0U);
  EXPECT_LE(HopProbes(0, network_->Log().size()), 5U * 120U + 40U);
}

TEST_F(BudgetTest, AFailingPathIsProbedOnceASecondAtEachHopForFiveMinutes) {
  Scenario scenario = Scale(1, 3);
  scenario.destinations[0].forward_loss = {.ratio = 0.5};
  WatchAll(scenario);
  const std::size_t length = scenario.destinations[0].path[0].branches[0].size();
  Start(scenario);
  Run(minutes(2));
  EXPECT_EQ(self_board_.Find(0)->focus_sets, 1U);
  const std::size_t before = network_->Log().size();
  Run(minutes(1));
  // A responder's budget lets it go at half that pace until it has proved that it answers more.
  EXPECT_GT(HopProbes(before, network_->Log().size()), length * 25);
  Run(minutes(5));
  EXPECT_EQ(self_board_.Find(0)->focus_sets, 0U);
  const std::size_t after = network_->Log().size();
  Run(minutes(1));
  EXPECT_LT(HopProbes(after, network_->Log().size()), length * 10);
}

TEST_F(BudgetTest, ACleanPathIsNeverInFocus) {
  const Scenario scenario = Scale(20, 3);
  WatchAll(scenario);
  Start(scenario);
  for (int i = 0; i < 20; ++i) {
    Run(seconds(15));
    EXPECT_EQ(self_board_.Find(0)->focus_sets, 0U);
  }
}

TEST_F(BudgetTest, FocusIsShedBeforeRounds) {
  Scenario scenario = Scale(60, 3);
  for (Destination& destination : scenario.destinations) {
    destination.forward_loss = {.ratio = 0.5};
  }
  WatchAll(scenario);
  config_.probing.packets_per_second = 160;  // rounds need about that, without focus
  Start(scenario);
  Run(minutes(4));
  EXPECT_GT(Shed(ShedTier::Focus), 1000U);
  EXPECT_LT(Shed(ShedTier::Hop), Shed(ShedTier::Focus) / 4);
}

}  // namespace
}  // namespace pathwitness
