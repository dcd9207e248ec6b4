#include "exporter/rules/prometheus_api.h"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <utility>

#include "exporter/rules/live_rules.h"

namespace pathwitness {
namespace {

constexpr int kOk = 200;

ComparisonFailure Translated(HttpFailure failure) {
  switch (failure) {
    case HttpFailure::Dns:
      return ComparisonFailure::Dns;
    case HttpFailure::ConnectRefused:
    case HttpFailure::ConnectTimeout:
    case HttpFailure::ConnectUnreachable:
    case HttpFailure::SendRecv:
    case HttpFailure::Proxy:
      return ComparisonFailure::Connect;
    case HttpFailure::TlsHandshake:
    case HttpFailure::TlsVerify:
      return ComparisonFailure::Tls;
    case HttpFailure::Timeout:
      return ComparisonFailure::Timeout;
    case HttpFailure::Status:
    case HttpFailure::RateLimited:
    case HttpFailure::Header:
    case HttpFailure::Body:
    case HttpFailure::Redirect:
      return ComparisonFailure::Status;
    case HttpFailure::Internal:
      break;
  }
  return ComparisonFailure::Internal;
}

}  // namespace

HttpRequestConfig RequestFor(HttpRequestConfig server, std::string_view path) {
  while (server.url.ends_with('/')) {
    server.url.pop_back();
  }
  server.url += path;
  ++server.max_body_bytes;  // reading stops there without a failure
  return server;
}

std::variant<std::vector<RuleGroup>, ComparisonProblem> RulesIn(const HttpResult& result,
                                                                std::uint64_t largest) {
  if (result.failure) {
    return ComparisonProblem{.reason = Translated(*result.failure), .error = result.error};
  }
  if (result.status != kOk) {
    return ComparisonProblem{.reason = ComparisonFailure::Status,
                             .error = fmt::format("status {}", result.status)};
  }
  if (result.body.size() > largest) {
    return ComparisonProblem{
        .reason = ComparisonFailure::TooLarge,
        .error = fmt::format("the answer is larger than {} bytes (max_body_bytes)", largest)};
  }
  auto read = ReadLiveRules(result.body);
  if (auto* const problem = std::get_if<JsonProblem>(&read)) {
    return ComparisonProblem{
        .reason = problem->is_too_large ? ComparisonFailure::TooLarge : ComparisonFailure::Parse,
        .error = "the answer " + problem->what};
  }
  return std::get<std::vector<RuleGroup>>(std::move(read));
}

}  // namespace pathwitness
