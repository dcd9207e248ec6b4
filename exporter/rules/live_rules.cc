#include "exporter/rules/live_rules.h"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "config/values.h"

namespace pathwitness {
namespace {

constexpr JsonBounds kBounds{.deepest = 16, .most_values = 1'000'000};
constexpr std::size_t kMostRules = 10'000;
constexpr double kLongest = 100.0 * 366 * 86400;  // seconds

// Problems leave the nested readers as an exception, which goes no further than ReadLiveRules.
struct Unusable {
  JsonProblem problem;
};

[[noreturn]] void Fail(std::string what) {
  throw Unusable{{.is_too_large = false, .what = std::move(what)}};
}

const YamlNode& Child(const YamlNode& node, std::string_view key, YamlNode::Kind kind) {
  const YamlNode* const found = node.Find(key);
  if (found == nullptr || found->kind != kind) {
    Fail(fmt::format("has no {} that is {}", Quote(key), KindName(kind)));
  }
  return *found;
}

const std::string& TextUnder(const YamlNode& node, std::string_view key) {
  return Child(node, key, YamlNode::Kind::Scalar).text;
}

// Of a number of seconds; absent when there is none, as in versions that do not know it.
std::optional<Duration> DurationUnder(const YamlNode& node, std::string_view key) {
  const YamlNode* const found = node.Find(key);
  if (found == nullptr) {
    return std::nullopt;
  }
  const std::optional<double> seconds = ParseNumber(found->text);
  if (!seconds || *seconds < 0 || *seconds > kLongest) {
    Fail(fmt::format("says that {} is {}, which is no number of seconds", Quote(key),
                     Quote(found->text)));
  }
  // Milliseconds are all that rule files can say.
  return std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(*seconds));
}

std::map<std::string, std::string> TextsUnder(const YamlNode& node, std::string_view key) {
  std::map<std::string, std::string> texts;
  const YamlNode* const found = node.Find(key);
  if (found == nullptr) {
    return texts;  // Prometheus leaves an empty map out
  }
  for (const YamlNode::Entry& entry : found->entries) {
    texts.insert_or_assign(entry.key, entry.value.text);
  }
  return texts;
}

Rule ReadRule(const YamlNode& node) {
  return {.is_alert = TextUnder(node, "type") == "alerting",
          .name = TextUnder(node, "name"),
          .expr = TextUnder(node, "query"),
          .hold = DurationUnder(node, "duration"),
          .keep_firing_for = DurationUnder(node, "keepFiringFor").value_or(Duration::zero()),
          .labels = TextsUnder(node, "labels"),
          .annotations = TextsUnder(node, "annotations")};
}

RuleGroup ReadGroup(const YamlNode& node) {
  RuleGroup group{
      .name = TextUnder(node, "name"), .interval = DurationUnder(node, "interval"), .rules = {}};
  for (const YamlNode& rule : Child(node, "rules", YamlNode::Kind::List).items) {
    group.rules.push_back(ReadRule(rule));
  }
  return group;
}

std::vector<RuleGroup> ReadGroups(const YamlNode& root) {
  const YamlNode& data = Child(root, "data", YamlNode::Kind::Map);
  std::vector<RuleGroup> groups;
  std::size_t rules = 0;
  for (const YamlNode& group : Child(data, "groups", YamlNode::Kind::List).items) {
    groups.push_back(ReadGroup(group));
    rules += groups.back().rules.size();
    if (rules > kMostRules) {
      throw Unusable{
          {.is_too_large = true, .what = fmt::format("has more than {} rules", kMostRules)}};
    }
  }
  return groups;
}

}  // namespace

std::variant<std::vector<RuleGroup>, JsonProblem> ReadLiveRules(std::string_view json) {
  auto read = ParseJson(json, kBounds);
  if (auto* const problem = std::get_if<JsonProblem>(&read)) {
    return std::move(*problem);
  }
  try {
    return ReadGroups(std::get<YamlNode>(read));
  } catch (Unusable& unusable) {
    return std::move(unusable.problem);
  }
}

bool IsReloadSuccessful(std::string_view json) {
  const auto read = ParseJson(json, kBounds);
  const auto* const root = std::get_if<YamlNode>(&read);
  const YamlNode* const data = root == nullptr ? nullptr : root->Find("data");
  const YamlNode* const answer = data == nullptr ? nullptr : data->Find("reloadConfigSuccess");
  return answer == nullptr || answer->text != "false";
}

}  // namespace pathwitness
