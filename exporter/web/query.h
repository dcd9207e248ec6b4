#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

// What stands behind the `?` of a request, and the escapes in its path. Pure and hostile-proof.
namespace pathwitness {

inline constexpr std::size_t kMaxQueryBytes = 4096;
inline constexpr std::size_t kMaxQueryParameters = 16;

enum class QueryError : std::uint8_t {
  TooLong,       // more than kMaxQueryBytes
  TooMany,       // more than kMaxQueryParameters
  BadEscape,     // a % without two hexadecimal digits
  BadCharacter,  // a control character, plain or escaped
  Repeated,      // one name twice
};

/// One clear sentence for an error body.
std::string_view Describe(QueryError error);

/// Values by name, both decoded.
using QueryParameters = std::map<std::string, std::string, std::less<>>;

/// Reads "name=value&name=value"; `+` is a space, a name without `=` has an empty value, empty
/// pairs are skipped.
/// Source: WHATWG URL, application/x-www-form-urlencoded parsing.
std::variant<QueryParameters, QueryError> ParseQuery(std::string_view query);

/// Reads the body of a form in the same way, however long; its values may have several lines, which
/// end in a line feed, and tabs.
std::variant<QueryParameters, QueryError> ParseForm(std::string_view body);

/// Decodes the escapes of a path, where `+` is itself. Empty when an escape is broken or stands
/// for a control character.
/// Source: RFC 3986 section 2.1.
std::optional<std::string> DecodePath(std::string_view path);

}  // namespace pathwitness
