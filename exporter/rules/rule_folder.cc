#include "exporter/rules/rule_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

#include "config/alert_catalogue.h"
#include "config/config_files.h"
#include "config/yaml_tree.h"
#include "exporter/rules/rule_lint.h"

namespace pathwitness {
namespace {

namespace fs = std::filesystem;

ConfigProblem AboutFile(const fs::path& file, std::string what) {
  return {.file = file.string(), .key = "", .what = std::move(what)};
}

void Append(std::vector<ConfigProblem> more, std::vector<ConfigProblem>& problems) {
  std::move(more.begin(), more.end(), std::back_inserter(problems));
}

// Sorted. Empty when there is no such folder.
std::vector<fs::path> FilesWith(const fs::path& folder, const std::string& extension) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == extension) {
      files.push_back(entry->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// A file of rules as far as it could be read.
struct ReadFile {
  std::vector<RuleGroup> groups;
  ReadLog log;
};

// What could not be read at all goes to `problems`, the rest to the files' logs.
std::vector<ReadFile> ReadAll(const fs::path& folder, std::vector<ConfigProblem>& problems) {
  std::vector<ReadFile> files;
  const std::vector<fs::path> paths = FilesWith(folder, ".yaml");
  if (paths.empty()) {
    problems.push_back(AboutFile(folder, "has no rules: a folder with *.yaml files is wanted"));
  }
  for (const fs::path& path : paths) {
    ReadFile file{.groups = {}, .log = ReadLog(path.string())};
    try {
      file.groups = ReadRuleFile(ReadConfigFile(path), path.string(), file.log);
      files.push_back(std::move(file));
    } catch (const ConfigError& error) {
      Append(error.Problems(), problems);
    }
  }
  return files;
}

std::vector<RuleGroup> GroupsOf(const std::vector<ReadFile>& files) {
  std::vector<RuleGroup> groups;
  for (const ReadFile& file : files) {
    groups.insert(groups.end(), file.groups.begin(), file.groups.end());
  }
  return groups;
}

std::map<std::string, std::string> ReadRunbooks(const fs::path& folder,
                                                std::vector<ConfigProblem>& problems) {
  std::map<std::string, std::string> runbooks;
  for (const fs::path& path : FilesWith(folder, ".md")) {
    try {
      const auto [entry, is_new] = runbooks.emplace(path.stem().string(), ReadConfigFile(path));
      for (std::string& lacking : LintRunbook(entry->second)) {
        problems.push_back(AboutFile(path, std::move(lacking)));
      }
    } catch (const ConfigError& error) {
      Append(error.Problems(), problems);
    }
  }
  return runbooks;
}

// The list under `key`; empty when there is none.
const std::vector<YamlNode>& ListUnder(const YamlNode& node, std::string_view key) {
  static const std::vector<YamlNode> kNone;
  const YamlNode* const found = node.Find(key);
  return found == nullptr ? kNone : found->items;
}

void NoteTests(const YamlNode& root, std::map<std::string, AlertTests>& tests) {
  for (const YamlNode& test : ListUnder(root, "tests")) {
    for (const YamlNode& moment : ListUnder(test, "alert_rule_test")) {
      const YamlNode* const name = moment.Find("alertname");
      if (name != nullptr) {
        AlertTests& found = tests[name->text];
        (ListUnder(moment, "exp_alerts").empty() ? found.has_quiet : found.has_firing) = true;
      }
    }
  }
}

std::optional<std::map<std::string, AlertTests>> ReadTests(const fs::path& folder,
                                                           std::vector<ConfigProblem>& problems) {
  if (!fs::is_directory(folder)) {
    return std::nullopt;
  }
  std::map<std::string, AlertTests> tests;
  for (const fs::path& path : FilesWith(folder, ".yaml")) {
    try {
      NoteTests(ParseYaml(ReadConfigFile(path), path.string()), tests);
    } catch (const ConfigError& error) {
      Append(error.Problems(), problems);
    }
  }
  return tests;
}

LintFacts GatherFacts(const fs::path& folder, const std::vector<RuleGroup>& groups,
                      std::vector<ConfigProblem>& problems) {
  const fs::path beside = fs::absolute(folder).lexically_normal() / "..";
  LintFacts facts{.catalogue = AlertCatalogue(),
                  .series = ExportedSeries(),
                  .runbooks = ReadRunbooks((beside / "runbooks").lexically_normal(), problems),
                  .tests = ReadTests((beside / "tests").lexically_normal(), problems)};
  for (const RuleGroup& group : groups) {
    for (const Rule& rule : group.rules) {
      if (!rule.is_alert) {
        facts.series.insert(rule.name);
      }
    }
  }
  return facts;
}

}  // namespace

std::vector<RuleGroup> ReadRuleFolder(const fs::path& folder) {
  std::vector<ConfigProblem> problems;
  const std::vector<ReadFile> files = ReadAll(folder, problems);
  for (const ReadFile& file : files) {
    Append(file.log.Problems(), problems);
  }
  if (!problems.empty()) {
    throw ConfigError(std::move(problems));
  }
  return GroupsOf(files);
}

std::vector<ConfigProblem> LintRuleFolder(const fs::path& folder) {
  std::vector<ConfigProblem> problems;
  std::vector<ReadFile> files = ReadAll(folder, problems);
  const std::vector<RuleGroup> all = GroupsOf(files);
  const LintFacts facts = GatherFacts(folder, all, problems);
  for (ReadFile& file : files) {
    for (ConfigProblem& problem : LintRules(file.groups, facts)) {
      file.log.Locate(std::move(problem));
    }
    Append(file.log.Problems(), problems);
  }
  for (ConfigProblem& problem : LintCoverage(all, facts)) {
    problem.file = folder.string();
    problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace pathwitness
