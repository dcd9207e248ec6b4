#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pathwitness {

inline constexpr std::size_t kDeepestYaml = 32;

/// What makes a text too costly to hand to the YAML parser, and where.
struct YamlExcess {
  int line = 0;
  int column = 0;
  std::string what;
};

/// The first collection in brackets that is nested deeper than kDeepestYaml or longer than 1 MiB.
/// The parser holds all of such a collection in memory, 200 times its size, before it says a word.
///
/// One pass without memory. It knows quotes, comments and block text well enough to tell brackets
/// from text; where it is wrong about broken YAML, the parser has its say afterwards.
std::optional<YamlExcess> FindYamlExcess(std::string_view text);

}  // namespace pathwitness
