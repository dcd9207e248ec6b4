#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/load.h"
#include "config/shown_text.h"
#include "config/values.h"
#include "config/yaml_tree.h"

namespace pathwitness {

/// Takes the entries of another map in YAML 1.1; refused here, since few agree on what wins.
inline constexpr std::string_view kMergeKey = "<<";

/// What reading documents leaves behind beside the configuration: the problems, where each key
/// stands, and every value with its origin.
class ReadLog {
 public:
  /// `file` is the one that positions call 0. The keys that absent sections are asked for go to
  /// `known_keys` if it is given.
  explicit ReadLog(std::string file, std::set<std::string>* known_keys = nullptr)
      : files_({std::move(file)}), known_keys_(known_keys) {}

  /// Makes another file known and returns what positions are to call it.
  std::size_t AddFile(std::string file);

  void AddProblem(YamlPosition at, std::string key, std::string what);
  void NotePosition(const std::string& key, YamlPosition at) { positions_.emplace(key, at); }

  /// `text` is YAML. Without `at` the value is built-in.
  void NoteValue(std::string key, std::string text, std::optional<YamlPosition> at);
  std::vector<ShownValue> TakeValues() { return std::move(values_); }
  void NoteKnown(std::string_view section, std::string_view key);

  /// Adds a problem of a whole configuration at the place where its key, or what encloses it, is
  /// written. A target's value that came from `defaults` is reported there, once. Says nothing
  /// where reading already failed: the value checked is not the one written.
  void Locate(ConfigProblem problem);

  /// In the order of their places, those without a place first; 100 at most, and a last one that
  /// says so when there are more.
  std::vector<ConfigProblem> Problems() const;

 private:
  struct Found {
    YamlPosition at;
    ConfigProblem problem;
  };

  std::vector<std::string> files_;
  std::set<std::string>* known_keys_;
  std::vector<Found> problems_;
  std::vector<ShownValue> values_;
  bool has_more_problems_ = false;
  std::map<std::string, YamlPosition> positions_;
};

/// A reader's view of one map in the document: asked for each key once, it converts what is there,
/// leaves alone what is not, and at Finish reports the keys that nobody asked for.
///
/// A section that is absent from the document can be read like any other, and yields nothing.
/// What is read is noted with its origin; outside of lists also what is built in.
class Section {
 public:
  /// `node` may be null: absent. `pattern` is `path` without the positions in lists.
  Section(const YamlNode* node, std::string path, std::string pattern, ReadLog& log);

  bool IsPresent() const { return node_ != nullptr; }
  bool Has(std::string_view key) const { return IsPresent() && node_->Find(key) != nullptr; }

  void Read(std::string_view key, std::string& out);
  void Read(std::string_view key, bool& out);
  void Read(std::string_view key, double& out);
  void Read(std::string_view key, Duration& out);
  void ReadDay(std::string_view key, std::chrono::sys_days& out);
  void ReadByteSize(std::string_view key, std::uint64_t& out);

  template <std::unsigned_integral Integer>
  void Read(std::string_view key, Integer& out) {
    std::uint64_t number = out;
    ReadWholeNumber(key, std::numeric_limits<Integer>::max(), number);
    out = static_cast<Integer>(number);
  }

  /// Replaces `out` by the list, whose elements `parse` reads; a single value stands for a list of
  /// one. `expected` completes "must be ...".
  template <typename Value, typename Parse>
  void ReadList(std::string_view key, std::vector<Value>& out, std::string_view expected,
                Parse parse) {
    const YamlNode* node = Ask(key);
    NoteList(key, node, out);
    if (node == nullptr) {
      return;
    }
    out.clear();
    for (const YamlNode* item : ListItems(*node, key)) {
      const std::optional<Value> value = parse(item->text);
      if (value) {
        out.push_back(*value);
      } else {
        Refuse(*item, key, expected);
      }
    }
  }

  /// Lays the map's entries over those of `out`.
  void ReadTexts(std::string_view key, std::map<std::string, std::string>& out);
  void ReadTexts(std::string_view key, std::vector<std::pair<std::string, std::string>>& out);

  /// Reports a key that is absent or an empty text.
  void Require(std::string_view key);

  Section Sub(std::string_view key);

  /// Replaces `out` by the list, whose maps `read` turns into values; each section is finished.
  template <typename Value, typename ReadItem>
  void ReadMaps(std::string_view key, std::vector<Value>& out, ReadItem read) {
    NoteIfEmpty(key, "[]");
    if (!Has(key)) {
      Ask(key);
      Section absent = Item(nullptr, key, 0);
      read(absent);  // for the keys that it asks for
      return;
    }
    out.clear();
    const std::vector<YamlNode>& items = AskList(key);
    out.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      Section item = Item(&items[i], key, i);
      out.push_back(read(item));
      item.Finish();
    }
  }

  /// An empty key stands for the section itself.
  void AddProblem(std::string_view key, std::string what);

  /// Reports unknown keys.
  void Finish();

 private:
  // Lists that are built in have numbers or nothing in them.
  template <typename Value>
  void NoteList(std::string_view key, const YamlNode* node, const std::vector<Value>& built_in) {
    std::vector<std::string> texts;
    if constexpr (std::is_same_v<Value, double>) {
      for (const double value : built_in) {
        texts.push_back(FormatNumber(value));
      }
    }
    NoteTexts(key, node, std::move(texts));
  }

  void NoteTexts(std::string_view key, const YamlNode* node, std::vector<std::string> built_in);
  void NoteIfEmpty(std::string_view key, std::string text);
  void Note(std::string_view key, const YamlNode* node, std::string text);
  const YamlNode* Ask(std::string_view key);
  const YamlNode* AskScalar(std::string_view key);
  void ReadWholeNumber(std::string_view key, std::uint64_t largest, std::uint64_t& out);
  const std::vector<YamlNode>& AskList(std::string_view key);
  Section Item(const YamlNode* node, std::string_view key, std::size_t index);
  std::vector<const YamlNode*> ListItems(const YamlNode& node, std::string_view key);
  void Refuse(const YamlNode& node, std::string_view key, std::string_view expected);
  std::string UnknownKey(std::string_view key) const;

  const YamlNode* node_;
  std::string path_;
  std::string pattern_;
  bool is_in_list_;
  ReadLog& log_;
  std::vector<std::string_view> asked_;
};

}  // namespace pathwitness
