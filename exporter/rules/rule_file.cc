#include "exporter/rules/rule_file.h"

#include <fmt/format.h>

#include <utility>

#include "config/document.h"

namespace pathwitness {
namespace {

Rule ReadRule(Section& section) {
  Rule rule;
  std::string alert;
  std::string record;
  section.Read("alert", alert);
  section.Read("record", record);
  section.Read("expr", rule.expr);
  section.Require("expr");
  Duration hold{};
  section.Read("for", hold);
  section.Read("keep_firing_for", rule.keep_firing_for);
  section.ReadTexts("labels", rule.labels);
  section.ReadTexts("annotations", rule.annotations);
  if (section.IsPresent() && alert.empty() == record.empty()) {
    section.AddProblem("", "needs exactly one of 'alert' and 'record'");
  }
  rule.is_alert = !alert.empty();
  rule.name = rule.is_alert ? std::move(alert) : std::move(record);
  rule.hold = section.Has("for") ? std::optional(hold) : std::nullopt;
  return rule;
}

RuleGroup ReadGroup(Section& section) {
  RuleGroup group;
  section.Read("name", group.name);
  section.Require("name");
  Duration interval{};
  section.Read("interval", interval);
  group.interval = section.Has("interval") ? std::optional(interval) : std::nullopt;
  unsigned limit = 0;
  section.Read("limit", limit);
  section.ReadMaps("rules", group.rules, ReadRule);
  return group;
}

}  // namespace

std::vector<RuleGroup> ReadRuleFile(std::string_view text, const std::string& file, ReadLog& log) {
  const YamlNode root = ReadDocument(text, file, 0, log);
  Section section(&root, "", "", log);
  std::vector<RuleGroup> groups;
  section.ReadMaps("groups", groups, ReadGroup);
  section.Finish();
  return groups;
}

std::string TitleOf(const Rule& rule) {
  std::string marks;
  for (const std::string_view label : {"severity", "alert", "tier"}) {
    const auto found = rule.labels.find(std::string(label));
    if (found != rule.labels.end()) {
      marks += (marks.empty() ? "" : ", ") + found->second;
    }
  }
  return fmt::format("{} {}{}", rule.is_alert ? "alert" : "record", rule.name,
                     marks.empty() ? "" : " (" + marks + ")");
}

}  // namespace pathwitness
