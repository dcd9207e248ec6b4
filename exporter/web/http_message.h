#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pathwitness {

/// A request as the server understood it.
struct HttpRequest {
  std::string method;      // upper case, as sent
  std::string path;        // as sent, escapes not decoded, without the query
  std::string query = {};  // as sent, without the `?`
  std::map<std::string, std::string, std::less<>> headers = {};  // names in lower case
  std::string body = {};                                         // at most kMaxRequestBodyBytes
  std::string client = {};                                       // the address that asks

  /// Empty when there is no such header. `name` is in lower case.
  std::string Header(std::string_view name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

inline constexpr std::size_t kMaxRequestBodyBytes = 64U << 10U;

/// Takes the next piece of a body; false: the client has gone away, or reads too slowly.
using BodySink = std::function<bool(std::string_view piece)>;

struct HttpResponse {
  using Header = std::pair<std::string, std::string>;

  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::vector<Header> headers = {};  // beside type and length

  /// When set, it writes the body instead, which then need not be in memory as a whole. Called at
  /// most once; not for HEAD.
  std::function<void(const BodySink&)> write_body = {};
};

/// Called from many threads at once. HEAD is answered by the server from GET's response.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

}  // namespace pathwitness
