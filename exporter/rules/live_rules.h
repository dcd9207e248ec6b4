#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "exporter/json_tree.h"
#include "exporter/rules/rule_file.h"

namespace pathwitness {

/// The rules in an answer of Prometheus' /api/v1/rules: a stranger's text, which may be anything.
/// What is not about rules (active alerts, health) is left out.
/// Source: Prometheus, "HTTP API", "Rules".
std::variant<std::vector<RuleGroup>, JsonProblem> ReadLiveRules(std::string_view json);

/// Whether Prometheus took over its configuration when it last read it, as its
/// /api/v1/status/runtimeinfo says; true when it does not say.
bool IsReloadSuccessful(std::string_view json);

}  // namespace pathwitness
