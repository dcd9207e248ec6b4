// The real program on loopback: a drill by HTTP, and by the command that follows it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/running_server.h"

namespace pathwitness {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr const char* kOrder = "/-/drill?target=here-to-loopback&loss=50%25&for=1m";

class DrillServiceTest : public testing::Test {
 protected:
  DrillServiceTest() {
    server_.GetUntil("/metrics", "pathwitness_path_reached{target=\"here-to-loopback\"");
  }

  std::vector<std::string> DrillCommand(std::vector<std::string> flags) const {
    flags.insert(flags.begin(), {PATHWITNESS_BINARY, "drill"});
    flags.push_back("--url=http://localhost:" + std::to_string(server_.Port()));
    return flags;
  }

  /// Fails when the page has no such series.
  double Value(const std::string& page, const std::string& series) {
    const std::size_t found = page.find("\n" + series);
    EXPECT_NE(found, std::string::npos) << series;
    return found == std::string::npos ? 0 : std::stod(page.substr(page.find("} ", found) + 2));
  }

  double SyntheticLoss(const std::string& page) {
    return Value(page, "pathwitness_drill_path_probes_lost_total{target=\"here-to-loopback\"");
  }

  Workplace place_;
  Server server_{place_, {"--web.enable-lifecycle"}};
};

TEST_F(DrillServiceTest, ADrillLosesPacketsBesideTheTruth) {
  EXPECT_THAT(server_.Post(kOrder), StartsWith("HTTP/1.1 200 "));
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (SyntheticLoss(BodyOf(server_.Get("/metrics"))) < 2) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    server_.Process().ReadUntil("never logged", 100ms);
  }
  const std::string page = BodyOf(server_.Get("/metrics"));
  EXPECT_EQ(Value(page, "pathwitness_path_probes_lost_total{target=\"here-to-loopback\""), 0);
  EXPECT_THAT(page, HasSubstr("pathwitness_drill_info{"));
}

TEST_F(DrillServiceTest, AStoppedDrillLeavesNoSeries) {
  EXPECT_THAT(server_.Post(kOrder), StartsWith("HTTP/1.1 200 "));
  const std::string listed = BodyOf(server_.Get("/-/drill"));
  const std::size_t id = listed.find("\"id\": \"") + 7;
  server_.Post("/-/drill/stop?id=" + listed.substr(id, listed.find('"', id) - id));
  EXPECT_THAT(BodyOf(server_.Get("/metrics")), Not(HasSubstr("pathwitness_drill_")));
}

TEST_F(DrillServiceTest, OrdersThatCannotBeAreRefused) {
  EXPECT_THAT(server_.Post("/-/drill?target=nobody&loss=1&for=1m"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(server_.Post("/-/drill?target=nightly-backup&loss=1&for=1m"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(server_.Post(kOrder), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server_.Post(kOrder), StartsWith("HTTP/1.1 409 Conflict"));
}

TEST_F(DrillServiceTest, TheCommandReportsTheLossAndStopsTheDrill) {
  const Ended ended = RunToEnd(DrillCommand({"here-to-loopback", "--loss=50%", "--for=1m"}));
  EXPECT_EQ(ended.status, 0) << ended.output;
  EXPECT_THAT(ended.output,
              AllOf(StartsWith("drill 2"), HasSubstr("synthetic loss is exported\n"),
                    HasSubstr("the drill succeeded: synthetic loss in the exporter's metrics")));
  EXPECT_THAT(server_.Get("/-/drill"), HasSubstr("\"is_running\": false"));
}

TEST_F(DrillServiceTest, AnInterruptStopsTheDrill) {
  // Nothing listens at the port of discard, so no alert will ever be seen.
  ChildProcess command(DrillCommand(
      {"here-to-loopback", "--loss=50%", "--for=1m", "--prometheus.url=http://127.0.0.1:9"}));
  EXPECT_THAT(command.ReadUntil("synthetic loss", 20s), HasSubstr("synthetic loss"));
  command.Signal(SIGINT);
  EXPECT_EQ(command.AwaitExit(20s), 1);
  EXPECT_THAT(command.Output(),
              AllOf(HasSubstr("\ninterrupted\n"), HasSubstr("never: its series in Prometheus\n"),
                    HasSubstr("\nthe drill failed\n")));
  EXPECT_THAT(server_.Get("/-/drill"), HasSubstr("\"is_running\": false"));
}

TEST_F(DrillServiceTest, WhatCannotBeStartedIsStatusTwoWithTheReason) {
  const Ended ended = RunToEnd(DrillCommand({"nobody", "--loss=50%", "--for=1m"}));
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(ended.output,
            "pathwitness: the drill was not started: no target is named 'nobody' (404)\n");
}

TEST(DrillService, IsOffWithoutLifecycle) {
  Server server;
  EXPECT_THAT(server.Post(kOrder),
              AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("--web.enable-lifecycle")));
}

}  // namespace
}  // namespace pathwitness
