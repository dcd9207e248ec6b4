#include "config/url.h"

#include <algorithm>

#include "config/values.h"
#include "probes/base/ip_address.h"

namespace pathwitness {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsLabelCharacter(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

bool IsDnsLabel(std::string_view label) {
  constexpr std::size_t kLongest = 63;
  return !label.empty() && label.size() <= kLongest && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), IsLabelCharacter);
}

bool IsDnsName(std::string_view name) {
  constexpr std::size_t kLongest = 253;
  if (name.ends_with('.')) {
    name.remove_suffix(1);
  }
  if (name.size() > kLongest) {
    return false;
  }
  for (;;) {
    const std::size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    if (!IsDnsLabel(label)) {
      return false;
    }
    if (dot == std::string_view::npos) {
      return !std::all_of(label.begin(), label.end(), IsDigit);
    }
    name.remove_prefix(dot + 1);
  }
}

bool IsUrlCharacter(char c) {
  return c > ' ' && c < '\x7f';
}

// "host", "host:port", "[v6]" or "[v6]:port" into its halves; the port's half keeps its colon.
std::pair<std::string_view, std::string_view> SplitPort(std::string_view authority) {
  const std::size_t bracket = authority.find(']');
  if (authority.starts_with('[') && bracket != std::string_view::npos) {
    return {authority.substr(1, bracket - 1), authority.substr(bracket + 1)};
  }
  const std::size_t colon = std::min(authority.find(':'), authority.size());
  return {authority.substr(0, colon), authority.substr(colon)};
}

std::optional<std::uint16_t> ReadPort(std::string_view text, std::uint16_t otherwise) {
  if (text.empty()) {
    return otherwise;
  }
  const std::optional<std::uint64_t> port = ParseWholeNumber(text.substr(1));
  if (text.front() != ':' || !port || *port == 0 || *port > 65535) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(*port);
}

}  // namespace

std::optional<UrlParts> ParseUrl(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos ||
      !std::all_of(url.begin(), url.end(), IsUrlCharacter)) {
    return std::nullopt;
  }
  UrlParts parts{.scheme = std::string(url.substr(0, scheme_end)), .host = {}};
  std::string_view authority = url.substr(scheme_end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  parts.has_user_info = at != std::string_view::npos;
  authority.remove_prefix(parts.has_user_info ? at + 1 : 0);

  const auto [host, port_text] = SplitPort(authority);
  const std::optional<std::uint16_t> port = ReadPort(port_text, parts.scheme == "https" ? 443 : 80);
  const bool is_bracketed = authority.starts_with('[');
  const bool has_colon = host.find(':') != std::string_view::npos;
  if ((parts.scheme != "http" && parts.scheme != "https") || !IsHost(host) || !port ||
      is_bracketed != has_colon) {
    return std::nullopt;
  }
  parts.host = host;
  parts.port = *port;
  return parts;
}

bool IsHost(std::string_view text) {
  return IpAddress::Parse(text).has_value() || IsDnsName(text);
}

}  // namespace pathwitness
