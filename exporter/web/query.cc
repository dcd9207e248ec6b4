#include "exporter/web/query.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace pathwitness {
namespace {

enum class Plus : std::uint8_t { IsItself, IsSpace };

bool IsControl(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7F;
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

std::variant<std::string, QueryError> Decode(std::string_view text, Plus plus) {
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
    if (IsControl(character)) {
      return QueryError::BadCharacter;
    }
    decoded += character;
  }
  return decoded;
}

std::optional<QueryError> AddPair(std::string_view pair, QueryParameters& parameters) {
  const std::size_t equals = pair.find('=');
  const std::string_view raw_value =
      equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
  auto name = Decode(pair.substr(0, equals), Plus::IsSpace);
  auto value = Decode(raw_value, Plus::IsSpace);
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
  QueryParameters parameters;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) {
      continue;
    }
    if (const std::optional<QueryError> error = AddPair(pair, parameters)) {
      return *error;
    }
  }
  return parameters;
}

std::optional<std::string> DecodePath(std::string_view path) {
  auto decoded = Decode(path, Plus::IsItself);
  auto* text = std::get_if<std::string>(&decoded);
  return text == nullptr ? std::nullopt : std::optional(std::move(*text));
}

}  // namespace pathwitness
