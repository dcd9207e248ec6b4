#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pathwitness {

/// Where something is written; line and column count from 1.
struct YamlPosition {
  int line = 0;
  int column = 0;
  std::size_t file = 0;  // which of the files that are read together, from 0

  bool operator==(const YamlPosition&) const = default;
};

/// One value of a YAML document as it was written: nothing is converted, the order of keys and
/// their duplicates are kept, so that readers can be strict about all of it.
struct YamlNode {
  enum class Kind : std::uint8_t { Null, Scalar, List, Map };
  struct Entry;

  Kind kind = Kind::Null;
  bool is_quoted = false;  // Scalar
  YamlPosition position;
  std::string text;             // Scalar
  std::vector<YamlNode> items;  // List
  std::vector<Entry> entries;   // Map

  /// The value of the first entry of that name; null when there is none or this is no map.
  const YamlNode* Find(std::string_view key) const;
};

struct YamlNode::Entry {
  std::string key;
  YamlPosition position;
  YamlNode value;
};

/// Reads one document; an empty one is a Null. Aliases become copies of what they stand for, at
/// the position of the original. `file_index` goes into all positions.
///
/// Errors: ConfigError naming `file`: broken YAML, a second document, tags, keys that are not text,
/// nesting deeper than 32, more than a million values (copies counted), a collection in brackets
/// longer than 1 MiB.
YamlNode ParseYaml(std::string_view text, const std::string& file, std::size_t file_index = 0);

/// As it is called in messages: "a map".
std::string_view KindName(YamlNode::Kind kind);

}  // namespace pathwitness
