#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Values as `config show` prints them: YAML that reads back to the same value, without secrets.
namespace pathwitness {

/// Stands in place of what nobody but the program should see.
inline constexpr std::string_view kMasked = "<secret>";

/// A text as a YAML value on one line, in quotes where it needs them.
std::string ToYaml(std::string_view text);

/// The shortest text that ParseNumber reads back.
std::string FormatNumber(double number);

/// The shortest text that ParseByteSize reads back.
std::string FormatByteSize(std::uint64_t bytes);

/// `text` as it is, but the values of query parameters in a URL that are named like secrets.
std::string MaskUrl(std::string_view text);

/// The value of a header or label; masked when its name is that of a secret.
std::string MaskEntry(std::string_view name, std::string_view value);

}  // namespace pathwitness
