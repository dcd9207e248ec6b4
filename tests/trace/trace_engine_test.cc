#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/trace/engine_fixture.h"

namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

IpAddress Address(const std::string& text) {
  return *IpAddress::Parse(text);
}

const IpAddress kTarget = *IpAddress::Parse("203.0.113.1");

/// A path of five routers 10.0.0.1 to 10.0.0.5, 1 ms apart, and the destination as sixth hop.
Scenario FiveRouters(const IpAddress& destination = kTarget) {
  Scenario scenario;
  std::vector<RouterId> line;
  for (int i = 1; i <= 5; ++i) {
    line.push_back(scenario.Add(
        {.address = Address("10.0.0." + std::to_string(i)), .delay = milliseconds(1)}));
  }
  scenario.destinations.push_back(
      {.address = destination, .path = Line(line), .delay = milliseconds(1)});
  return scenario;
}

TEST_F(TraceEngineTest, EveryHopIsSeenWithItsAddressAndRoundTrip) {
  Start(FiveRouters());
  Run(seconds(60));
  const TraceBoard::Pointer snapshot = Snapshot();
  ASSERT_THAT(snapshot->hops, SizeIs(6));
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(snapshot->hops[i].address, Address("10.0.0." + std::to_string(i + 1)));
    EXPECT_NEAR(*snapshot->hops[i].last_round_trip, 0.002 * static_cast<double>(i + 1), 1e-6);
    EXPECT_EQ(snapshot->hops[i].replies_missing, 0U);
  }
  EXPECT_EQ(snapshot->hops[5].address, kTarget);
  EXPECT_EQ(snapshot->destination_hop, 6);
  EXPECT_TRUE(snapshot->reached);
}

TEST_F(TraceEngineTest, CountersAreThereAtZeroBeforeTheFirstRound) {
  Start(FiveRouters());
  ASSERT_NE(Snapshot(), nullptr);
  EXPECT_EQ(Snapshot()->probes, 0U);
  EXPECT_EQ(Snapshot()->status.rounds, 0U);
  EXPECT_EQ(Snapshot()->status.last_round, clock_.WallNow());
  EXPECT_EQ(Snapshot()->status.interval, seconds(10));
}

TEST_F(TraceEngineTest, HopsShowWithinThirtySeconds) {
  for (int i = 0; i < 10; ++i) {
    const std::string name = "here-to-" + std::to_string(i);
    config_.targets.push_back({.name = name, .host = "203.0.113.1"});
    config_.targets.back().trace.protocols = {TraceProtocol::Icmp};
    Resolve(name, kTarget);
  }
  Start(FiveRouters());
  Run(seconds(30));
  for (const TraceBoard::Pointer& snapshot : board_.All()) {
    EXPECT_THAT(snapshot->hops, SizeIs(6)) << snapshot->status.key.target;
  }
}

TEST_F(TraceEngineTest, ProbesGoOutAtTheConfiguredRate) {
  Start(FiveRouters());
  Run(seconds(310));
  EXPECT_NEAR(static_cast<double>(Snapshot()->probes), 300, 10);
  EXPECT_NEAR(static_cast<double>(Snapshot()->status.rounds), 30, 1);
  EXPECT_EQ(Snapshot()->hops[2].probes, Snapshot()->status.rounds);
  EXPECT_EQ(Snapshot()->lost, 0U);
}

TEST_F(TraceEngineTest, AFlowStaysTheSameInARoundAndAcrossRestarts) {
  const auto flow_ports = [this] {
    std::set<std::uint16_t> ports;
    for (const SimulatedNetwork::Sent& sent : network_->Log()) {
      ports.insert(sent.probe.flow_port);
    }
    return ports;
  };
  Start(FiveRouters());
  Run(seconds(60));
  const std::set<std::uint16_t> first = flow_ports();
  EXPECT_THAT(first, SizeIs(4));
  EXPECT_THAT(first, Each(testing::Ge(kFlowPortBase)));
  Start(FiveRouters());
  Run(seconds(60));
  EXPECT_EQ(flow_ports(), first);
}

