#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "config/alert_catalogue.h"
#include "config/load.h"

namespace pathwitness {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;
using ::testing::HasSubstr;

constexpr sys_days kToday = std::chrono::year(2026) / std::chrono::November / 21;

Config Parse(const std::string& overrides, WallTime now = kToday) {
  return ParseConfig("targets: [{name: a, pulse: {push: {}}}]\nalert_overrides:\n" + overrides, "f",
                     now);
}

std::string ErrorOf(const std::string& overrides) {
  try {
    Parse(overrides);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(AlertOverrides, AThresholdIsReadWithAllThatIsSaidAboutIt) {
  const Config config = Parse(
      "- {alert: PathwitnessPathLossHigh, tier: critical, target: a, threshold: 0.2, reason: r,"
      " owner: o, expires: 2027-01-31}");
  AlertOverride expected;
  expected.alert = "PathwitnessPathLossHigh";
  expected.tier = "critical";
  expected.target = "a";
  expected.threshold = 0.2;
  expected.reason = "r";
  expected.owner = "o";
  expected.expires = std::chrono::year(2027) / std::chrono::January / 31;
  EXPECT_THAT(config.alert_overrides, ::testing::ElementsAre(expected));
}

TEST(AlertOverrides, DisabledWithoutATierIsAboutAllOfThem) {
  const Config config = Parse(
      "- {alert: PathwitnessRttHigh, disabled: true, reason: r, owner: o, expires: 2027-01-31}");
  EXPECT_TRUE(config.alert_overrides.at(0).is_disabled);
  EXPECT_EQ(config.alert_overrides.at(0).tier, "");
}

TEST(AlertOverrides, HoldUntilTheEndOfTheirDay) {
  AlertOverride item;
  item.expires = kToday;
  EXPECT_TRUE(IsInForce(item, kToday + days(1) - seconds(1)));
  EXPECT_FALSE(IsInForce(item, kToday + days(1)));
}

TEST(AlertOverrides, ExpiredOnesStayInTheConfiguration) {
  const Config config = Parse(
      "- {alert: PathwitnessRttHigh, disabled: true, reason: r, owner: o, expires: 2020-01-31}");
  ASSERT_EQ(config.alert_overrides.size(), 1U);
  EXPECT_FALSE(IsInForce(config.alert_overrides[0], kToday));
}

TEST(AlertOverrides, DisabledForMoreThanNinetyDaysIsAnError) {
  const std::string start =
      "- {alert: PathwitnessRttHigh, disabled: true, reason: r, owner: o, expires: ";
  EXPECT_EQ(ErrorOf(start + "2027-02-19}"), "");
  EXPECT_THAT(ErrorOf(start + "2027-02-20}"),
              HasSubstr("alert_overrides[0].expires: an alert may be disabled for 90 days at most, "
                        "so until 2027-02-19, not 2027-02-20"));
}

TEST(AlertOverrides, AThresholdMayHoldForLonger) {
  EXPECT_EQ(ErrorOf("- {alert: PathwitnessRttHigh, tier: warning, threshold: 1, reason: r,"
                    " owner: o, expires: 2030-01-01}"),
            "");
}

TEST(AlertOverrides, ATargetThatMayStillBeDiscoveredIsAccepted) {
  EXPECT_EQ(ErrorOf("- {alert: PathwitnessRttHigh, tier: warning, target: later, threshold: 1,"
                    " reason: r, owner: o, expires: 2027-01-01}\n"
                    "discovery: {target_files: [sd/*.json]}"),
            "");
}

TEST(AlertOverrides, DifferentTiersOfOneAlertAreNoDuplicates) {
  const std::string rest = ", threshold: 1, reason: r, owner: o, expires: 2027-01-01}\n";
  EXPECT_EQ(ErrorOf("- {alert: PathwitnessRttHigh, tier: warning" + rest +
                    "- {alert: PathwitnessRttHigh, tier: info" + rest),
            "");
}

TEST(AlertCatalogue, IsSortedWithoutDuplicatesAndEveryAlertHasATier) {
  std::string_view last;
  for (const AlertEntry& entry : AlertCatalogue()) {
    EXPECT_LT(last, entry.name);
    EXPECT_FALSE(entry.tiers.empty()) << entry.name;
    last = entry.name;
  }
}

TEST(AlertCatalogue, TiersAreSeverities) {
  for (const AlertEntry& entry : AlertCatalogue()) {
    for (const std::string_view tier : entry.tiers) {
      EXPECT_TRUE(tier == "none" || tier == "info" || tier == "warning" || tier == "critical")
          << entry.name << ' ' << tier;
    }
  }
}

}  // namespace
}  // namespace pathwitness
