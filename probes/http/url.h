#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pathwitness {

/// The parts of an absolute URL that decide where a request goes.
struct UrlParts {
  std::string scheme;  // lower case
  std::string host;    // lower case, punycode, IPv6 without brackets
  std::uint16_t port = 0;

  bool operator==(const UrlParts&) const = default;
};

/// Empty when the text is no absolute URL of a known scheme.
std::optional<UrlParts> SplitUrl(const std::string& url);

/// `url` with another host; IPv6 `host` without brackets. Empty when either is unusable.
std::optional<std::string> WithHost(const std::string& url, const std::string& host);

/// "example.org", "192.0.2.1" or "[2001:db8::1]": a host as it stands in a URL.
std::string BracketedHost(const std::string& host);

}  // namespace pathwitness
