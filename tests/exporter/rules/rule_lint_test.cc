#include "exporter/rules/rule_lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>

#include "exporter/rules/rule_folder.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr auto kRunbook = "# A\n\n## Meaning\n\n## Impact\n\n## Check\n\n## Act\n\n## Escalate\n";

const std::vector<AlertEntry> kCatalogue = {{"Watchdog", {"none"}},
                                            {"PathwitnessA", {"warning", "critical"}}};

LintFacts Facts() {
  return {.catalogue = kCatalogue,
          .series = {"pathwitness_targets"},
          .runbooks = {{"PathwitnessA", kRunbook}},
          .tests = {{{"PathwitnessA", {.has_firing = true, .has_quiet = true}}}}};
}

Rule GoodAlert() {
  return {.is_alert = true,
          .name = "PathwitnessA",
          .expr = "pathwitness_targets > 5",
          .hold = std::chrono::minutes(2),
          .labels = {{"severity", "warning"}, {"team", "monitoring"}},
          .annotations = {{"summary", "s"},
                          {"description", "d"},
                          {"runbook_url", "r"},
                          {"dashboard_url", "b"},
                          {"missing_data", "fires"}}};
}

/// What is wrong with a good alert after `change`, as "key: what".
std::vector<std::string> Wrong(const std::function<void(Rule&)>& change,
                               const LintFacts& facts = Facts()) {
  Rule rule = GoodAlert();
  change(rule);
  std::vector<std::string> lines;
  for (const ConfigProblem& problem : LintRules({{.name = "g", .rules = {rule}}}, facts)) {
    lines.push_back(problem.key + ": " + problem.what);
  }
  return lines;
}

TEST(RuleLint, AGoodAlertHasNoProblem) {
  EXPECT_THAT(Wrong([](Rule&) {}), IsEmpty());
}

TEST(RuleLint, TheSeverityIsOneOfFour) {
  EXPECT_THAT(Wrong([](Rule& rule) { rule.labels["severity"] = "page"; }),
              ElementsAre("groups[0].rules[0].labels.severity: alert PathwitnessA (page): must be "
                          "one of critical, warning, info, none, not 'page'"));
}

TEST(RuleLint, TheSeverityIsATierOfTheCatalogue) {
  EXPECT_THAT(Wrong([](Rule& rule) { rule.labels["severity"] = "info"; }),
              ElementsAre(HasSubstr("has no tier 'info' of it; it has warning, critical")));
}

TEST(RuleLint, EveryAlertHasATeam) {
  EXPECT_THAT(Wrong([](Rule& rule) { rule.labels.erase("team"); }),
              ElementsAre(StartsWith("groups[0].rules[0].labels.team:")));
}

TEST(RuleLint, EveryAlertHasItsAnnotations) {
  for (const auto& [name, text] : GoodAlert().annotations) {
    EXPECT_THAT(Wrong([&name = name](Rule& rule) { rule.annotations.erase(name); }),
                ElementsAre(StartsWith("groups[0].rules[0].annotations." + name + ":")));
  }
}

TEST(RuleLint, AnAlertAboutATargetHasEvidence) {
  EXPECT_THAT(
      Wrong([](Rule& rule) { rule.labels["team"] = "{{ query \"pathwitness_target_info\" }}"; }),
      ElementsAre(StartsWith("groups[0].rules[0].annotations.evidence_url:")));
}

TEST(RuleLint, ASummaryIsOneLine) {
  EXPECT_THAT(Wrong([](Rule& rule) { rule.annotations["summary"] = "a\nb"; }),
              ElementsAre(HasSubstr("must be one line")));
}

TEST(RuleLint, AValueInALabelMakesNewAlertsAllTheTime) {
  EXPECT_THAT(Wrong([](Rule& rule) { rule.labels["loss"] = "{{ $value }}"; }),
              ElementsAre(StartsWith("groups[0].rules[0].labels.loss:")));
}

TEST(RuleLint, AnAlertSaysHowLongItMustHold) {
  EXPECT_THAT(Wrong([](Rule& rule) { rule.hold.reset(); }), ElementsAre(HasSubstr("has no `for`")));
}

TEST(RuleLint, AnAlertComparesSomething) {
  EXPECT_THAT(Wrong([](Rule& rule) { rule.expr = "pathwitness_targets"; }),
              ElementsAre(HasSubstr("compares nothing")));
}

TEST(RuleLint, TopkIsNoCondition) {
  EXPECT_THAT(Wrong([](Rule& rule) { rule.expr = "topk(1, pathwitness_targets) > 5"; }),
              ElementsAre(HasSubstr("topk")));
}

TEST(RuleLint, EverySeriesExists) {
  EXPECT_THAT(Wrong([](Rule& rule) { rule.expr = "pathwitness_target > 5"; }),
              ElementsAre("groups[0].rules[0].expr: alert PathwitnessA (warning): nothing exports "
                          "or records 'pathwitness_target'"));
}

TEST(RuleLint, SeriesOfPrometheusAndAlertmanagerAreKnown) {
  EXPECT_THAT(Wrong([](Rule& rule) {
                rule.expr = "up == 0 or ALERTS > 0 or prometheus_x > 0 or alertmanager_y > 0";
              }),
              IsEmpty());
}

