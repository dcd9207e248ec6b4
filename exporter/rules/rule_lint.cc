#include "exporter/rules/rule_lint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "config/values.h"
#include "exporter/metrics/metric_names.h"
#include "exporter/rules/promql.h"

namespace pathwitness {
namespace {

constexpr std::array<std::string_view, 4> kSeverities = {"critical", "warning", "info", "none"};
constexpr std::array<std::string_view, 5> kAnnotations = {"summary", "description", "runbook_url",
                                                          "dashboard_url", "missing_data"};
constexpr std::array<std::string_view, 5> kRunbookSections = {"Meaning", "Impact", "Check", "Act",
                                                              "Escalate"};
// Series of those who scrape and page, not ours to list.
constexpr std::array<std::string_view, 3> kForeign = {"up", "ALERTS", "ALERTS_FOR_STATE"};
constexpr std::array<std::string_view, 4> kForeignPrefixes = {"scrape_", "prometheus_",
                                                              "alertmanager_", "process_"};
// The one alert that is meant to fire always: its silence is the alarm.
constexpr std::string_view kAlwaysFiring = "Watchdog";

template <typename Words>
bool Contains(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

const AlertEntry* FindAlert(std::span<const AlertEntry> catalogue, std::string_view name) {
  const auto found = std::find_if(catalogue.begin(), catalogue.end(),
                                  [name](const AlertEntry& entry) { return entry.name == name; });
  return found == catalogue.end() ? nullptr : &*found;
}

std::string TextOf(const std::map<std::string, std::string>& texts, std::string_view name) {
  const auto found = texts.find(std::string(name));
  return found == texts.end() ? "" : found->second;
}

bool IsForeign(std::string_view series) {
  return Contains(kForeign, series) ||
         std::any_of(kForeignPrefixes.begin(), kForeignPrefixes.end(),
                     [series](std::string_view prefix) { return series.starts_with(prefix); });
}

// One rule's problems.
class RuleLint {
 public:
  RuleLint(const Rule& rule, std::string path, const LintFacts& facts)
      : rule_(rule), path_(std::move(path)), facts_(facts) {}

  std::vector<ConfigProblem> Problems() {
    if (rule_.is_alert) {
      CheckPlace();
      CheckLabels();
      CheckAnnotations();
    }
    CheckExpression();
    return std::move(problems_);
  }

 private:
  void Add(std::string_view key, std::string_view what) {
    problems_.push_back({.file = "",
                         .key = key.empty() ? path_ : fmt::format("{}.{}", path_, key),
                         .what = fmt::format("{}: {}", TitleOf(rule_), what)});
  }

  void Require(bool holds, std::string_view key, std::string_view what) {
    if (!holds) {
      Add(key, what);
    }
  }

  // Catalogue, runbook, tests and `for`: what is wrong with the rule as a whole is one problem.
  void CheckPlace() {
    std::vector<std::string> lacking;
    const auto runbook = facts_.runbooks.find(rule_.name);
    if (FindAlert(facts_.catalogue, rule_.name) == nullptr) {
      lacking.emplace_back("is not in config/alert_catalogue.cc; add it");
    }
    if (runbook == facts_.runbooks.end()) {
      lacking.push_back(fmt::format("has no runbook; write runbooks/{}.md", rule_.name));
    }
    if (facts_.tests) {
      const auto tests = facts_.tests->find(rule_.name);
      const AlertTests found = tests == facts_.tests->end() ? AlertTests{} : tests->second;
      if (!found.has_firing) {
        lacking.emplace_back("has no promtool test in which it fires; add one to tests/");
      }
      if (!found.has_quiet && rule_.name != kAlwaysFiring) {
        lacking.emplace_back("has no promtool test in which it stays quiet; add one to tests/");
      }
    }
    if (!rule_.hold) {
      lacking.emplace_back("has no `for`; say how long it must hold, if only 0s");
    }
    if (!lacking.empty()) {
      Add("", fmt::format("{}", fmt::join(lacking, "; ")));
    }
  }

  void CheckLabels() {
    const std::string severity = TextOf(rule_.labels, "severity");
    const AlertEntry* const entry = FindAlert(facts_.catalogue, rule_.name);
    if (!Contains(kSeverities, severity)) {
      Add("labels.severity",
          fmt::format("must be one of {}, not {}", fmt::join(kSeverities, ", "), Quote(severity)));
    } else if (entry != nullptr && !Contains(entry->tiers, severity)) {
      Add("labels.severity", fmt::format("the catalogue has no tier {} of it; it has {}",
                                         Quote(severity), fmt::join(entry->tiers, ", ")));
    }
    Require(!TextOf(rule_.labels, "team").empty(), "labels.team",
            "is required: every alert is somebody's");
    for (const auto& [name, text] : rule_.labels) {
      const bool has_value =
          text.find("$value") != std::string::npos || text.find(".Value") != std::string::npos;
      Require(!has_value, "labels." + name,
              "has a value in it, so each evaluation makes another alert; put it into an "
              "annotation");
    }
  }

  void CheckAnnotations() {
    // Its team is whose the target is.
    const bool is_of_target =
        TextOf(rule_.labels, "team").find("pathwitness_target_info") != std::string::npos;
    for (const std::string_view name : kAnnotations) {
      Require(!TextOf(rule_.annotations, name).empty(), fmt::format("annotations.{}", name),
              "is required");
    }
    Require(!is_of_target || !TextOf(rule_.annotations, "evidence_url").empty(),
            "annotations.evidence_url", "is required of an alert about a target");
    const std::string summary = TextOf(rule_.annotations, "summary");
    Require(summary.find('\n') == std::string::npos, "annotations.summary", "must be one line");
  }

  void CheckExpression() {
    std::vector<std::string> wrong;
    for (const std::string& series : SeriesIn(rule_.expr)) {
      if (!IsForeign(series) && !facts_.series.contains(series)) {
        wrong.push_back(fmt::format("nothing exports or records {}", Quote(series)));
      }
    }
    if (rule_.is_alert && rule_.name != kAlwaysFiring && !HasCondition(rule_.expr)) {
      wrong.emplace_back("compares nothing, so it fires whenever there are data");
    }
    if (rule_.is_alert && (UsesWord(rule_.expr, "topk") || UsesWord(rule_.expr, "bottomk"))) {
      wrong.emplace_back(
          "topk and bottomk choose other series at each evaluation, so `for` is "
          "never reached; compare with a threshold");
    }
    if (!wrong.empty()) {
      Add("expr", fmt::format("{}", fmt::join(wrong, "; ")));
    }
  }

  const Rule& rule_;
  std::string path_;
  const LintFacts& facts_;
  std::vector<ConfigProblem> problems_;
};

}  // namespace

std::vector<ConfigProblem> LintRules(const std::vector<RuleGroup>& groups, const LintFacts& facts) {
  std::vector<ConfigProblem> problems;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (std::size_t j = 0; j < groups[i].rules.size(); ++j) {
      RuleLint lint(groups[i].rules[j], fmt::format("groups[{}].rules[{}]", i, j), facts);
      for (ConfigProblem& problem : lint.Problems()) {
        problems.push_back(std::move(problem));
      }
    }
  }
  return problems;
}

std::vector<ConfigProblem> LintCoverage(const std::vector<RuleGroup>& groups,
                                        const LintFacts& facts) {
  std::set<std::pair<std::string_view, std::string>> there;
  for (const RuleGroup& group : groups) {
    for (const Rule& rule : group.rules) {
      there.emplace(rule.name, TextOf(rule.labels, "severity"));
    }
  }
  std::vector<ConfigProblem> problems;
  for (const AlertEntry& entry : facts.catalogue) {
    for (const std::string_view tier : entry.tiers) {
      if (!there.contains({entry.name, std::string(tier)})) {
        problems.push_back(
            {.file = "",
             .key = "",
             .what = fmt::format("no rule raises {} ({}), which config/alert_catalogue.cc lists; "
                                 "write it or take it out",
                                 entry.name, tier)});
      }
    }
  }
  return problems;
}

std::vector<std::string> LintRunbook(const std::string& text) {
  std::vector<std::string> lacking;
  const std::string lines = "\n" + text + "\n";
  for (const std::string_view section : kRunbookSections) {
    if (lines.find(fmt::format("\n## {}\n", section)) == std::string::npos) {
      lacking.push_back(fmt::format("has no section '## {}'; add it", section));
    }
  }
  return lacking;
}

std::set<std::string> ExportedSeries() {
  std::set<std::string> series;
  for (const Metric& metric : kAllMetrics) {
    const std::string name(metric.name);
    if (!name.starts_with("pathwitness_")) {
      continue;  // of the process, which others have too, or only in answers of /probe
    }
    if (metric.type != kHistogram && metric.type != kSummary) {
      series.insert(name);
      continue;
    }
    series.insert({name + "_sum", name + "_count"});
    if (metric.type == kHistogram) {
      series.insert(name + "_bucket");
    }
  }
  return series;
}

}  // namespace pathwitness
