#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/exporter/diagnosis/virtual_network.h"
#include "tests/support/mmdb_writer.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// Five targets behind one provider; it reaches a, b and c by the router 198.51.100.2, d and e by
/// 198.51.100.3.
void AddFiveTargets(VirtualNetwork& network) {
  network.AddTarget("a", "192.168.1.1 198.51.100.1 198.51.100.2 203.0.113.11 203.0.113.101");
  network.AddTarget("b", "192.168.1.1 198.51.100.1 198.51.100.2 203.0.113.12 203.0.113.102");
  network.AddTarget("c", "192.168.1.1 198.51.100.1 198.51.100.2 203.0.113.13 203.0.113.103");
  network.AddTarget("d", "192.168.1.1 198.51.100.1 198.51.100.3 203.0.113.14 203.0.113.104");
  network.AddTarget("e", "192.168.1.1 198.51.100.1 198.51.100.3 203.0.113.15 203.0.113.105");
}

class IncidentSimulation : public ::testing::Test {
 protected:
  IncidentSimulation() { AddFiveTargets(network_); }

  VirtualNetwork::Link& SharedLink() { return network_.links[{"198.51.100.1", "198.51.100.2"}]; }

  /// How long it takes until an incident is open.
  Duration UntilOpen(Duration most = minutes(5)) {
    const MonoTime fault = network_.clock.Now();
    network_.Live(most, [&] { return !network_.OpenIncidents().empty(); });
    return network_.clock.Now() - fault;
  }

  std::vector<std::string> LinesAbout(const std::string& what) const {
    std::vector<std::string> lines = network_.log.Lines();
    std::erase_if(lines, [&](const std::string& line) { return !line.starts_with(what); });
    return lines;
  }

  VirtualNetwork network_{16};
};

TEST_F(IncidentSimulation, ThreeOfFiveTargetsBehindOneBadLinkAreOneIncident) {
  network_.Live(minutes(40));
  SharedLink().loss = 1;
  EXPECT_LE(UntilOpen(), seconds(40));
  network_.Live(minutes(2));
  const auto open = network_.OpenIncidents();
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open[0]->cause, CauseKind::Link);
  EXPECT_THAT(open[0]->targets, ElementsAre("a", "b", "c"));
  EXPECT_EQ(open[0]->scope, (IncidentScope{3, 5, "198.51.100.1-198.51.100.2"}));
  EXPECT_EQ(open[0]->verdict.state, VerdictState::Loss);
  EXPECT_THAT(open[0]->text, HasSubstr("3 of 5 targets, all through 198.51.100.1-198.51.100.2; "
                                       "2 not through it are fine."));
  EXPECT_THAT(LinesAbout("incident opened"), SizeIs(1));
}

TEST_F(IncidentSimulation, LossThatIsSmallIsPlacedByAsManyCleanProbesAsItTakes) {
  network_.Live(minutes(40));
  SharedLink().loss = 0.2;
  network_.Live(minutes(5));
  const auto open = network_.OpenIncidents();
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open[0]->scope, (IncidentScope{3, 5, "198.51.100.1-198.51.100.2"}));
}

TEST_F(IncidentSimulation, AnIncidentEndsWhenItsFaultDoes) {
  network_.Live(minutes(40));
  SharedLink().loss = 1;
  network_.Live(minutes(13));
  SharedLink().loss = 0;
  const WallTime end = network_.clock.WallNow();
  network_.Live(minutes(9));
  EXPECT_THAT(network_.OpenIncidents(), IsEmpty());
  const auto all = network_.incidents.All();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0]->merged_into, "");
  EXPECT_LE(*all[0]->closed - end, seconds(90));
  EXPECT_THAT(LinesAbout("incident closed"), SizeIs(1));
  network_.Live(minutes(61));
  EXPECT_THAT(network_.incidents.All(), IsEmpty());
}

TEST_F(IncidentSimulation, TwoCausesAreTwoIncidents) {
  network_.Live(minutes(40));
  SharedLink().loss = 1;
  network_.links[{"203.0.113.14", "203.0.113.104"}].loss = 1;
  network_.Live(minutes(3));
  const auto open = network_.OpenIncidents();
  ASSERT_THAT(open, SizeIs(2));
  EXPECT_EQ(open[0]->cause, CauseKind::Link);
  EXPECT_EQ(open[1]->cause, CauseKind::Path);
  EXPECT_THAT(open[1]->targets, ElementsAre("d"));
}

