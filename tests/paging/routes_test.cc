#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/running_server.h"

// What alerts/alertmanager.yaml and alerts/prometheus.yaml say, asked of their own tools.
namespace pathwitness {
namespace {

using testing::HasSubstr;

constexpr const char* kConfig = PATHWITNESS_SOURCE_DIR "/alerts/alertmanager.yaml";

struct Way {
  const char* claim;
  std::vector<std::string> labels;
  const char* receivers;
};

class Routes : public testing::TestWithParam<Way> {};

TEST_P(Routes, LeadWhereTheyShould) {
  std::vector<std::string> command = {"amtool",
                                      "config",
                                      "routes",
                                      "test",
                                      std::string("--config.file=") + kConfig,
                                      std::string("--verify.receivers=") + GetParam().receivers};
  command.insert(command.end(), GetParam().labels.begin(), GetParam().labels.end());
  const Ended ended = RunToEnd(command);
  EXPECT_EQ(ended.status, 0) << ended.output;
}

INSTANTIATE_TEST_SUITE_P(
    Alertmanager, Routes,
    testing::Values(
        Way{"CriticalPages", {"alertname=PathwitnessTargetDown", "severity=critical"}, "page"},
        Way{"WarningIsATicket", {"alertname=PathwitnessTargetDown", "severity=warning"}, "ticket"},
        Way{"InfoIsChat", {"alertname=PathwitnessTargetDown", "severity=info"}, "chat"},
        Way{"NoneGoesNowhere", {"alertname=PathwitnessAlertDisabled", "severity=none"}, "nowhere"},
        Way{"AnUnknownSeverityIsSeen", {"alertname=Strange", "severity=page"}, "chat"},
        Way{"NoSeverityIsSeen", {"alertname=Strange"}, "chat"},
        Way{"TheWatchdogIsAHeartbeat", {"alertname=Watchdog", "severity=none"}, "heartbeat"},
        Way{"BrokenPagingGoesRoundPagerDuty",
            {"alertname=PathwitnessPagingBroken", "severity=critical"},
            "second-way"},
        Way{"ACriticalDrillIsADrill",
            {"alertname=PathwitnessPathLossHigh", "severity=critical", "drill=x"},
            "drill"},
        Way{"AWarningDrillIsADrill",
            {"alertname=PathwitnessPathLossHigh", "severity=warning", "drill=x"},
            "drill"},
        Way{"ADrillOfThePagerPathIsADrill",
            {"alertname=PathwitnessPagingBroken", "severity=critical", "drill=x"},
            "drill"},
        Way{"ADrillOfTheWatchdogIsADrill",
            {"alertname=Watchdog", "severity=none", "drill=x"},
            "drill"}),
    [](const auto& tested) { return tested.param.claim; });

std::string ShippedText() {
  std::ifstream file(kConfig);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What follows each `key: ` in the text, up to the end of the word.
std::vector<std::string> ValuesOf(const std::string& key) {
  const std::string text = ShippedText();
  const std::regex pattern("\\b" + key + ": +(\\w+)");
  std::vector<std::string> values;
  for (std::sregex_iterator found(text.begin(), text.end(), pattern), end; found != end; ++found) {
    values.push_back((*found)[1]);
  }
  return values;
}

std::chrono::seconds SecondsIn(const std::string& duration) {
  const int count = std::stoi(duration);
  switch (duration.back()) {
    case 's':
      return std::chrono::seconds(count);
    case 'm':
      return std::chrono::minutes(count);
    case 'h':
      return std::chrono::hours(count);
    case 'd':
      return std::chrono::hours(24 * count);
    default:
      throw std::invalid_argument(duration);
  }
}

// The second Alertmanager waits for peer_timeout before it sends what the first one should have
// sent. What it then sends is as old; were the first one's next round over by then, the page would
// come back after its end.
TEST(AlertmanagerFile, NoGroupIsFlushedAgainBeforeTheLastReplicaHasHadItsTurn) {
  constexpr std::chrono::seconds kPeerTimeout(15);  // --cluster.peer-timeout's default
  constexpr int kReplicas = 2;                      // of alerts/prometheus.yaml
  const std::vector<std::string> intervals = ValuesOf("group_interval");
  ASSERT_FALSE(intervals.empty());
  for (const std::string& interval : intervals) {
    EXPECT_GT(SecondsIn(interval), kPeerTimeout * (kReplicas - 1)) << interval;
  }
}

TEST(AlertmanagerFile, OnlyTheHeartbeatDoesNotTellOfTheEnd) {
  const std::vector<std::string> told = ValuesOf("send_resolved");
  EXPECT_EQ(std::ranges::count(told, "false"), 1);
  // One for each way out: PagerDuty, chat, the second way, the heartbeat and two exporters' drills.
  EXPECT_EQ(told.size(), 6U);
}

TEST(AlertmanagerFile, HoldsNoSecret) {
  EXPECT_THAT(ValuesOf("routing_key"), testing::IsEmpty());
  EXPECT_THAT(ValuesOf("api_url"), testing::IsEmpty());
}

TEST(AlertmanagerFile, IsAccepted) {
  const Ended ended = RunToEnd({"amtool", "check-config", kConfig});
  EXPECT_EQ(ended.status, 0) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("1 templates"));
}

TEST(PrometheusFile, IsAcceptedWithItsRules) {
  const Ended ended =
      RunToEnd({"promtool", "check", "config", PATHWITNESS_SOURCE_DIR "/alerts/prometheus.yaml"});
  EXPECT_EQ(ended.status, 0) << ended.output;
}

}  // namespace
}  // namespace pathwitness
