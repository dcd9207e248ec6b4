#include "exporter/metrics/alert_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "exporter/metrics/text_writer.h"

namespace pathwitness {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::sys_days kLastDay =
    std::chrono::year(2026) / std::chrono::January / std::chrono::day(31);
constexpr WallTime kBefore = kLastDay + std::chrono::hours(23);
constexpr WallTime kAfter = kLastDay + std::chrono::days(1);

AlertOverride Threshold() {
  return {.alert = "PathwitnessPathLossHigh",
          .tier = "critical",
          .target = "fra-to-example",
          .threshold = 0.2,
          .reason = "shared uplink",
          .owner = "build",
          .expires = kLastDay};
}

AlertOverride Disabled() {
  AlertOverride disabled = Threshold();
  disabled.threshold.reset();
  disabled.is_disabled = true;
  return disabled;
}

std::string TextOf(const AlertOverride& alert_override, WallTime now) {
  auto config = std::make_shared<Config>();
  config->alert_overrides = {alert_override};
  std::string text;
  AppendText(AlertCollector(std::move(config), now).Collect(), text);
  return text;
}

TEST(AlertCollector, ShowsAThresholdOnItsLastDay) {
  EXPECT_THAT(TextOf(Threshold(), kBefore),
              HasSubstr("pathwitness_alert_override{alert=\"PathwitnessPathLossHigh\","
                        "tier=\"critical\",target=\"fra-to-example\"} 0.2\n"));
}

TEST(AlertCollector, LeavesTheDefaultToARuleWhoseThresholdHasExpired) {
  EXPECT_THAT(TextOf(Threshold(), kAfter), Not(HasSubstr("pathwitness_alert_override{")));
}

TEST(AlertCollector, AThresholdDisablesNothing) {
  EXPECT_THAT(TextOf(Threshold(), kBefore), Not(HasSubstr("disabled_until_timestamp_seconds{")));
}

TEST(AlertCollector, ADisabledAlertIsSoUntilTheEndOfItsLastDay) {
  EXPECT_THAT(TextOf(Disabled(), kBefore),
              HasSubstr("pathwitness_alert_disabled_until_timestamp_seconds{"
                        "alert=\"PathwitnessPathLossHigh\",tier=\"critical\","
                        "target=\"fra-to-example\"} 1769904000\n"));
}

TEST(AlertCollector, ADisabledAlertIsNoThreshold) {
  EXPECT_THAT(TextOf(Disabled(), kBefore), Not(HasSubstr("pathwitness_alert_override{")));
}

TEST(AlertCollector, AnAlertIsEnabledAgainWhenTheLastDayIsOver) {
  EXPECT_THAT(TextOf(Disabled(), kAfter), Not(HasSubstr("disabled_until_timestamp_seconds{")));
}

TEST(AlertCollector, SaysWhyEvenWhenTheOverrideHasExpired) {
  const std::string info =
      "pathwitness_alert_override_info{alert=\"PathwitnessPathLossHigh\",tier=\"critical\","
      "target=\"fra-to-example\",reason=\"shared uplink\",owner=\"build\",expires=\"2026-01-31\"} "
      "1\n";
  EXPECT_THAT(TextOf(Threshold(), kBefore), HasSubstr(info));
  EXPECT_THAT(TextOf(Threshold(), kAfter), HasSubstr(info));
}

TEST(AlertCollector, AnOverrideOfTheWholeEnvironmentHasAnEmptyTarget) {
  AlertOverride everywhere = Threshold();
  everywhere.target.clear();
  EXPECT_THAT(TextOf(everywhere, kBefore), HasSubstr("tier=\"critical\",target=\"\"} 0.2\n"));
}

}  // namespace
}  // namespace pathwitness
