#include "config/section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace pathwitness {
namespace {

constexpr std::string_view kDefaults = "defaults";

std::string Join(std::string_view path, std::string_view key) {
  return path.empty() || key.empty() ? fmt::format("{}{}", path, key)
                                     : fmt::format("{}.{}", path, key);
}

bool IsAtOrBelow(std::string_view key, std::string_view ancestor) {
  return key.starts_with(ancestor) && (key.size() == ancestor.size() ||
                                       key[ancestor.size()] == '.' || key[ancestor.size()] == '[');
}

std::string_view Parent(std::string_view key) {
  const std::size_t end = key.find_last_of(".[");
  return key.substr(0, end == std::string_view::npos ? 0 : end);
}

// "targets[3].trace.port" to "defaults.trace.port"; empty when `key` is not a target's.
std::string InDefaults(std::string_view key) {
  const std::size_t dot = key.find("].");
  if (!key.starts_with("targets[") || dot == std::string_view::npos) {
    return "";
  }
  return Join(kDefaults, key.substr(dot + 2));
}

// Levenshtein's distance: insertions, deletions and replacements that turn `from` into `to`.
std::size_t EditDistance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string_view KindName(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::Null:
      return "nothing";
    case YamlNode::Kind::Scalar:
      return "a single value";
    case YamlNode::Kind::List:
      return "a list";
    case YamlNode::Kind::Map:
      return "a map";
  }
  return "";
}

}  // namespace

void ReadLog::AddProblem(YamlPosition at, std::string key, std::string what) {
  constexpr std::size_t kMostProblems = 100;
  if (problems_.size() == kMostProblems) {
    has_more_problems_ = true;
    return;
  }
  problems_.push_back({file_, at.line, at.column, std::move(key), std::move(what)});
}

std::vector<ConfigProblem> ReadLog::Problems() const {
  std::vector<ConfigProblem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const ConfigProblem& left, const ConfigProblem& right) {
                     return std::pair(left.line, left.column) < std::pair(right.line, right.column);
                   });
  if (has_more_problems_) {
    sorted.push_back({file_, 0, 0, "", "more problems follow; these are 100 of them"});
  }
  return sorted;
}

void ReadLog::NoteKnown(std::string_view section, std::string_view key) {
  if (known_keys_ != nullptr) {
    known_keys_->insert(Join(section, key));
  }
}

void ReadLog::Locate(ConfigProblem problem) {
  const std::string in_defaults = InDefaults(problem.key);
  if (!positions_.contains(problem.key) && positions_.contains(in_defaults)) {
    problem.key = in_defaults;
  }
  for (const ConfigProblem& known : problems_) {
    const bool is_same = known.key == problem.key && known.what == problem.what;
    if (is_same || (!problem.key.empty() && IsAtOrBelow(known.key, problem.key))) {
      return;
    }
  }
  std::string_view place = problem.key;
  while (!place.empty() && !positions_.contains(std::string(place))) {
    place = Parent(place);
  }
  const auto found = positions_.find(std::string(place));
  const YamlPosition at = found == positions_.end() ? YamlPosition{} : found->second;
  AddProblem(at, std::move(problem.key), std::move(problem.what));
}

Section::Section(const YamlNode* node, std::string path, std::string pattern, ReadLog& log)
    : node_(node), path_(std::move(path)), pattern_(std::move(pattern)), log_(log) {
  if (node_ == nullptr) {
    return;
  }
  if (!path_.empty()) {
    log_.NotePosition(path_, node_->position);
  }
  if (node_->kind != YamlNode::Kind::Map && node_->kind != YamlNode::Kind::Null) {
    log_.AddProblem(node_->position, path_,
                    fmt::format("must be a map, not {}", KindName(node_->kind)));
  }
}

void Section::Read(std::string_view key, std::string& out) {
  if (const YamlNode* node = AskScalar(key)) {
    out = node->text;
  }
}

