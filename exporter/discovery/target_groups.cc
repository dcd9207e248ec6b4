#include "exporter/discovery/target_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "config/load.h"
#include "config/values.h"
#include "config/yaml_tree.h"
#include "exporter/json_tree.h"

namespace pathwitness {
namespace {

constexpr std::size_t kMostTargets = 100'000;
constexpr std::size_t kMostLabelBytes = 64U << 20U;
constexpr std::size_t kDeepest = 8;  // a document of target groups needs 4
constexpr std::size_t kMostValues = 1'000'000;

// Problems leave the nested readers as an exception, which goes no further than ReadTargetGroups.
struct Unusable {
  DocumentProblem problem;
};

[[noreturn]] void Fail(std::string what) {
  throw Unusable{{.is_too_large = false, .what = std::move(what)}};
}

[[noreturn]] void FailTooLarge(std::string what) {
  throw Unusable{{.is_too_large = true, .what = std::move(what)}};
}

std::string At(const YamlNode& node) {
  return node.position.line > 0 ? fmt::format(" (line {})", node.position.line) : "";
}

// YAML is not used for JSON: it refuses tabs, and halves of a character in \u escapes. Line numbers
// are unknown.
YamlNode ReadJson(std::string_view text) {
  auto read = ParseJson(text, {.deepest = kDeepest, .most_values = kMostValues});
  if (auto* const problem = std::get_if<JsonProblem>(&read)) {
    throw Unusable{{.is_too_large = problem->is_too_large, .what = std::move(problem->what)}};
  }
  return std::get<YamlNode>(std::move(read));
}

YamlNode Parse(std::string_view text, DocumentFormat format) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    Fail("is empty; no targets are written as []");
  }
  if (format == DocumentFormat::Json) {
    return ReadJson(text);
  }
  try {
    return ParseYaml(text, "");
  } catch (const ConfigError& error) {
    const ConfigProblem& first = error.Problems().front();
    Fail(fmt::format("{} (line {})", first.what, first.line));
  }
}

std::vector<TargetEntry> ReadTargets(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::List) {
    Fail("targets must be a list of texts" + At(node));
  }
  std::vector<TargetEntry> targets;
  targets.reserve(node.items.size());
  for (const YamlNode& item : node.items) {
    if (item.kind != YamlNode::Kind::Scalar || item.text.empty()) {
      Fail("a target must be a text such as 'host:port'" + At(item));
    }
    targets.push_back({.text = item.text, .line = item.position.line});
  }
  return targets;
}

std::map<std::string, std::string> ReadLabels(const YamlNode& node) {
  std::map<std::string, std::string> labels;
  if (node.kind == YamlNode::Kind::Null) {
    return labels;
  }
  if (node.kind != YamlNode::Kind::Map) {
    Fail("labels must be a map of texts" + At(node));
  }
  for (const YamlNode::Entry& entry : node.entries) {
    if (entry.value.kind != YamlNode::Kind::Scalar) {
      Fail(fmt::format("the label {} must be a text{}", Quote(entry.key), At(entry.value)));
    }
    if (!labels.emplace(entry.key, entry.value.text).second) {
      Fail(fmt::format("the label {} is given twice{}", Quote(entry.key), At(entry.value)));
    }
  }
  return labels;
}

TargetGroup ReadGroup(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::Map) {
    Fail("a group must be a map of targets and labels" + At(node));
  }
  TargetGroup group;
  bool has_targets = false;
  for (const YamlNode::Entry& entry : node.entries) {
    if (entry.key == "targets") {
      group.targets = ReadTargets(entry.value);
      has_targets = true;
    } else if (entry.key == "labels") {
      group.labels = ReadLabels(entry.value);
    } else if (entry.key != "source") {  // Prometheus' own name for a group; of no meaning here
      Fail(fmt::format("{} is no key of a group; it has targets and labels{}", Quote(entry.key),
                       At(entry.value)));
    }
  }
  if (!has_targets) {
    Fail("a group has no targets" + At(node));
  }
  return group;
}

std::size_t LabelBytes(const TargetGroup& group) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : group.labels) {
    bytes += name.size() + value.size();
  }
  return bytes * group.targets.size();
}

TargetGroups ReadGroups(const YamlNode& root) {
  if (root.kind != YamlNode::Kind::List) {
    Fail("must be a list of groups");
  }
  TargetGroups groups;
  std::size_t targets = 0;
  std::size_t label_bytes = 0;
  for (const YamlNode& item : root.items) {
    groups.push_back(ReadGroup(item));
    targets += groups.back().targets.size();
    label_bytes += LabelBytes(groups.back());
    if (targets > kMostTargets || label_bytes > kMostLabelBytes) {
      FailTooLarge(fmt::format("names more than {} targets, or has labels of more than 64 MiB",
                               kMostTargets));
    }
  }
  return groups;
}

}  // namespace

std::size_t CountTargets(const TargetGroups& groups) {
  std::size_t count = 0;
  for (const TargetGroup& group : groups) {
    count += group.targets.size();
  }
  return count;
}

std::variant<TargetGroups, DocumentProblem> ReadTargetGroups(std::string_view text,
                                                             DocumentFormat format) {
  try {
    return ReadGroups(Parse(text, format));
  } catch (const Unusable& unusable) {
    return unusable.problem;
  }
}

}  // namespace pathwitness
