#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "probes/base/time.h"
#include "tests/support/exchange.h"
#include "tests/support/simulated_world.h"

// Faults of a simulated internet, and what the program says of them, with how long that takes.
namespace pathwitness {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kFlows = 16;
constexpr std::size_t kWays = 8;
const char* const kBundleHost = "203.0.113.22";

Router RouterAt(const std::string& address) {
  Router router;
  router.address = *IpAddress::Parse(address);
  router.delay = 2ms;
  return router;
}

Destination DestinationAt(const std::string& address, Path path) {
  Destination destination;
  destination.address = *IpAddress::Parse(address);
  destination.path = std::move(path);
  destination.delay = 2ms;
  return destination;
}

/// Seven routers in a row; those of `limited` send one answer in ten seconds.
Scenario RowOfRouters(const std::set<int>& limited) {
  Scenario scenario;
  std::vector<RouterId> row;
  for (int host = 1; host <= 7; ++host) {
    Router router = RouterAt("198.51.100." + std::to_string(host));
    if (limited.contains(host)) {
      router.limit = IcmpLimit{.per_second = 0.1, .burst = 1};
    }
    row.push_back(scenario.Add(router));
  }
  scenario.destinations.push_back(DestinationAt("203.0.113.9", Line(row)));
  return scenario;
}

/// The same row, and another destination behind a bundle of eight links between its second router
/// and its third, of which one may be dead.
Scenario Bundle(bool has_dead_link) {
  Scenario scenario = RowOfRouters({});
  Stretch links;
  for (std::size_t way = 0; way < kWays; ++way) {
    Router behind = RouterAt("198.51.100.3");
    behind.forward_loss.ratio = has_dead_link && way == 0 ? 1 : 0;
    links.branches.push_back({scenario.Add(behind)});
  }
  Path path = Line({0, 1});
  path.push_back(links);
  path.push_back({.branches = {{3}}});
  scenario.destinations.push_back(DestinationAt(kBundleHost, std::move(path)));
  return scenario;
}

std::string BundleTarget() {
  return "targets:\n  - name: here-to-bundle\n    host: " + std::string(kBundleHost) +
         "\n    trace: {protocols: [tcp], interval: 1s, flows: " + std::to_string(kFlows) +
         ", end_to_end_interval: 100ms, timeout: 300ms}\n";
}

/// Ports of the flows to the bundle that lost probes meant for the destination.
std::set<std::uint16_t> DeadFlows(const std::vector<ProbeRecord>& probes) {
  std::set<std::uint16_t> dead;
  for (const ProbeRecord& probe : probes) {
    const bool is_of_train = probe.ttl == 64 && probe.destination.ToString() == kBundleHost;
    if (is_of_train && probe.fate == Fate::LostForward) {
      dead.insert(probe.flow_port);
    }
  }
  return dead;
}

class LiveBlame : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = SimulatedWorld::WhyNot(); !why.empty()) {
      GTEST_SKIP() << why;
    }
  }

  /// The metrics as soon as they have `wanted`; says how long that took.
  static std::string Await(SimulatedWorld& world, const std::string& wanted) {
    const auto start = std::chrono::steady_clock::now();
    const std::string page = world.MetricsUntil(wanted);
    const double seconds = ToSeconds(std::chrono::steady_clock::now() - start);
    RecordProperty("seconds", std::to_string(seconds));
    std::cout << "said after " << seconds << " s\n";
    EXPECT_THAT(page, HasSubstr(wanted));
    return page;
  }

  static std::string Get(const SimulatedWorld& world, const std::string& path) {
    return Exchange(world.Port(), "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n");
  }
};

TEST_F(LiveBlame, ADetourInsideOneNetworkIsNamedAsThat) {
  SimulatedWorld world;
  world.AwaitMore("pathwitness_prober_rounds_total", 8);  // six teach who stands where
  world.Detour(0);
  const std::string page = Await(world, "class=\"intra_as\"} 1\n");
  EXPECT_THAT(page, AllOf(HasSubstr("from_hop=\"5\",asn_before=\"64501\",asn_after=\"64501\"} 1\n"),
                          HasSubstr("class=\"inter_as\"} 0\n"), HasSubstr("class=\"local\"} 0\n"),
                          Not(HasSubstr("pathwitness_verdict_info{"))));
}

TEST_F(LiveBlame, TwoDeadFlowsOfSixteenAreListed) {
  SimulatedWorld world(BundleTarget);
  world.Become(Bundle(false));
  world.AwaitMore("pathwitness_path_probes_total", 60);
  world.Become(Bundle(true));
  Await(world,
        "pathwitness_verdict{target=\"here-to-bundle\",prober=\"trace_tcp\",family=\"ipv4\","
        "state=\"flow_dependent\"} 1\n");
  const std::string said = Get(world, "/api/v1/targets/here-to-bundle");
  const std::set<std::uint16_t> dead = DeadFlows(world.StopInternet());
  EXPECT_EQ(dead.size(), 2U);
  std::size_t listed = 0;
  for (std::size_t at = said.find("(tcp) lost"); at != std::string::npos;
       at = said.find("(tcp) lost", at + 1)) {
    ++listed;
  }
  EXPECT_EQ(listed, dead.size());
  for (const std::uint16_t port : dead) {
    EXPECT_THAT(said,
                HasSubstr("192.0.2.1:" + std::to_string(port) + " > 203.0.113.22:443 (tcp) lost"));
  }
}

TEST_F(LiveBlame, MiddleHopsThatLimitTheirAnswersRaiseNothing) {
  SimulatedWorld world;
  world.Become(RowOfRouters({2, 4, 6}));
  world.AwaitMore("pathwitness_path_probes_total", 200);
  const std::string page = world.MetricsUntil("pathwitness_verdict{");
  EXPECT_THAT(page,
              AllOf(HasSubstr("state=\"none\"} 1\n"), Not(HasSubstr("pathwitness_verdict_info{")),
                    Not(HasSubstr("pathwitness_incident_info{"))));
  const std::vector<ProbeRecord> probes = world.StopInternet();
  EXPECT_GE(std::count_if(probes.begin(), probes.end(),
                          [](const ProbeRecord& probe) { return probe.fate == Fate::RateLimited; }),
            10);
}

}  // namespace
}  // namespace pathwitness
