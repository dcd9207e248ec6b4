#include "exporter/rules/rule_drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace pathwitness {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Rule Alert(const std::string& name, const std::string& expr, const std::string& severity) {
  return {.is_alert = true,
          .name = name,
          .expr = expr,
          .hold = minutes(2),
          .labels = {{"severity", severity}}};
}

Rule Record(const std::string& name, const std::string& expr) {
  return {.is_alert = false, .name = name, .expr = expr};
}

std::vector<RuleGroup> Shipped() {
  return {{.name = "pathwitness.path",
           .interval = seconds(30),
           .rules = {Record("pathwitness:loss", "pathwitness_lost / pathwitness_sent"),
                     Alert("PathwitnessLoss", "pathwitness:loss > 0.05", "warning"),
                     Alert("PathwitnessLoss", "pathwitness:loss > 0.25", "critical")}}};
}

TEST(RuleDrift, TheSameRulesDoNotDiffer) {
  EXPECT_THAT(CompareRules(Shipped(), Shipped()), IsEmpty());
  EXPECT_EQ(DriftText({}), "");
}

TEST(RuleDrift, AThresholdChangedByHandIsShown) {
  auto live = Shipped();
  live[0].rules[1].expr = "pathwitness:loss > 0.5";
  live[0].rules[1].hold = minutes(20);
  const auto drifts = CompareRules(Shipped(), live);
  EXPECT_THAT(drifts,
              ElementsAre(RuleDrift{DriftKind::Differs,
                                    "pathwitness.path",
                                    "alert PathwitnessLoss (warning)",
                                    {{"expr", "pathwitness:loss > 0.05", "pathwitness:loss > 0.5"},
                                     {"for", "2m", "20m"}}}));
  EXPECT_EQ(DriftText(drifts),
            "group pathwitness.path\n"
            "  differs: alert PathwitnessLoss (warning)\n"
            "    expr\n"
            "      - pathwitness:loss > 0.05\n"
            "      + pathwitness:loss > 0.5\n"
            "    for\n"
            "      - 2m\n"
            "      + 20m\n");
}

TEST(RuleDrift, AMissingRuleIsShown) {
  auto live = Shipped();
  live[0].rules.pop_back();
  EXPECT_EQ(DriftText(CompareRules(Shipped(), live)),
            "group pathwitness.path\n  missing: alert PathwitnessLoss (critical)\n");
}

TEST(RuleDrift, AnAddedRuleIsShown) {
  auto live = Shipped();
  live[0].rules.push_back(Alert("MyOwn", "up == 0", "critical"));
  EXPECT_EQ(DriftText(CompareRules(Shipped(), live)),
            "group pathwitness.path\n  not shipped: alert MyOwn (critical)\n    expr\n"
            "      + up == 0\n");
}

TEST(RuleDrift, AMissingGroupMissesAllItsRules) {
  EXPECT_THAT(CompareRules(Shipped(), {}), SizeIs(3));
}

TEST(RuleDrift, AnotherSeverityIsADifferenceAndNoOtherRule) {
  auto live = Shipped();
  live[0].rules[2].labels["severity"] = "info";
  EXPECT_THAT(CompareRules(Shipped(), live),
              ElementsAre(RuleDrift{DriftKind::Differs,
                                    "pathwitness.path",
                                    "alert PathwitnessLoss (critical)",
                                    {{"labels.severity", "critical", "info"}}}));
}

TEST(RuleDrift, AnnotationsAndKeepFiringForCount) {
  auto live = Shipped();
  live[0].rules[1].annotations["runbook_url"] = "x";
  live[0].rules[1].keep_firing_for = minutes(5);
  EXPECT_THAT(CompareRules(Shipped(), live),
              ElementsAre(RuleDrift{
                  DriftKind::Differs,
                  "pathwitness.path",
                  "alert PathwitnessLoss (warning)",
                  {{"keep_firing_for", "0s", "5m"}, {"annotations.runbook_url", "", "x"}}}));
}

TEST(RuleDrift, AnotherIntervalOrOrderIsTheGroups) {
  auto live = Shipped();
  live[0].interval = minutes(1);
  std::swap(live[0].rules[0], live[0].rules[2]);
  const auto drifts = CompareRules(Shipped(), live);
  ASSERT_THAT(drifts, SizeIs(1));
  EXPECT_EQ(drifts[0].rule, "");
  ASSERT_THAT(drifts[0].fields, SizeIs(2));
  EXPECT_EQ(drifts[0].fields[0], (FieldDrift{"interval", "30s", "1m"}));
  EXPECT_EQ(drifts[0].fields[1].field, "order");
}

TEST(RuleDrift, AGroupWithoutIntervalHasPrometheusOwn) {
  auto shipped = Shipped();
  shipped[0].interval.reset();
  EXPECT_THAT(CompareRules(shipped, Shipped()), IsEmpty());
}

TEST(RuleDrift, WhatOthersDoIsNoDrift) {
  auto live = Shipped();
  live.push_back(
      {.name = "node", .rules = {Alert("NodeDown", "up{job=\"node\"} == 0", "warning")}});
  EXPECT_THAT(CompareRules(Shipped(), live), IsEmpty());
}

TEST(RuleDrift, ARuleMadeByHandOnOurSeriesIsDrift) {
  auto live = Shipped();
  live.push_back(
      {.name = "mine", .rules = {Alert("Mine", "rate(pathwitness_lost[1m]) > 0", "warning")}});
  EXPECT_THAT(DriftText(CompareRules(Shipped(), live)),
              testing::StartsWith("group mine\n  not shipped: alert Mine (warning)\n"));
}

TEST(RuleDrift, ASecondCopyOfTheRulesIsDrift) {
  auto live = Shipped();
  live.push_back(Shipped()[0]);
  EXPECT_THAT(CompareRules(Shipped(), live), SizeIs(3));
}

TEST(RuleDrift, OfALongExpressionOnlyTheChangedPlaceIsPrinted) {
  std::string expr = "pathwitness_a";
  for (int i = 0; i < 100; ++i) {
    expr += " or pathwitness_" + std::to_string(i);
  }
  auto shipped = Shipped();
  shipped[0].rules[0].expr = expr + " > 0.05 or " + expr;
  auto live = shipped;
  live[0].rules[0].expr = expr + " > 0.5 or " + expr;
  const std::string text = DriftText(CompareRules(shipped, live));
  EXPECT_THAT(text, testing::HasSubstr("> 0.05 or"));
  EXPECT_THAT(text, testing::HasSubstr("> 0.5 or"));
  EXPECT_LT(text.size(), 500U);
}

}  // namespace
}  // namespace pathwitness
