#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "config/alert_catalogue.h"
#include "config/load.h"
#include "exporter/rules/rule_file.h"

namespace pathwitness {

/// What the promtool tests say about one alert.
struct AlertTests {
  bool has_firing = false;
  bool has_quiet = false;
};

/// What rules are held against.
struct LintFacts {
  std::span<const AlertEntry> catalogue;
  std::set<std::string> series;                            // that exist or are recorded
  std::map<std::string, std::string> runbooks;             // text, by alert
  std::optional<std::map<std::string, AlertTests>> tests;  // by alert; absent: there are no files
};

/// What is wrong with the rules of one file, all of it, with a remedy each. Keys are those of
/// ReadRuleFile, at most one problem for each; an enclosing key comes first.
std::vector<ConfigProblem> LintRules(const std::vector<RuleGroup>& groups, const LintFacts& facts);

/// What the rules of all files together lack: a catalogued alert or tier without a rule.
std::vector<ConfigProblem> LintCoverage(const std::vector<RuleGroup>& groups,
                                        const LintFacts& facts);

/// What a runbook lacks, one a line; empty: nothing.
std::vector<std::string> LintRunbook(const std::string& text);

/// Every series that the exporter can expose, with the parts of histograms and summaries.
std::set<std::string> ExportedSeries();

}  // namespace pathwitness
