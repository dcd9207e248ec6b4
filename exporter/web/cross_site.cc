#include "exporter/web/cross_site.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "exporter/web/lower_case.h"
#include "probes/base/ip_address.h"

namespace pathwitness {
namespace {

/// Whether `origin`, as in "https://host:port", is the host that was asked. The schemes are not
/// compared: a proxy in front may speak TLS with the browser and plain HTTP with us.
bool IsOwnOrigin(std::string_view origin, std::string_view host) {
  constexpr std::string_view kSchemeEnd = "://";
  const std::size_t end = origin.find(kSchemeEnd);
  return end != std::string_view::npos && !host.empty() &&
         LowerCase(origin.substr(end + kSchemeEnd.size())) == LowerCase(host);
}

bool IsOfBrowser(const HttpRequest& request) {
  return !request.Header("sec-fetch-site").empty() || !request.Header("origin").empty();
}

bool IsCrossSite(const HttpRequest& request) {
  if (const std::string site = request.Header("sec-fetch-site"); !site.empty()) {
    return site != "same-origin" && site != "none";
  }
  return !IsOwnOrigin(request.Header("origin"), request.Header("host"));
}

/// Without the port, and brackets of an IPv6 address.
std::string_view NameOf(std::string_view host) {
  if (host.starts_with('[')) {
    return host.substr(1, host.find(']') - 1);
  }
  return host.substr(0, host.rfind(':'));
}

HttpResponse Refusal(std::string_view why) {
  return {.status = 403, .body = "refused: " + std::string(why) + "\n"};
}

}  // namespace

bool IsOwnHost(std::string_view host, const std::vector<std::string>& names) {
  const std::string name = LowerCase(NameOf(host));
  const auto is_name = [&name](const std::string& known) { return LowerCase(known) == name; };
  return IpAddress::Parse(name).has_value() || name.find('.') == std::string::npos ||
         name.ends_with(".localhost") || std::ranges::any_of(names, is_name);
}

std::optional<HttpResponse> RefuseCrossSite(
    const HttpRequest& request, const std::function<bool(std::string_view host)>& is_own_host) {
  if (!IsOfBrowser(request)) {
    return std::nullopt;
  }
  if (IsCrossSite(request)) {
    return Refusal("another site's page has asked for this");
  }
  if (!is_own_host(request.Header("host"))) {
    return Refusal(
        "a browser asks for this by a name that may be a stranger's: --web.allowed-host=NAME "
        "allows one, as do TLS and passwords");
  }
  return std::nullopt;
}

}  // namespace pathwitness
