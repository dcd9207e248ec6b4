#include "exporter/cli/drill_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

DrillSight Critical(const std::string& state, const std::vector<std::string>& receivers = {}) {
  return {.alert = "LossHigh", .severity = "critical", .state = state, .receivers = receivers};
}

DrillAtExporter Exported(const std::vector<DrillSight>& notices = {}) {
  return {.id = "d-1", .is_running = true, .probes = 100, .lost = 30, .notices = notices};
}

DrillGoals WholeWay() {
  return {.with_prometheus = true, .with_alertmanager = true};
}

void SeeWholeWay(DrillReport& report) {
  report.See(Exported(), seconds(2));
  report.See(DrillAtPrometheus{.is_scraped = true, .alerts = {Critical("firing")}}, seconds(60));
  report.See(std::vector{Critical("active", {"drill"})}, seconds(61));
  report.See(Exported({Critical("firing", {"drill"})}), milliseconds(90'500));
}

TEST(DrillReport, WithoutServersTheSyntheticLossIsAllThatIsAskedFor) {
  DrillReport report({});
  report.See(DrillAtExporter{.id = "d-1", .is_running = true, .notices = {}}, seconds(1));
  EXPECT_FALSE(report.IsSuccess());
  report.See(Exported(), seconds(2));
  EXPECT_TRUE(report.IsSuccess());
}

TEST(DrillReport, WhatIsNewIsALineOnce) {
  DrillReport report(WholeWay());
  EXPECT_THAT(report.See(DrillAtPrometheus{.is_scraped = true, .alerts = {Critical("pending")}},
                         seconds(15)),
              ElementsAre("   15.0 s  prometheus    series are scraped",
                          "   15.0 s  prometheus    LossHigh (critical) pending"));
  EXPECT_THAT(report.See(DrillAtPrometheus{.is_scraped = true, .alerts = {Critical("firing")}},
                         seconds(60)),
              ElementsAre("   60.0 s  prometheus    LossHigh (critical) firing"));
  EXPECT_THAT(report.See(DrillAtPrometheus{.is_scraped = true, .alerts = {Critical("firing")}},
                         seconds(61)),
              IsEmpty());
}

TEST(DrillReport, APageAtTheDrillReceiverIsSuccess) {
  DrillReport report(WholeWay());
  SeeWholeWay(report);
  EXPECT_TRUE(report.IsSuccess());
  EXPECT_THAT(report.Summary(), ElementsAre("the drill succeeded: a critical page at receiver "
                                            "drill after 90.5 s"));
}

TEST(DrillReport, AnAlertThatNeverReachedItsReceiverIsFailureAndNamed) {
  DrillReport report(WholeWay());
  report.See(Exported(), seconds(2));
  report.See(DrillAtPrometheus{.is_scraped = true, .alerts = {Critical("firing")}}, seconds(60));
  EXPECT_FALSE(report.HasArrived());
  EXPECT_THAT(report.Summary(),
              ElementsAre("never: a critical alert in Alertmanager",
                          "never: a critical page at receiver drill", "the drill failed"));
}

TEST(DrillReport, AMilderAlertIsNoPage) {
  DrillReport report(WholeWay());
  DrillSight warning = Critical("firing", {"drill"});
  warning.severity = "warning";
  report.See(Exported({warning}), seconds(60));
  EXPECT_THAT(report.Summary(), Contains("never: a critical page at receiver drill"));
}

TEST(DrillReport, WhatGoesToAnotherReceiverIsFailureThoughAllArrived) {
  DrillReport report(WholeWay());
  SeeWholeWay(report);
  report.See(std::vector{Critical("active", {"drill", "page"})}, seconds(62));
  EXPECT_TRUE(report.HasStrayed());
  EXPECT_FALSE(report.IsSuccess());
  EXPECT_THAT(report.Summary(), Contains("astray: LossHigh (critical) went to receiver page"));
}

TEST(DrillReport, TheEndIsWaitedForWhenItIsAskedFor) {
  DrillGoals goals = WholeWay();
  goals.until_resolved = true;
  DrillReport report(goals);
  SeeWholeWay(report);
  EXPECT_TRUE(report.HasArrived());
  EXPECT_FALSE(report.IsComplete());
  report.See(Exported({Critical("firing", {"drill"}), Critical("resolved", {"drill"})}),
             seconds(300));
  EXPECT_TRUE(report.IsSuccess());
  EXPECT_THAT(report.Summary(), Contains(HasSubstr("the end of the critical alert after 300.0 s")));
}

TEST(DrillReport, WithoutAlertmanagerTheEndIsThatNothingFiresAnyMore) {
  DrillReport report({.with_prometheus = true, .until_resolved = true});
  report.See(Exported(), seconds(2));
  report.See(DrillAtPrometheus{.is_scraped = true, .alerts = {}}, seconds(10));
  EXPECT_FALSE(report.IsComplete()) << "it has not even begun";
  report.See(DrillAtPrometheus{.is_scraped = true, .alerts = {Critical("firing")}}, seconds(60));
  report.See(DrillAtPrometheus{}, seconds(120));
  EXPECT_TRUE(report.IsSuccess());
}

}  // namespace
}  // namespace pathwitness
