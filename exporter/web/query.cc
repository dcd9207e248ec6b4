#include "exporter/web/query.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace pathwitness {
namespace {

enum class Plus : std::uint8_t { IsItself, IsSpace };
enum class Lines : std::uint8_t { One, Many };

bool IsControl(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7F;
}

bool IsWhiteSpace(char character) {
  return character == '\n' || character == '\r' || character == '\t';
}

std::optional<char> DecodeEscape(std::string_view digits) {
  unsigned char value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, 16);
  if (digits.size() != 2 || error != std::errc() || stop != end) {
    return std::nullopt;
  }
  return static_cast<char>(value);
}

std::variant<std::string, QueryError> Decode(std::string_view text, Plus plus, Lines lines) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char character = text[i];
    if (character == '%') {
      const std::optional<char> escaped = DecodeEscape(text.substr(i + 1, 2));
      if (!escaped) {
        return QueryError::BadEscape;
      }
      character = *escaped;
      i += 2;
    } else if (character == '+' && plus == Plus::IsSpace) {
      character = ' ';
    }
    if (IsControl(character) && (lines == Lines::One || !IsWhiteSpace(character))) {
      return QueryError::BadCharacter;
    }
    decoded += character;
  }
  return decoded;
}

std::optional<QueryError> AddPair(std::string_view pair, Lines lines, QueryParameters& parameters) {
  const std::size_t equals = pair.find('=');
  const std::string_view raw_value =
      equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
  auto name = Decode(pair.substr(0, equals), Plus::IsSpace, Lines::One);
  auto value = Decode(raw_value, Plus::IsSpace, lines);
  for (const auto* part : {&name, &value}) {
    if (const auto* error = std::get_if<QueryError>(part)) {
      return *error;
    }
  }
  if (parameters.size() == kMaxQueryParameters) {
    return QueryError::TooMany;
  }
  const bool is_new =
      parameters
          .emplace(std::get<std::string>(std::move(name)), std::get<std::string>(std::move(value)))
          .second;
  return is_new ? std::nullopt : std::optional(QueryError::Repeated);
}

std::variant<QueryParameters, QueryError> ParsePairs(std::string_view pairs, Lines lines) {
  QueryParameters parameters;
  while (!pairs.empty()) {
    const std::string_view pair = pairs.substr(0, pairs.find('&'));
    pairs.remove_prefix(std::min(pairs.size(), pair.size() + 1));
    if (pair.empty()) {
      continue;
    }
    if (const std::optional<QueryError> error = AddPair(pair, lines, parameters)) {
      return *error;
    }
  }
  return parameters;
}

}  // namespace

std::string_view Describe(QueryError error) {
  switch (error) {
    case QueryError::TooLong:
      return "the query string is too long: at most 4096 bytes";
    case QueryError::TooMany:
      return "the query string has too many parameters: at most 16";
    case QueryError::BadEscape:
      return "the query string has a broken escape: % needs two hexadecimal digits";
    case QueryError::BadCharacter:
      return "the query string holds a control character";
    case QueryError::Repeated:
      return "the query string gives a parameter twice";
  }
  return "";
}

std::variant<QueryParameters, QueryError> ParseQuery(std::string_view query) {
  if (query.size() > kMaxQueryBytes) {
    return QueryError::TooLong;
  }
  return ParsePairs(query, Lines::One);
}

std::variant<QueryParameters, QueryError> ParseForm(std::string_view body) {
  auto form = ParsePairs(body, Lines::Many);
  if (auto* const values = std::get_if<QueryParameters>(&form)) {
    for (auto& [name, value] : *values) {
      std::erase(value, '\r');
    }
  }
  return form;
}

std::optional<std::string> DecodePath(std::string_view path) {
  auto decoded = Decode(path, Plus::IsItself, Lines::One);
  auto* text = std::get_if<std::string>(&decoded);
  return text == nullptr ? std::nullopt : std::optional(std::move(*text));
}

}  // namespace pathwitness
