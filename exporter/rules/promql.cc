#include "exporter/rules/promql.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace pathwitness {
namespace {

constexpr std::array<std::string_view, 6> kBeforeLabels = {"by",       "without",    "on",
                                                           "ignoring", "group_left", "group_right"};
// Words that are no series; functions are told by the parenthesis that follows.
constexpr std::array<std::string_view, 24> kReserved = {
    "and",    "or",    "unless",       "atan2",   "bool",     "offset", "inf",   "nan",
    "start",  "end",   "sum",          "min",     "max",      "avg",    "group", "stddev",
    "stdvar", "count", "count_values", "bottomk", "quantile", "topk",   "Inf",   "NaN"};
constexpr std::array<std::string_view, 6> kComparisons = {"==", "!=", "<=", ">=", "<", ">"};

template <std::size_t kSize>
bool IsOneOf(const std::array<std::string_view, kSize>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool StartsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}
bool ContinuesWord(char c) {
  return StartsWord(c) || IsDigit(c);
}

// The lengths of what stands at the beginning of `rest`, which is not empty.

template <typename Predicate>
std::size_t LengthOf(std::string_view rest, Predicate is_part) {
  const auto* const end = std::find_if_not(rest.begin(), rest.end(), is_part);
  return static_cast<std::size_t>(end - rest.begin());
}

std::size_t StringLength(std::string_view rest) {
  const char quote = rest.front();
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == quote) {
      return i + 1;
    }
    i += rest[i] == '\\' && quote != '`' ? 1U : 0U;
  }
  return rest.size();
}

// "1", ".5", "1e-3", "0x1f", "1h30m".
std::size_t NumberLength(std::string_view rest) {
  std::size_t length = LengthOf(rest, [](char c) { return ContinuesWord(c) || c == '.'; });
  const bool has_sign = length + 1 < rest.size() && (rest[length] == '+' || rest[length] == '-') &&
                        IsDigit(rest[length + 1]);
  const bool has_exponent = rest[length - 1] == 'e' || rest[length - 1] == 'E';
  if (has_sign && has_exponent && !rest.starts_with("0x")) {
    length += 1 + LengthOf(rest.substr(length + 1), IsDigit);
  }
  return length;
}

std::size_t RangeLength(std::string_view rest) {
  const std::size_t end = rest.find(']');
  return end == std::string_view::npos ? rest.size() : end + 1;
}

std::size_t SignLength(std::string_view rest) {
  const std::string_view two = rest.substr(0, 2);
  return IsOneOf(kComparisons, two) || two == "=~" || two == "!~" ? two.size() : 1;
}

PromqlToken TokenAt(std::string_view rest) {
  const char first = rest.front();
  if (first == '"' || first == '\'' || first == '`') {
    return {PromqlKind::String, rest.substr(0, StringLength(rest))};
  }
  if (StartsWord(first)) {
    return {PromqlKind::Word, rest.substr(0, LengthOf(rest, ContinuesWord))};
  }
  if (IsDigit(first) || (first == '.' && rest.size() > 1 && IsDigit(rest[1]))) {
    return {PromqlKind::Number, rest.substr(0, NumberLength(rest))};
  }
  if (first == '[') {
    return {PromqlKind::Range, rest.substr(0, RangeLength(rest))};
  }
  return {PromqlKind::Sign, rest.substr(0, SignLength(rest))};
}

// The index behind the sign that closes what `tokens[at]` opens.
std::size_t BehindClosing(const std::vector<PromqlToken>& tokens, std::size_t at,
                          std::string_view closing) {
  while (at < tokens.size() && tokens[at].text != closing) {
    ++at;
  }
  return std::min(at + 1, tokens.size());
}

// What stands outside of label matchers and of lists of labels.
std::vector<PromqlToken> WithoutLabels(const std::vector<PromqlToken>& tokens) {
  std::vector<PromqlToken> kept;
  for (std::size_t i = 0; i < tokens.size();) {
    if (tokens[i].text == "{") {
      i = BehindClosing(tokens, i, "}");
      continue;
    }
    const bool has_list = tokens[i].kind == PromqlKind::Word &&
                          IsOneOf(kBeforeLabels, tokens[i].text) && i + 1 < tokens.size() &&
                          tokens[i + 1].text == "(";
    if (has_list) {
      i = BehindClosing(tokens, i, ")");
      continue;
    }
    kept.push_back(tokens[i]);
    ++i;
  }
  return kept;
}

}  // namespace

std::vector<PromqlToken> TokensOf(std::string_view expression) {
  std::vector<PromqlToken> tokens;
  while (!expression.empty()) {
    if (expression.front() == '#') {
      expression.remove_prefix(std::min(expression.find('\n'), expression.size()));
      continue;
    }
    if (IsSpace(expression.front())) {
      expression.remove_prefix(1);
      continue;
    }
    tokens.push_back(TokenAt(expression));
    expression.remove_prefix(tokens.back().text.size());
  }
  return tokens;
}

bool IsSameExpression(std::string_view left, std::string_view right) {
  return TokensOf(left) == TokensOf(right);
}

std::set<std::string> SeriesIn(std::string_view expression) {
  std::set<std::string> series;
  const std::vector<PromqlToken> tokens = WithoutLabels(TokensOf(expression));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool is_function = i + 1 < tokens.size() && tokens[i + 1].text == "(";
    if (tokens[i].kind == PromqlKind::Word && !is_function && !IsOneOf(kReserved, tokens[i].text) &&
        !IsOneOf(kBeforeLabels, tokens[i].text)) {
      series.insert(std::string(tokens[i].text));
    }
  }
  return series;
}

bool HasCondition(std::string_view expression) {
  const std::vector<PromqlToken> tokens = WithoutLabels(TokensOf(expression));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view text = tokens[i].text;
    const bool is_bool = i + 1 < tokens.size() && tokens[i + 1].text == "bool";
    const bool is_comparison = tokens[i].kind == PromqlKind::Sign && IsOneOf(kComparisons, text);
    if ((is_comparison && !is_bool) || text == "unless" || text == "absent" ||
        text == "absent_over_time") {
      return true;
    }
  }
  return false;
}

bool UsesWord(std::string_view expression, std::string_view word) {
  const std::vector<PromqlToken> tokens = WithoutLabels(TokensOf(expression));
  return std::any_of(tokens.begin(), tokens.end(), [word](const PromqlToken& token) {
    return token.kind == PromqlKind::Word && token.text == word;
  });
}

}  // namespace pathwitness
