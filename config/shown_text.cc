#include "config/shown_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace pathwitness {
namespace {

bool IsPlainCharacter(char c) {
  constexpr std::string_view kMarks = "_-./+@%~=";
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         kMarks.find(c) != std::string_view::npos;
}

// Words that YAML 1.1 readers take for something else than text.
bool IsReserved(std::string_view text) {
  constexpr std::array<std::string_view, 8> kWords = {"true", "false", "yes",  "no",
                                                      "on",   "off",   "null", "~"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

bool IsSecretName(std::string_view name) {
  constexpr std::array<std::string_view, 9> kWords = {
      "auth", "cookie", "credential", "key", "password", "passwd", "secret", "signature", "token"};
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return std::any_of(kWords.begin(), kWords.end(), [&lower](std::string_view word) {
    return lower.find(word) != std::string::npos;
  });
}

std::string Escape(char c) {
  if (c == '"' || c == '\\') {
    return {'\\', c};
  }
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
}

}  // namespace

std::string ToYaml(std::string_view text) {
  const bool is_plain = !text.empty() && std::all_of(text.begin(), text.end(), IsPlainCharacter) &&
                        std::isalnum(static_cast<unsigned char>(text.front())) != 0;
  if (is_plain && !IsReserved(text)) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += Escape(c);
  }
  return quoted + '"';
}

std::string FormatNumber(double number) {
  return fmt::format("{}", number);
}

std::string FormatByteSize(std::uint64_t bytes) {
  constexpr std::array<std::pair<std::string_view, unsigned>, 3> kUnits = {
      {{"GiB", 30}, {"MiB", 20}, {"KiB", 10}}};
  for (const auto& [name, bits] : kUnits) {
    if (bytes >> bits << bits == bytes && bytes != 0) {
      return fmt::format("{}{}", bytes >> bits, name);
    }
  }
  return std::to_string(bytes);
}

std::string MaskUrl(std::string_view text) {
  const std::size_t query = text.find('?');
  if (!text.starts_with("http") || query == std::string_view::npos) {
    return std::string(text);
  }
  std::string masked(text.substr(0, query));
  for (std::size_t at = query; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("&#", at + 1), text.size());
    const std::string_view parameter = text.substr(at, end - at);
    const std::size_t equals = parameter.find('=');
    const bool is_secret =
        equals != std::string_view::npos && IsSecretName(parameter.substr(0, equals));
    masked += is_secret ? fmt::format("{}={}", parameter.substr(0, equals), kMasked)
                        : std::string(parameter);
    at = end;
  }
  return masked;
}

std::string MaskEntry(std::string_view name, std::string_view value) {
  return std::string(IsSecretName(name) ? kMasked : value);
}

}  // namespace pathwitness
