#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pathwitness {

/// The parts of an http or https URL that decide where a connection goes.
struct UrlParts {
  std::string scheme;      // "http" or "https"
  std::string host;        // without brackets
  std::uint16_t port = 0;  // the scheme's own when the URL has none
  bool has_user_info = false;

  bool operator==(const UrlParts&) const = default;
};

/// Reads an absolute URL. Empty when it has another scheme, a host that IsHost refuses, a port
/// outside 1 to 65535, or characters that a URL does not have (space, control, non-ASCII).
/// Source: RFC 3986, 3.2.
std::optional<UrlParts> ParseUrl(std::string_view url);

/// An IPv4 or IPv6 address without brackets, or a DNS name (underscores allowed), without port. A
/// name whose last label is a number is a mistyped address, and none.
bool IsHost(std::string_view text);

}  // namespace pathwitness