void Section::Read(std::string_view key, bool& out) {
  const YamlNode* node = AskScalar(key);
  if (node == nullptr) {
    return;
  }
  const std::optional<bool> value = node->is_quoted ? std::nullopt : ParseBool(node->text);
  if (!value) {
    Refuse(*node, key, "true or false, without quotes");
  }
  out = value.value_or(out);
}

void Section::Read(std::string_view key, double& out) {
  const YamlNode* node = AskScalar(key);
  if (node == nullptr) {
    return;
  }
  const std::optional<double> value = node->is_quoted ? std::nullopt : ParseNumber(node->text);
  if (!value) {
    Refuse(*node, key, "a decimal number, without quotes");
  }
  out = value.value_or(out);
}

void Section::Read(std::string_view key, Duration& out) {
  const YamlNode* node = AskScalar(key);
  if (node == nullptr) {
    return;
  }
  const std::optional<Duration> value = ParseDuration(node->text);
  if (!value && ParseNumber(node->text)) {
    AddProblem(key, fmt::format("{0} has no unit; write '{1}s' or '{1}ms'", Quote(node->text),
                                node->text));
  } else if (!value) {
    Refuse(*node, key, "a duration such as '10s', '500ms' or '1h30m'");
  }
  out = value.value_or(out);
}

void Section::ReadByteSize(std::string_view key, std::uint64_t& out) {
  const YamlNode* node = AskScalar(key);
  if (node == nullptr) {
    return;
  }
  const std::optional<std::uint64_t> value = ParseByteSize(node->text);
  if (!value) {
    Refuse(*node, key, "a number of bytes such as '65536', '512KiB' or '64MiB'");
  }
  out = value.value_or(out);
}

void Section::ReadWholeNumber(std::string_view key, std::uint64_t largest, std::uint64_t& out) {
  const YamlNode* node = AskScalar(key);
  if (node == nullptr) {
    return;
  }
  const std::optional<std::uint64_t> value =
      node->is_quoted ? std::nullopt : ParseWholeNumber(node->text);
  if (!value) {
    Refuse(*node, key, "a whole number, without sign, quotes or leading zeros");
    return;
  }
  if (*value > largest) {
    Refuse(*node, key, fmt::format("at most {}", largest));
    return;
  }
  out = *value;
}

void Section::ReadTexts(std::string_view key, std::map<std::string, std::string>& out) {
  std::vector<std::pair<std::string, std::string>> texts;
  ReadTexts(key, texts);
  for (auto& [name, text] : texts) {
    out.insert_or_assign(std::move(name), std::move(text));
  }
}

void Section::ReadTexts(std::string_view key,
                        std::vector<std::pair<std::string, std::string>>& out) {
  const YamlNode* node = Ask(key);
  if (node == nullptr || node->kind == YamlNode::Kind::Null) {
    return;
  }
  if (node->kind != YamlNode::Kind::Map) {
    Refuse(*node, key, "a map of names to text");
    return;
  }
  std::set<std::string_view> names;
  for (const YamlNode::Entry& entry : node->entries) {
    names.insert(entry.key);
  }
  std::erase_if(out, [&names](const auto& text) { return names.contains(text.first); });
  for (const YamlNode::Entry& entry : node->entries) {
    const std::string path = Join(Join(path_, key), entry.key);
    log_.NotePosition(path, entry.value.position);
    if (entry.value.kind != YamlNode::Kind::Scalar) {
      log_.AddProblem(entry.position, path,
                      fmt::format("must be text, not {}", KindName(entry.value.kind)));
      continue;
    }
    out.emplace_back(entry.key, entry.value.text);
  }
}

void Section::Require(std::string_view key) {
  const YamlNode* value = IsPresent() ? node_->Find(key) : nullptr;
  const bool is_empty =
      value == nullptr || (value->kind == YamlNode::Kind::Scalar && value->text.empty());
  if (IsPresent() && is_empty) {
    AddProblem(key, "is required");
  }
}

Section Section::Sub(std::string_view key) {
  return {Ask(key), Join(path_, key), Join(pattern_, key), log_};
}

