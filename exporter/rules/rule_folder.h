#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/load.h"
#include "exporter/rules/rule_file.h"

namespace pathwitness {

/// The rules of all *.yaml files of a folder, in the order of the files' names.
///
/// Errors: ConfigError with every problem: no such folder, no file in it, broken files.
std::vector<RuleGroup> ReadRuleFolder(const std::filesystem::path& folder);

/// All that is wrong with the rules of a folder, whose runbooks stand beside it in ../runbooks and
/// promtool tests in ../tests; without a folder of tests, none are asked for. Does not throw for
/// what is wrong with the files: that is its answer.
std::vector<ConfigProblem> LintRuleFolder(const std::filesystem::path& folder);

}  // namespace pathwitness