TEST_F(TraceEngineTest, TtlsOfARoundAreSpreadAndNotInOrder) {
  Start(FiveRouters());
  Run(seconds(40));
  std::vector<std::vector<int>> rounds;
  std::uint16_t flow_port = 0;
  for (const SimulatedNetwork::Sent& sent : network_->Log()) {
    if (sent.probe.ttl >= 64) {
      continue;
    }
    if (sent.probe.flow_port != flow_port) {
      rounds.emplace_back();
      flow_port = sent.probe.flow_port;
    }
    rounds.back().push_back(sent.probe.ttl);
  }
  ASSERT_GE(rounds.size(), 3U);
  EXPECT_FALSE(std::is_sorted(rounds[1].begin(), rounds[1].end()) &&
               std::is_sorted(rounds[2].begin(), rounds[2].end()));
  EXPECT_THAT(rounds[1], testing::UnorderedElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(TraceEngineTest, AnUnresolvableNameIsTotalLossWithItsReason) {
  Resolve("here-to-there", std::nullopt);
  Start(FiveRouters());
  Run(seconds(60));
  const TraceBoard::Pointer snapshot = Snapshot();
  ASSERT_NE(snapshot, nullptr);
  EXPECT_GE(snapshot->probes, 45U);
  EXPECT_EQ(snapshot->lost, snapshot->probes);
  EXPECT_EQ(snapshot->unsent[static_cast<std::size_t>(UnsentReason::Dns)], snapshot->probes);
  EXPECT_GE(snapshot->status.rounds, 5U);
  EXPECT_EQ(snapshot->status.state, ProberState::Down);
  EXPECT_THAT(network_->Log(), IsEmpty());
}

TEST_F(TraceEngineTest, ANameThatResolvesLaterIsProbedAtOnce) {
  Resolve("here-to-there", std::nullopt);
  Start(FiveRouters());
  Run(seconds(30));
  Resolve("here-to-there", kTarget);
  Run(seconds(30));
  EXPECT_EQ(Snapshot()->destination_hop, 6);
  EXPECT_EQ(Snapshot()->status.state, ProberState::Up);
  EXPECT_THAT(log_.Lines(), ElementsAre(HasSubstr("target is down target=here-to-there"),
                                        HasSubstr("target is up target=here-to-there")));
}

TEST_F(TraceEngineTest, ADeadDestinationIsDownAndTheTrailEndsAtTheLastRouter) {
  Scenario scenario = FiveRouters();
  scenario.destinations[0].answering = Answering::Silent;
  Start(scenario);
  Run(seconds(60));
  const TraceBoard::Pointer snapshot = Snapshot();
  EXPECT_EQ(snapshot->lost, snapshot->probes);
  EXPECT_FALSE(snapshot->reached);
  EXPECT_EQ(snapshot->destination_hop, 0);
  EXPECT_EQ(snapshot->last_responding_hop, 5);
  EXPECT_LE(snapshot->hops.size(), 5U + config_.targets[0].trace.gap_limit);
}

TEST_F(TraceEngineTest, ASendErrorIsALossWithItsReasonAndCounted) {
  Start(FiveRouters());
  network_->FailSends(std::make_error_code(std::errc::operation_not_permitted));
  Run(seconds(30));
  EXPECT_EQ(Snapshot()->lost, Snapshot()->probes);
  EXPECT_GT(Snapshot()->unsent[static_cast<std::size_t>(UnsentReason::SendError)], 15U);
  const auto self = self_board_.Find(0);
  ASSERT_THAT(self->send_errors, SizeIs(1));
  EXPECT_EQ(self->send_errors[0].first, "EPERM");
}

TEST_F(TraceEngineTest, NoRouteIsALossWithItsReason) {
  Start(FiveRouters());
  network_->FailRoutes(std::make_error_code(std::errc::network_unreachable));
  engine_->Apply(std::make_shared<Config>(config_), clock_.Now());
  Run(seconds(30));
  EXPECT_EQ(Snapshot()->unsent[static_cast<std::size_t>(UnsentReason::NoRoute)],
            Snapshot()->probes);
}

TEST_F(TraceEngineTest, LossOnTheLastLinkIsMeasured) {
  Scenario scenario = FiveRouters();
  scenario.destinations[0].forward_loss = {.ratio = 0.2};
  Start(scenario);
  Run(std::chrono::minutes(50));
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  for (std::size_t i = 0; i < network_->Log().size(); ++i) {
    if (network_->Log()[i].probe.ttl >= 64) {
      ++sent;
      lost += network_->Records()[i].fate != Fate::Answered ? 1U : 0U;
    }
  }
  EXPECT_NEAR(static_cast<double>(Snapshot()->probes), static_cast<double>(sent), 8);
  EXPECT_NEAR(static_cast<double>(Snapshot()->lost), static_cast<double>(lost), 8);
}

TEST_F(TraceEngineTest, ALostLastAnswerDoesNotMakeThePathLonger) {
  Scenario scenario = FiveRouters();
  scenario.destinations[0].return_loss = {.ratio = 0.3};
  std::map<int, int> lengths;
  for (std::uint64_t secret = 1; secret <= 10; ++secret) {
    secret_ = {secret, secret};
    Start(scenario);
    for (int i = 0; i < 300; ++i) {
      Run(seconds(10));
      ++lengths[Snapshot()->destination_hop];
    }
  }
  EXPECT_THAT(lengths, testing::Contains(testing::Key(6)));
  lengths.erase(6);
  lengths.erase(0);  // before the first round
  EXPECT_THAT(lengths, IsEmpty());
}

TEST_F(TraceEngineTest, ALongerPathIsLearnedInTheRoundThatMeetsIt) {
  Scenario scenario = FiveRouters();
  std::vector<RouterId> longer;
  for (int i = 1; i <= 9; ++i) {
    longer.push_back(scenario.Add(
        {.address = Address("10.0.1." + std::to_string(i)), .delay = milliseconds(1)}));
  }
  scenario.destinations[0].new_path = Line(longer);
  scenario.destinations[0].changes_after = seconds(120);
  Start(scenario);
  Run(seconds(119));
  EXPECT_EQ(Snapshot()->destination_hop, 6);
  Run(seconds(31));
  EXPECT_EQ(Snapshot()->destination_hop, 10);
  EXPECT_EQ(Snapshot()->hops[8].address, Address("10.0.1.9"));
  EXPECT_EQ(Snapshot()->lost, 0U);
}

TEST_F(TraceEngineTest, AShorterPathDropsTheHopsBeyondItsEnd) {
  Scenario scenario = FiveRouters();
  scenario.destinations[0].new_path = Line({0, 1});
  scenario.destinations[0].changes_after = seconds(120);
  Start(scenario);
  Run(seconds(240));
  EXPECT_EQ(Snapshot()->destination_hop, 3);
  EXPECT_THAT(Snapshot()->hops, SizeIs(3));
}

TEST_F(TraceEngineTest, SilentRoutersDoNotEndTheTrace) {
  Scenario scenario = FiveRouters();
  scenario.routers[1].is_silent = true;
  scenario.routers[2].is_silent = true;
  Start(scenario);
  Run(seconds(60));
  EXPECT_EQ(Snapshot()->destination_hop, 6);
  EXPECT_EQ(Snapshot()->hops[1].replies_missing, Snapshot()->hops[1].probes);
  EXPECT_FALSE(Snapshot()->hops[1].address.has_value());
}

TEST_F(TraceEngineTest, ForgeriesAreCountedAndNeverAnswers) {
  Scenario scenario = FiveRouters();
  scenario.destinations[0].misbehaviour = {{.kind = Mischief::WrongSecret},
                                           {.kind = Mischief::WrongToken}};
  scenario.routers[0].misbehaviour = {{.kind = Mischief::BadChecksum}};
  scenario.routers[1].misbehaviour = {{.kind = Mischief::WrongDestination}};
  scenario.routers[2].misbehaviour = {{.kind = Mischief::Duplicate}};
  scenario.routers[3].misbehaviour = {{.kind = Mischief::Late, .delay = seconds(3)}};
  scenario.routers[4].misbehaviour = {{.kind = Mischief::Late, .delay = seconds(8)}};
  Start(scenario);
  Run(seconds(120));
  const TraceBoard::Pointer snapshot = Snapshot();
  const TraceSelf self = *self_board_.Find(0);
  EXPECT_EQ(snapshot->lost, 0U);
  EXPECT_NEAR(snapshot->round_trips.sum / static_cast<double>(snapshot->round_trips.Count()), 0.012,
              1e-6)
      << "answers that came too early would show here";
  EXPECT_GT(self.replies_spoofed, 90U);
  EXPECT_GT(self.replies_malformed, 5U);
  EXPECT_GT(self.replies_duplicate, 5U);
  EXPECT_GT(self.replies_late, 5U);
  EXPECT_GT(self.replies_unmatched, 90U);
  EXPECT_EQ(snapshot->hops[0].replies_missing, snapshot->hops[0].probes) << "bad checksum";
  EXPECT_EQ(snapshot->hops[1].replies_missing, snapshot->hops[1].probes) << "wrong quote";
  EXPECT_EQ(snapshot->hops[2].replies_missing, 0U) << "duplicates";
  EXPECT_EQ(snapshot->hops[3].replies_missing, 0U) << "late is not lost";
  EXPECT_EQ(snapshot->hops[3].round_trip_count, 0U) << "late is no round trip";
  EXPECT_EQ(snapshot->hops[4].replies_missing, snapshot->hops[4].probes) << "too late";
}

TEST_F(TraceEngineTest, ARoundOnUnequalBranchesShowsOneOfThem) {
  Scenario scenario;
  for (int i = 1; i <= 4; ++i) {
    scenario.Add({.address = Address("10.0.0." + std::to_string(i)), .delay = milliseconds(1)});
  }
  scenario.destinations.push_back({.address = kTarget,
                                   .path = {Stretch{{{0}}}, Stretch{{{1}, {2, 3}}}},
                                   .delay = milliseconds(1)});
  Start(scenario);
  std::set<std::vector<std::string>> paths;
  for (int i = 0; i < 60; ++i) {
    Run(seconds(10));
    std::vector<std::string> path;
    if (Snapshot()->last_round == nullptr) {
      continue;
    }
    for (const Hop& hop : Snapshot()->last_round->hops) {
      path.push_back(hop.replies.empty() ? "*" : hop.replies[0].responder.ToString());
    }
    paths.insert(path);
  }
  EXPECT_THAT(paths, testing::IsSubsetOf(std::vector<std::vector<std::string>>{
                         {"10.0.0.1", "10.0.0.2", "203.0.113.1"},
                         {"10.0.0.1", "10.0.0.3", "10.0.0.4", "203.0.113.1"}}));
}

TEST_F(TraceEngineTest, MplsLabelsAreKept) {
  Scenario scenario = FiveRouters();
  scenario.routers[2].mpls = {{.label = 24001, .traffic_class = 1, .is_bottom = true, .ttl = 1}};
  Start(scenario);
  Run(seconds(30));
  EXPECT_EQ(Snapshot()->hops[2].mpls, scenario.routers[2].mpls);
}

TEST_F(TraceEngineTest, AdminProhibitedIsLossWithItsCode) {
  Scenario scenario = FiveRouters();
  scenario.destinations[0].answering = Answering::AdminProhibited;
  config_.targets[0].trace.protocols = {TraceProtocol::Udp};
  Start(scenario);
  Run(seconds(60));
  const auto snapshot = Snapshot("here-to-there", ProberKind::TraceUdp);
  EXPECT_GT(snapshot->unreachable[static_cast<std::size_t>(UnreachableCode::Admin)], 40U);
}

TEST_F(TraceEngineTest, TcpAndUdpReachTheDestination) {
  config_.targets[0].trace.protocols = {TraceProtocol::Udp, TraceProtocol::Tcp};
  Start(FiveRouters());
  Run(seconds(60));
  for (const ProberKind kind : {ProberKind::TraceUdp, ProberKind::TraceTcp}) {
    EXPECT_EQ(Snapshot("here-to-there", kind)->destination_hop, 6);
    EXPECT_EQ(Snapshot("here-to-there", kind)->lost, 0U);
    EXPECT_EQ(Snapshot("here-to-there", kind)->hops[3].address, Address("10.0.0.4"));
  }
}

TEST_F(TraceEngineTest, Ipv6IsTracedAlike) {
  const IpAddress destination = Address("2001:db8:1::1");
  Resolve("here-to-there", destination, IpFamily::Ipv6);
  Scenario scenario;
  std::vector<RouterId> line;
  for (int i = 1; i <= 3; ++i) {
    line.push_back(scenario.Add(
        {.address = Address("2001:db8:2::" + std::to_string(i)), .delay = milliseconds(1)}));
  }
  scenario.destinations.push_back({.address = destination, .path = Line(line)});
  config_.targets[0].trace.protocols = {TraceProtocol::Icmp, TraceProtocol::Udp,
                                        TraceProtocol::Tcp};
  Start(scenario);
  Run(seconds(60));
  for (const ProberKind kind :
       {ProberKind::TraceIcmp, ProberKind::TraceUdp, ProberKind::TraceTcp}) {
    const auto snapshot = Snapshot("here-to-there", kind, ProberFamily::Ipv6);
    ASSERT_NE(snapshot, nullptr);
    EXPECT_EQ(snapshot->destination_hop, 4);
    EXPECT_EQ(snapshot->lost, 0U);
  }
}

TEST_F(TraceEngineTest, TheBudgetPutsOffHopProbesAndNeverEndToEndOnes) {
  config_.probing.packets_per_second = 10;
  for (int i = 0; i < 9; ++i) {
    const std::string name = "here-to-" + std::to_string(i);
    config_.targets.push_back({.name = name, .host = "203.0.113.1"});
    config_.targets.back().trace.protocols = {TraceProtocol::Icmp};
    Resolve(name, kTarget);
  }
  Start(FiveRouters());
  Run(seconds(120));
  EXPECT_GE(self_board_.Find(0)->deferred[static_cast<std::size_t>(DeferReason::Budget)], 10U);
  EXPECT_GT(Snapshot()->status.rounds_skipped[static_cast<std::size_t>(SkipReason::Budget)], 5U);
  for (const TraceBoard::Pointer& snapshot : board_.All()) {
    EXPECT_NEAR(static_cast<double>(snapshot->probes), 112, 8) << snapshot->status.key.target;
  }
}

TEST_F(TraceEngineTest, APauseOfTheProcessSkipsRoundsAndSaysSo) {
  Start(FiveRouters());
  Run(seconds(30));
  clock_.Advance(seconds(100));
  Run(seconds(30));
  EXPECT_NEAR(static_cast<double>(
                  Snapshot()->status.rounds_skipped[static_cast<std::size_t>(SkipReason::Overrun)]),
              10, 1);
  EXPECT_LE(Snapshot()->probes, 70U) << "what was missed is not made up for";
}

TEST_F(TraceEngineTest, AnUnchangedTargetKeepsItsCountersThroughApply) {
  Start(FiveRouters());
  Run(seconds(60));
  const std::uint64_t before = Snapshot()->probes;
  config_.targets.push_back({.name = "other", .host = "203.0.113.1"});
  engine_->Apply(std::make_shared<Config>(config_), clock_.Now());
  Run(seconds(10));
  EXPECT_NEAR(static_cast<double>(Snapshot()->probes - before), 10, 1);
}

TEST_F(TraceEngineTest, ARemovedTargetLeavesTheBoard) {
  Start(FiveRouters());
  Run(seconds(30));
  config_.targets.clear();
  engine_->Apply(std::make_shared<Config>(config_), clock_.Now());
  EXPECT_THAT(board_.All(), IsEmpty());
  Run(seconds(30));
  EXPECT_THAT(board_.All(), IsEmpty());
}

TEST_F(TraceEngineTest, ARestartedEngineGoesOnCounting) {
  Start(FiveRouters());
  Run(seconds(60));
  const TraceSnapshot before = *Snapshot();
  Start(FiveRouters());
  EXPECT_EQ(Snapshot()->status.restarts, 1U);
  Run(seconds(60));
  EXPECT_GT(Snapshot()->probes, before.probes + 40);
  EXPECT_GT(Snapshot()->hops[2].probes, before.hops[2].probes);
}

TEST_F(TraceEngineTest, AMeasurementNowIsCountedInNoSeries) {
  Start(FiveRouters());
  Run(seconds(30));
  const std::uint64_t before = Snapshot()->hops[0].probes;
  std::shared_ptr<const TraceSnapshot> measured;
  engine_->Measure(config_.targets[0], ProbeProtocol::Icmp, IpFamily::Ipv4, kTarget,
                   [&](std::shared_ptr<const TraceSnapshot> snapshot) { measured = snapshot; });
  Run(seconds(5));
  ASSERT_NE(measured, nullptr);
  EXPECT_EQ(measured->destination_hop, 6);
  EXPECT_EQ(measured->probes, 5U);
  EXPECT_LE(Snapshot()->hops[0].probes, before + 1);
  EXPECT_THAT(board_.All(), SizeIs(1));
}

TEST_F(TraceEngineTest, RepliesOfTwoTargetsWithOneAddressAreKeptApart) {
  for (int i = 0; i < 200; ++i) {
    const std::string name = "here-to-" + std::to_string(i);
    config_.targets.push_back({.name = name, .host = "203.0.113.1"});
    config_.targets.back().trace.protocols = {TraceProtocol::Icmp};
    Resolve(name, kTarget);
  }
  Start(FiveRouters());
  Run(minutes(10));
  for (const TraceBoard::Pointer& snapshot : board_.All()) {
    EXPECT_EQ(snapshot->lost, 0U);
    EXPECT_EQ(snapshot->destination_hop, 6);
  }
  EXPECT_EQ(self_board_.Find(0)->replies_unmatched, 0U);
  EXPECT_EQ(self_board_.Find(0)->replies_duplicate, 0U);
}

TEST_F(TraceEngineTest, ManyTargetsAreProbedEvenly) {
  Scenario scenario = Scale(1000, 7);
  config_.targets.clear();
  config_.probing.packets_per_second = 1e6;
  for (const Destination& destination : scenario.destinations) {
    const std::string name = "here-to-" + destination.address.ToString();
    config_.targets.push_back({.name = name, .host = destination.address.ToString()});
    config_.targets.back().trace.protocols = {TraceProtocol::Icmp};
    Resolve(name, destination.address);
  }
  Start(scenario);
  Run(seconds(60));
  std::map<std::int64_t, int> per_100_ms;
  const MonoTime end = network_->Log().back().at;
  for (const SimulatedNetwork::Sent& sent : network_->Log()) {
    if (end - sent.at < seconds(30)) {
      ++per_100_ms[(end - sent.at) / milliseconds(100)];
    }
  }
  double mean = 0;
  int most = 0;
  for (const auto& [slot, count] : per_100_ms) {
    mean += count / static_cast<double>(per_100_ms.size());
    most = std::max(most, count);
  }
  EXPECT_LE(most, 1.3 * mean);
  for (const TraceBoard::Pointer& snapshot : board_.All()) {
    EXPECT_EQ(snapshot->lost, 0U);
  }
}

}  // namespace
}  // namespace pathwitness
