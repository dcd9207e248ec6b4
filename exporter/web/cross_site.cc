#include "exporter/web/cross_site.h"

#include <string>
#include <string_view>

#include "exporter/web/lower_case.h"

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

bool IsCrossSite(const HttpRequest& request) {
  if (const std::string site = request.Header("sec-fetch-site"); !site.empty()) {
    return site != "same-origin" && site != "none";
  }
  const std::string origin = request.Header("origin");
  return !origin.empty() && !IsOwnOrigin(origin, request.Header("host"));
}

}  // namespace

std::optional<HttpResponse> RefuseCrossSite(const HttpRequest& request) {
  if (!IsCrossSite(request)) {
    return std::nullopt;
  }
  return HttpResponse{.status = 403, .body = "refused: another site's page has asked for this\n"};
}

}  // namespace pathwitness
