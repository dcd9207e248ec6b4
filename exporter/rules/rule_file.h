#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/section.h"
#include "probes/base/time.h"

namespace pathwitness {

/// One alert or one recorded series, as a rule file or a Prometheus says it.
struct Rule {
  bool is_alert = false;  // otherwise its result is recorded
  std::string name;       // of the alert, or of the recorded series
  std::string expr;
  std::optional<Duration> hold;  // `for`; absent: not written, which means 0
  Duration keep_firing_for{};
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
};

/// Rules that are evaluated one after the other.
struct RuleGroup {
  std::string name;
  std::optional<Duration> interval;  // absent: Prometheus' own
  std::vector<Rule> rules;
};

/// Reads a rule file of Prometheus, strictly: a key that Prometheus does not know is a problem.
/// What is wrong goes to `log`, which then knows where each key stands, as in
/// "groups[0].rules[3].labels.team". `file` is the one that `log` was made with.
///
/// Errors: ConfigError when it is no text or no YAML.
/// Source: Prometheus, "Recording rules", syntax of rule files.
std::vector<RuleGroup> ReadRuleFile(std::string_view text, const std::string& file, ReadLog& log);

/// How people tell it from the others of its group: `alert PathwitnessX (critical)`.
std::string TitleOf(const Rule& rule);

}  // namespace pathwitness
