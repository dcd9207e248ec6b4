#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "config/yaml_tree.h"

namespace pathwitness {

/// How much of a stranger's text is taken.
struct JsonBounds {
  std::size_t deepest = 8;  // lists and maps in each other
  std::size_t most_values = 1'000'000;
};

/// Why a text was not taken.
struct JsonProblem {
  bool is_too_large = false;  // otherwise it is no JSON, or nested too deep
  std::string what;           // for people, completes "the document ..."
};

/// Reads JSON into the tree that YAML is read into, and gives up where a hostile text would fill
/// the memory. Numbers, true and false become text as it was written; positions are unknown.
std::variant<YamlNode, JsonProblem> ParseJson(std::string_view text, JsonBounds bounds);

}  // namespace pathwitness