const std::vector<YamlNode>& Section::AskList(std::string_view key) {
  const YamlNode& node = *Ask(key);
  if (node.kind != YamlNode::Kind::List && node.kind != YamlNode::Kind::Null) {
    Refuse(node, key, "a list");
  }
  return node.items;
}

Section Section::Item(const YamlNode* node, std::string_view key, std::size_t index) {
  return {node, fmt::format("{}[{}]", Join(path_, key), index), Join(pattern_, key) + "[]", log_};
}

void Section::AddProblem(std::string_view key, std::string what) {
  const YamlNode* value = IsPresent() ? node_->Find(key) : nullptr;
  const YamlNode* place = value != nullptr ? value : node_;
  log_.AddProblem(place == nullptr ? YamlPosition{} : place->position, Join(path_, key),
                  std::move(what));
}

void Section::Finish() {
  if (!IsPresent()) {
    return;
  }
  for (const YamlNode::Entry& entry : node_->entries) {
    const bool is_known = std::find(asked_.begin(), asked_.end(), entry.key) != asked_.end();
    if (!is_known && entry.key != kMergeKey) {  // merge keys are reported wherever they stand
      log_.AddProblem(entry.position, path_, UnknownKey(entry.key));
    }
  }
}

const YamlNode* Section::Ask(std::string_view key) {
  asked_.push_back(key);
  if (!IsPresent()) {
    log_.NoteKnown(pattern_, key);
    return nullptr;
  }
  const YamlNode* node = node_->Find(key);
  if (node != nullptr) {
    log_.NotePosition(Join(path_, key), node->position);
  }
  return node;
}

const YamlNode* Section::AskScalar(std::string_view key) {
  const YamlNode* node = Ask(key);
  if (node == nullptr || node->kind == YamlNode::Kind::Scalar) {
    return node;
  }
  AddProblem(key, node->kind == YamlNode::Kind::Null
                      ? "has no value; give one or remove the key"
                      : fmt::format("must be a single value, not {}", KindName(node->kind)));
  return nullptr;
}

std::vector<const YamlNode*> Section::ListItems(const YamlNode& node, std::string_view key) {
  std::vector<const YamlNode*> items;
  if (node.kind == YamlNode::Kind::Scalar) {
    return {&node};
  }
  if (node.kind == YamlNode::Kind::Map) {
    Refuse(node, key, "a list");
  }
  for (const YamlNode& item : node.items) {
    if (item.kind == YamlNode::Kind::Scalar) {
      items.push_back(&item);
    } else {
      Refuse(item, key, "a list of single values");
    }
  }
  return items;
}

void Section::Refuse(const YamlNode& node, std::string_view key, std::string_view expected) {
  const std::string found =
      node.kind == YamlNode::Kind::Scalar ? Quote(node.text) : std::string(KindName(node.kind));
  log_.AddProblem(node.position, Join(path_, key),
                  fmt::format("must be {}, not {}", expected, found));
}

std::string Section::UnknownKey(std::string_view key) const {
  constexpr std::size_t kMostEdits = 2;
  constexpr std::size_t kLongestCompared = 64;
  const std::string file_key = std::string(key) + "_file";
  if (std::find(asked_.begin(), asked_.end(), file_key) != asked_.end()) {
    return fmt::format("unknown key {}; it is read from a file: give the path as '{}'", Quote(key),
                       file_key);
  }
  std::string_view nearest;
  std::size_t fewest = std::min(kMostEdits + 1, key.size());
  for (const std::string_view known : asked_) {
    const std::size_t edits = key.size() > kLongestCompared ? fewest : EditDistance(key, known);
    if (edits < fewest) {
      fewest = edits;
      nearest = known;
    }
  }
  if (!nearest.empty()) {
    return fmt::format("unknown key {}; did you mean '{}'?", Quote(key), nearest);
  }
  return fmt::format("unknown key {}; allowed: {}", Quote(key),
                     asked_.empty() ? "none" : fmt::format("{}", fmt::join(asked_, ", ")));
}

}  // namespace pathwitness
