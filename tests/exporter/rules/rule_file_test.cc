#include "exporter/rules/rule_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace pathwitness {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

std::vector<std::string> ProblemsIn(std::string_view text) {
  ReadLog log("r.yaml");
  ReadRuleFile(text, "r.yaml", log);
  std::vector<std::string> lines;
  for (const ConfigProblem& problem : log.Problems()) {
    lines.push_back(problem.ToString());
  }
  return lines;
}

TEST(RuleFile, SaysWhatItSays) {
  ReadLog log("r.yaml");
  const auto groups = ReadRuleFile(R"(
groups:
  - name: g
    interval: 30s
    rules:
      - record: a:b
        expr: |
          sum(x)
            > 1
      - alert: A
        expr: a:b > 2
        for: 2m
        keep_firing_for: 5m
        labels: {severity: info}
        annotations: {summary: "s {{ $value }}"}
)",
                                   "r.yaml", log);
  EXPECT_THAT(log.Problems(), IsEmpty());
  ASSERT_THAT(groups, SizeIs(1));
  EXPECT_EQ(groups[0].name, "g");
  EXPECT_EQ(groups[0].interval, seconds(30));
  ASSERT_THAT(groups[0].rules, SizeIs(2));
  EXPECT_FALSE(groups[0].rules[0].is_alert);
  EXPECT_EQ(groups[0].rules[0].hold, std::nullopt);
  const Rule& alert = groups[0].rules[1];
  EXPECT_EQ(TitleOf(alert), "alert A (info)");
  EXPECT_EQ(alert.hold, minutes(2));
  EXPECT_EQ(alert.keep_firing_for, minutes(5));
  EXPECT_THAT(alert.annotations, ElementsAre(Pair("summary", "s {{ $value }}")));
}

TEST(RuleFile, AMisspeltKeyIsAProblemAtItsPlace) {
  EXPECT_THAT(
      ProblemsIn("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: x > 1\n    fro: 1m\n"),
      ElementsAre("r.yaml:6:5: groups[0].rules[0]: unknown key 'fro'; did you mean 'for'?"));
}

TEST(RuleFile, ARuleIsAnAlertOrARecord) {
  EXPECT_THAT(ProblemsIn("groups: [{name: g, rules: [{expr: x}]}]"),
              ElementsAre(testing::HasSubstr("needs exactly one of 'alert' and 'record'")));
  EXPECT_THAT(ProblemsIn("groups: [{name: g, rules: [{expr: x, alert: a, record: b}]}]"),
              ElementsAre(testing::HasSubstr("needs exactly one of 'alert' and 'record'")));
}

TEST(RuleFile, ARuleWithoutExpressionIsAProblem) {
  EXPECT_THAT(ProblemsIn("groups: [{name: g, rules: [{record: b}]}]"),
              ElementsAre("r.yaml:1:28: groups[0].rules[0].expr: is required"));
}

}  // namespace
}  // namespace pathwitness
