#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "probes/base/time.h"
#include "tests/support/namespaces.h"
#include "tests/support/running_server.h"

// Five targets at a chain of routers, three of them behind the link between the second and the
// third:
//
//   here -- 1 (d) -- 2 (e) -- 3 -- 4 (a, b, c)
namespace pathwitness {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

bool Shell(const std::string& command) {
  return std::system(command.c_str()) == 0;  // NOLINT(concurrency-mt-unsafe): no other thread
}

bool RunScript(const std::string& shape, const std::string& prefix) {
  return Shell(PATHWITNESS_SOURCE_DIR "/tests/net/router_chain.sh " + shape + " " + prefix);
}

std::string Target(const std::string& name, const std::string& host) {
  return "  - {name: " + name + ", host: " + host +
         ", trace: {protocols: [icmp], interval: 2s, end_to_end_interval: 100ms, "
         "timeout: 200ms}}\n";
}

class LiveIncident : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = EnterFreshNamespace(); !why.empty()) {
      GTEST_SKIP() << why;
    }
    ASSERT_TRUE(RunScript("chain", prefix_));
    for (const char* const address : {"203.0.113.1", "203.0.113.2", "203.0.113.3"}) {
      ASSERT_TRUE(Shell("ip -n " + prefix_ + "4 addr add " + std::string(address) + "/32 dev lo"));
    }
    place_.Configure("targets:\n" + Target("a", "203.0.113.1") + Target("b", "203.0.113.2") +
                     Target("c", "203.0.113.3") + Target("d", "198.51.100.2") +
                     Target("e", "198.51.100.6"));
    server_ = std::make_unique<Server>(place_);
    // Bounds of all five: they were judged.
    ASSERT_THAT(server_->GetUntil("/metrics", "pathwitness_loss_upper_bound_ratio{target=\"e\""),
                HasSubstr("pathwitness_path_reached{target=\"a\""));
  }

  void TearDown() override {
    if (HasFailure() && server_ != nullptr) {
      std::cout << server_->Process().Output();
    }
    server_ = nullptr;
    RunScript("down", prefix_);
  }

  /// What comes in by the hook and fits is dropped by the router from now on.
  bool Drop(const std::string& router, const std::string& hook, const std::string& what) const {
    return Shell("ip netns exec " + prefix_ + router +
                 " nft 'add table ip t; add chain ip t c { type filter hook " + hook +
                 " priority 0; }; add rule ip t c " + what + " drop'");
  }

  /// The page as soon as an incident of that cause is open; says how long that took.
  std::string AwaitIncident(const std::string& cause) {
    const auto start = std::chrono::steady_clock::now();
    const std::string wanted = "pathwitness_incidents{cause=\"" + cause + "\"} 1";
    std::string page = server_->GetUntil("/metrics", wanted);
    if (page.find(wanted) == std::string::npos) {
      page = server_->GetUntil("/metrics", wanted);
    }
    std::cout << cause << " incident open after "
              << ToSeconds(std::chrono::steady_clock::now() - start) << " s\n";
    return page;
  }

  std::string prefix_ = "pwi" + std::to_string(getpid()) + "-";
  Workplace place_;
  std::unique_ptr<Server> server_;
};

TEST_F(LiveIncident, ThreeOfFiveTargetsBehindOneLinkAreOne) {
  ASSERT_TRUE(Drop("2", "forward", "oifname right"));
  AwaitIncident("link");
  const std::string page =
      server_->GetUntil("/metrics", "\"} 3\n# HELP pathwitness_incident_since");
  EXPECT_THAT(page, AllOf(HasSubstr("pathwitness_incident_info{"), HasSubstr("} 3\n"),
                          HasSubstr("cause=\"link\""), HasSubstr("state=\"loss\""),
                          HasSubstr("target=\"a\"} 1"), HasSubstr("target=\"b\"} 1"),
                          HasSubstr("target=\"c\"} 1")));
  EXPECT_THAT(server_->Process().ReadUntil("3 of 5 targets", std::chrono::seconds(10)),
              HasSubstr("3 of 5 targets"));
}

TEST_F(LiveIncident, OfAnUplinkThatIsDownIsItsOwn) {
  ASSERT_TRUE(Drop("1", "prerouting", "iifname left"));
  const std::string page = AwaitIncident("own");
  EXPECT_THAT(page, AllOf(HasSubstr("cause=\"own\",at=\"uplink\",state=\"local\""),
                          HasSubstr("pathwitness_incidents{cause=\"source\"} 0"),
                          Not(HasSubstr("state=\"loss\",owner"))));
}

}  // namespace
}  // namespace pathwitness
