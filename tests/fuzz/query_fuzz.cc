#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "exporter/web/accept_encoding.h"
#include "exporter/web/basic_auth.h"
#include "exporter/web/cross_site.h"
#include "exporter/web/go_duration.h"
#include "exporter/web/query.h"
#include "exporter/web/request_head.h"
#include "exporter/web/routes.h"
#include "exporter/web/server.h"

/// Everything of a request that our own code reads as text. What comes out must keep to the bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace pathwitness;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto query = ParseQuery(text);
  if (const auto* parameters = std::get_if<QueryParameters>(&query)) {
    if (size > kMaxQueryBytes || parameters->size() > kMaxQueryParameters) {
      std::abort();
    }
  }
  const auto form = ParseForm(text);
  if (const auto* values = std::get_if<QueryParameters>(&form);
      values != nullptr && values->size() > kMaxQueryParameters) {
    std::abort();
  }
  const auto path = DecodePath(text);
  if (path && (path->size() > size || path->find('\0') != std::string::npos)) {
    std::abort();
  }
  AcceptsGzip(text);
  const auto credentials = ParseBasicAuth(text);
  if (credentials && credentials->user.size() + credentials->password.size() > size) {
    std::abort();
  }
  const auto patience = ParseGoDuration(text);
  if (patience && *patience < Duration::zero()) {
    std::abort();
  }
  const Duration timeout = ProbeTimeout(text);
  if (timeout < std::chrono::milliseconds(100) || timeout > std::chrono::minutes(1)) {
    std::abort();
  }
  const std::array<HeadField, 2> head = {{{"Host", text}, {"Content-Length", text}}};
  if (!RefuseHead(head) && (text.find_first_of("0123456789") == std::string_view::npos ||
                            text.find_first_of("+-,;x") != std::string_view::npos)) {
    std::abort();
  }
  if (IsOwnHost(text, {}) && !IsOwnHost(text, {"a.example"})) {
    std::abort();
  }
  const auto address = ListenAddress::Parse(text);
  if (address && ListenAddress::Parse(address->ToString()) != address) {
    std::abort();
  }
  return 0;
}