TEST(RuleLint, AnAlertHasARunbookAndTestsAndAPlaceInTheCatalogue) {
  LintFacts facts = Facts();
  facts.catalogue = {};
  facts.runbooks.clear();
  facts.tests->clear();
  EXPECT_THAT(
      Wrong([](Rule&) {}, facts),
      ElementsAre(AllOf(HasSubstr("config/alert_catalogue.cc; add it"),
                        HasSubstr("write runbooks/PathwitnessA.md"), HasSubstr("in which it fires"),
                        HasSubstr("in which it stays quiet"))));
}

TEST(RuleLint, WithoutFilesOfTestsNoneAreAskedFor) {
  LintFacts facts = Facts();
  facts.tests.reset();
  EXPECT_THAT(Wrong([](Rule&) {}, facts), IsEmpty());
}

TEST(RuleLint, ARunbookHasFiveSections) {
  EXPECT_THAT(LintRunbook(kRunbook), IsEmpty());
  EXPECT_THAT(LintRunbook("# A\n## Meaning\n## Impact\n## Check\n## Act\n"),
              ElementsAre("has no section '## Escalate'; add it"));
}

TEST(RuleLint, ACataloguedTierWithoutARuleIsAProblem) {
  Rule watchdog = GoodAlert();
  watchdog.name = "Watchdog";
  watchdog.labels["severity"] = "none";
  const auto problems = LintCoverage({{.name = "g", .rules = {GoodAlert(), watchdog}}}, Facts());
  ASSERT_THAT(problems, testing::SizeIs(1));
  EXPECT_THAT(problems[0].what, StartsWith("no rule raises PathwitnessA (critical)"));
}

TEST(ExportedSeries, AHistogramHasThree) {
  const std::set<std::string> series = ExportedSeries();
  EXPECT_THAT(series, Contains("pathwitness_path_rtt_seconds_bucket"));
  EXPECT_THAT(series, Contains("pathwitness_path_hop_rtt_seconds_sum"));
  EXPECT_THAT(series, testing::Not(Contains("pathwitness_path_rtt_seconds")));
  EXPECT_THAT(series, testing::Not(Contains("probe_success")));
}

// --- a folder -----------------------------------------------------------------------------------

std::vector<std::string> LinesOf(const std::vector<ConfigProblem>& problems,
                                 const TestFolder& folder) {
  std::vector<std::string> lines;
  for (const ConfigProblem& problem : problems) {
    lines.push_back(problem.ToString().substr(folder.Path().string().size() + 1));
  }
  return lines;
}

TEST(RuleFolder, ProblemsOfAllFilesComeAtOnceWithTheirPlaces) {
  const TestFolder folder;
  folder.Write("rules/a.yaml", "groups:\n- name: g\n  rules:\n  - record: x\n    expr: nowhere\n");
  folder.Write("rules/b.yaml", "groups: [\n");
  folder.Write("rules/c.yaml", "groups:\n- name: h\n  rules:\n  - record: y\n    expr: x + gone\n");
  folder.Write("runbooks/PathwitnessAbsent.md", "# x\n## Meaning\n## Impact\n## Check\n## Act\n");
  const auto lines = LinesOf(LintRuleFolder(folder.Path() / "rules"), folder);
  EXPECT_THAT(lines, Contains(StartsWith("rules/a.yaml:5:11: groups[0].rules[0].expr: record x: "
                                         "nothing exports or records 'nowhere'")));
  EXPECT_THAT(lines, Contains(StartsWith("rules/b.yaml:")));
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("rules/c.yaml:5:11:"), HasSubstr("'gone'"),
                                    testing::Not(HasSubstr("'x'")))));
  EXPECT_THAT(lines,
              Contains("runbooks/PathwitnessAbsent.md: has no section '## Escalate'; add it"));
  EXPECT_THAT(lines, Contains(StartsWith("rules: no rule raises PathwitnessAbsent (critical)")));
}

TEST(RuleFolder, TheShippedOneHasNoProblem) {
  std::string lines;
  for (const ConfigProblem& problem : LintRuleFolder(PATHWITNESS_SOURCE_DIR "/alerts/rules")) {
    lines += problem.ToString() + "\n";
  }
  EXPECT_EQ(lines, "");
}

TEST(RuleFolder, AFolderWithoutRulesIsNoFolderOfRules) {
  const TestFolder folder;
  EXPECT_THROW(ReadRuleFolder(folder.Path()), ConfigError);
  EXPECT_THROW(ReadRuleFolder(folder.Path() / "none"), ConfigError);
}

TEST(RuleFolder, TestsAreFoundInWhatPromtoolReads) {
  const TestFolder folder;
  folder.Write("rules/a.yaml",
               "groups:\n- name: g\n  rules:\n  - alert: PathwitnessAbsent\n    expr: up == 0\n");
  folder.Write("tests/a.yaml",
               "tests:\n- alert_rule_test:\n  - {eval_time: 1m, alertname: PathwitnessAbsent}\n");
  const auto lines = LinesOf(LintRuleFolder(folder.Path() / "rules"), folder);
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("rules/a.yaml:4:5:"), HasSubstr("in which it fires"),
                                    testing::Not(HasSubstr("stays quiet")))));
}

}  // namespace
}  // namespace pathwitness
