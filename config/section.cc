#include "config/section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>
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

}  // namespace

void ReadLog::AddProblem(YamlPosition at, std::string key, std::string what) {
  constexpr std::size_t kMostProblems = 100;
  if (problems_.size() == kMostProblems) {
    has_more_problems_ = true;
    return;
  }
  problems_.push_back(
      {at, {files_.at(at.file), at.line, at.column, std::move(key), std::move(what)}});
}

std::size_t ReadLog::AddFile(std::string file) {
  files_.push_back(std::move(file));
  return files_.size() - 1;
}

void ReadLog::NoteValue(std::string key, std::string text, std::optional<YamlPosition> at) {
  Origin origin = at ? Origin{files_.at(at->file), at->line} : Origin{};
  values_.push_back({std::move(key), std::move(text), std::move(origin)});
}

std::vector<ConfigProblem> ReadLog::Problems() const {
  std::vector<Found> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Found& left, const Found& right) {
    return std::tuple(left.at.file, left.at.line, left.at.column) <
           std::tuple(right.at.file, right.at.line, right.at.column);
  });
  std::vector<ConfigProblem> problems;
  problems.reserve(sorted.size() + 1);
  for (Found& found : sorted) {
    problems.push_back(std::move(found.problem));
  }
  if (has_more_problems_) {
    problems.push_back({files_.front(), 0, 0, "", "more problems follow; these are 100 of them"});
  }
  return problems;
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
  for (const Found& known : problems_) {
    const bool is_same = known.problem.key == problem.key && known.problem.what == problem.what;
    if (is_same || (!problem.key.empty() && IsAtOrBelow(known.problem.key, problem.key))) {
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
    : node_(node),
      path_(std::move(path)),
      pattern_(std::move(pattern)),
      is_in_list_(pattern_.find("[]") != std::string::npos),
      log_(log) {
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
  const YamlNode* node = AskScalar(key);
  if (node != nullptr) {
    out = node->text;
  }
  Note(key, node, ToYaml(MaskUrl(out)));
}

void Section::Read(std::string_view key, bool& out) {
  const YamlNode* node = AskScalar(key);
  if (node == nullptr) {
    Note(key, node, out ? "true" : "false");
    return;
  }
  const std::optional<bool> value = node->is_quoted ? std::nullopt : ParseBool(node->text);
  if (!value) {
    Refuse(*node, key, "true or false, without quotes");
  }
  out = value.value_or(out);
  Note(key, node, out ? "true" : "false");
}

void Section::Read(std::string_view key, double& out) {
  const YamlNode* node = AskScalar(key);
  if (node == nullptr) {
    Note(key, node, FormatNumber(out));
    return;
  }
  const std::optional<double> value = node->is_quoted ? std::nullopt : ParseNumber(node->text);
  if (!value) {
    Refuse(*node, key, "a decimal number, without quotes");
  }
  out = value.value_or(out);
  Note(key, node, FormatNumber(out));
}

void Section::Read(std::string_view key, Duration& out) {
  const YamlNode* node = AskScalar(key);
  if (node == nullptr) {
    Note(key, node, FormatDuration(out));
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
  Note(key, node, FormatDuration(out));
}

void Section::ReadDay(std::string_view key, std::chrono::sys_days& out) {
  const YamlNode* node = AskScalar(key);
  if (node == nullptr) {
    return;
  }
  const std::optional<std::chrono::sys_days> value = ParseDay(node->text);
  if (!value) {
    Refuse(*node, key, "a day such as 2027-01-31");
  }
  out = value.value_or(out);
  Note(key, node, FormatDay(out));
}

void Section::ReadByteSize(std::string_view key, std::uint64_t& out) {
  const YamlNode* node = AskScalar(key);
  if (node == nullptr) {
    Note(key, node, FormatByteSize(out));
    return;
  }
  const std::optional<std::uint64_t> value = ParseByteSize(node->text);
  if (!value) {
    Refuse(*node, key, "a number of bytes such as '65536', '512KiB' or '64MiB'");
  }
  out = value.value_or(out);
  Note(key, node, FormatByteSize(out));
}

void Section::ReadWholeNumber(std::string_view key, std::uint64_t largest, std::uint64_t& out) {
  const YamlNode* node = AskScalar(key);
  if (node == nullptr) {
    Note(key, node, std::to_string(out));
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
  Note(key, node, std::to_string(out));
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
  NoteIfEmpty(key, "{}");
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
    log_.NoteValue(path, ToYaml(MaskEntry(entry.key, entry.value.text)), entry.value.position);
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
  if (node_->entries.empty() && is_in_list_) {
    log_.NoteValue(path_, "{}", node_->position);
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
  const std::string file_key = std::string(key) + "_file";
  if (std::find(asked_.begin(), asked_.end(), file_key) != asked_.end()) {
    return fmt::format("unknown key {}; it is read from a file: give the path as '{}'", Quote(key),
                       file_key);
  }
  return fmt::format("unknown key {}; {}", Quote(key), Suggest(key, asked_));
}

void Section::Note(std::string_view key, const YamlNode* node, std::string text) {
  if (node != nullptr) {
    log_.NoteValue(Join(path_, key), std::move(text), node->position);
  } else if (!is_in_list_) {
    log_.NoteValue(Join(path_, key), std::move(text), std::nullopt);
  }
}

void Section::NoteTexts(std::string_view key, const YamlNode* node,
                        std::vector<std::string> built_in) {
  std::vector<std::string> texts = std::move(built_in);
  if (node != nullptr) {
    texts.clear();
    for (const YamlNode& item : node->items) {
      texts.push_back(ToYaml(item.text));
    }
    if (node->kind == YamlNode::Kind::Scalar) {
      texts.push_back(ToYaml(node->text));
    }
  }
  Note(key, node, fmt::format("[{}]", fmt::join(texts, ", ")));
}

void Section::NoteIfEmpty(std::string_view key, std::string text) {
  const YamlNode* node = IsPresent() ? node_->Find(key) : nullptr;
  if (node == nullptr || (node->items.empty() && node->entries.empty())) {
    Note(key, node, std::move(text));
  }
}

}  // namespace pathwitness
