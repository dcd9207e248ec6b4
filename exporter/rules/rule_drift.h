#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exporter/rules/rule_file.h"

namespace pathwitness {

enum class DriftKind : std::uint8_t {
  Missing,  // shipped, and not run
  Extra,    // run, and not shipped
  Differs,
};

/// What two sides say about one thing, as text; empty: nothing.
struct FieldDrift {
  std::string field;  // "expr", "for", "keep_firing_for", "interval", "order", "labels.x", ...
  std::string shipped;
  std::string live;

  bool operator==(const FieldDrift&) const = default;
};

/// One rule, or one group as a whole, that is not as it was shipped.
struct RuleDrift {
  DriftKind kind = DriftKind::Differs;
  std::string group;
  std::string rule;                // as TitleOf; empty: the group itself
  std::vector<FieldDrift> fields;  // Differs: not empty; Extra: its expression; else empty

  bool operator==(const RuleDrift&) const = default;
};

/// How the rules that a Prometheus runs differ from the shipped ones; empty: not at all.
///
/// Expressions are compared without white space and comments. Groups that are not shipped are
/// others' business, but for rules that have our names or read our series: somebody made them by
/// hand. Groups of one name count as one.
std::vector<RuleDrift> CompareRules(const std::vector<RuleGroup>& shipped,
                                    const std::vector<RuleGroup>& live);

/// For people: by group, `-` for what is shipped and `+` for what runs. Empty when there is none.
std::string DriftText(const std::vector<RuleDrift>& drifts);

}  // namespace pathwitness