TEST_F(IncidentSimulation, AnUplinkThatIsDownIsAnOwnFaultAndNobodyElseIsBlamed) {
  network_.Live(minutes(40));
  network_.is_uplink_down = true;
  EXPECT_LE(UntilOpen(), seconds(35));
  network_.Live(minutes(3));
  const auto open = network_.OpenIncidents();
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open[0]->cause, CauseKind::Own);
  EXPECT_EQ(open[0]->at, "uplink");
  EXPECT_EQ(open[0]->owner->segment, Segment::Prober);
  EXPECT_THAT(open[0]->targets, SizeIs(5));
  network_.is_uplink_down = false;
  network_.Live(minutes(9));
  EXPECT_THAT(network_.OpenIncidents(), IsEmpty());
  EXPECT_THAT(LinesAbout("verdict"), Not(Contains(HasSubstr("state=loss"))));
}

TEST(AnchorSimulation, WhenNoAnchorAnswersItIsItsOwnUplinkThoughTheGatewayDoes) {
  Config config;
  config.anchors = {"a", "d"};
  VirtualNetwork network(16, config);
  AddFiveTargets(network);
  network.Live(minutes(40));
  network.links[{"192.168.1.1", "198.51.100.1"}].loss = 1;
  network.Live(minutes(3));
  const auto open = network.OpenIncidents();
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open[0]->cause, CauseKind::Own);
  EXPECT_EQ(open[0]->at, "uplink");
  EXPECT_THAT(network.log.Lines(), Not(Contains(HasSubstr("state=loss"))));
}

TEST(AnchorSimulation, AnAnchorThatAnswersClearsTheUplink) {
  Config config;
  config.anchors = {"a", "d"};
  VirtualNetwork network(16, config);
  AddFiveTargets(network);
  network.Live(minutes(40));
  network.links[{"198.51.100.1", "198.51.100.2"}].loss = 1;
  network.Live(minutes(3));
  const auto open = network.OpenIncidents();
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open[0]->cause, CauseKind::Link);
}

TEST_F(IncidentSimulation, RoutersThatLimitTheirAnswersAreNothing) {
  network_.unwilling = {{"198.51.100.1", 0.9}, {"198.51.100.2", 1}, {"203.0.113.14", 0.4}};
  network_.Live(std::chrono::hours(3));
  EXPECT_THAT(network_.incidents.All(), IsEmpty());
  EXPECT_THAT(LinesAbout("verdict"), IsEmpty());
}

TEST_F(IncidentSimulation, DeadFlowsAreListedByTheirAddressesAndPorts) {
  network_.Live(minutes(40));
  network_.KillFlow("b", 3);
  network_.KillFlow("b", 9);
  network_.Live(minutes(6));
  const auto open = network_.OpenIncidents();
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open[0]->verdict.state, VerdictState::FlowDependent);
  EXPECT_THAT(open[0]->verdict.flows.bad, ElementsAre(3U, 9U));
  EXPECT_THAT(open[0]->text, AllOf(HasSubstr("1 of 5 targets"),
                                   HasSubstr("192.0.2.10:61443 > 203.0.113.102:443 (tcp) lost"),
                                   HasSubstr("192.0.2.10:61449 > 203.0.113.102:443 (tcp) lost")));
}

TEST(RouteSimulation, ADetourInsideOneNetworkIsNamedAsTheCauseOfTheDelay) {
  TestFolder folder;
  folder.Write("asn.mmdb", MmdbWriter()
                               .AddAs("198.51.100.0/24", 64500, "Transit")
                               .AddAs("203.0.113.0/24", 64501, "Destination")
                               .Content());
  Config config;
  config.asn_database.path = folder.Path() / "asn.mmdb";
  VirtualNetwork network(4, config);
  AddFiveTargets(network);
  network.Live(minutes(40));
  network.links[{"198.51.100.9", "203.0.113.11"}].delay = std::chrono::milliseconds(30);
  network.Reroute("a", "192.168.1.1 198.51.100.1 198.51.100.9 203.0.113.11 203.0.113.101");
  network.Live(minutes(5));
  EXPECT_THAT(network.log.Lines(),
              Contains(AllOf(HasSubstr("route changed"), HasSubstr("class=intra_as"),
                             HasSubstr("after=198.51.100.9"))));
  const auto open = network.OpenIncidents();
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open[0]->verdict.state, VerdictState::Route);
  EXPECT_EQ(open[0]->owner->asn, 64500U);
  EXPECT_THAT(open[0]->text, HasSubstr("since the route changed"));
}

}  // namespace
}  // namespace pathwitness
