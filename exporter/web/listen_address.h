#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pathwitness {

/// Where to listen. An empty host is every address, IPv4 and IPv6.
struct ListenAddress {
  std::string host;        // an address (IPv6 without brackets) or a name
  std::uint16_t port = 0;  // 0: the kernel chooses

  /// Reads ":port", "host:port" and "[v6]:port"; empty when the text is anything else.
  static std::optional<ListenAddress> Parse(std::string_view text);

  /// The text that Parse reads.
  std::string ToString() const;

  bool operator==(const ListenAddress&) const = default;
};

}  // namespace pathwitness
