#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// PromQL as far as it can be understood without its grammar: words, strings, numbers and signs.
namespace pathwitness {

enum class PromqlKind : std::uint8_t { Word, String, Number, Range, Sign };

struct PromqlToken {
  PromqlKind kind = PromqlKind::Sign;
  std::string_view text;  // of the expression; strings with their quotes, ranges with "[" and "]"

  bool operator==(const PromqlToken&) const = default;
};

/// Never fails: a sign that PromQL does not have is a Sign, a string without its end goes to the
/// end of the text. Comments are left out.
std::vector<PromqlToken> TokensOf(std::string_view expression);

/// Whether two expressions are the same but for white space and comments.
bool IsSameExpression(std::string_view left, std::string_view right);

/// The series that an expression asks for by name.
std::set<std::string> SeriesIn(std::string_view expression);

/// Whether some results are left out by what they are: a comparison (without `bool`), absent() or
/// `unless`. An alert without any of these fires always.
bool HasCondition(std::string_view expression);

/// Whether `word` stands in the expression outside of label matchers.
bool UsesWord(std::string_view expression, std::string_view word);

}  // namespace pathwitness
