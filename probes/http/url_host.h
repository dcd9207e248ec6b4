#pragma once

#include <optional>
#include <string>

namespace pathwitness {

/// `url` with another host; IPv6 `host` without brackets. Empty when either is unusable.
std::optional<std::string> WithHost(const std::string& url, const std::string& host);

/// "example.org", "192.0.2.1" or "[2001:db8::1]": a host as it stands in a URL.
std::string BracketedHost(const std::string& host);

}  // namespace pathwitness
