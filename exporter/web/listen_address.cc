#include "exporter/web/listen_address.h"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <system_error>

namespace pathwitness {

std::optional<ListenAddress> ListenAddress::Parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  std::uint16_t port = 0;
  const char* const end = port_text.data() + port_text.size();
  const auto [stop, error] = std::from_chars(port_text.data(), end, port);
  if (port_text.empty() || error != std::errc() || stop != end) {
    return std::nullopt;
  }
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  constexpr std::string_view kNotInHosts = "[]+,%/ \t";  // some would mean something to civetweb
  const bool has_colon = host.find(':') != std::string_view::npos;
  if (has_colon != is_bracketed || host.find_first_of(kNotInHosts) != std::string_view::npos) {
    return std::nullopt;
  }
  return ListenAddress{std::string(host), port};
}

std::string ListenAddress::ToString() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace pathwitness
