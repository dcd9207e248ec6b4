#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"
#include "exporter/rules/rule_file.h"
#include "exporter/rules/rules_snapshot.h"
#include "probes/http/http_client.h"

namespace pathwitness {

/// Where a Prometheus tells its rules, and how it took over its configuration.
inline constexpr std::string_view kRulesPath = "/api/v1/rules?exclude_alerts=true";
inline constexpr std::string_view kRuntimePath = "/api/v1/status/runtimeinfo";

/// The request for a path of the Prometheus whose root `server` asks for. It takes a byte more than
/// allowed, which tells an answer that is too large.
HttpRequestConfig RequestFor(HttpRequestConfig server, std::string_view path);

/// Why there is nothing to compare.
struct ComparisonProblem {
  ComparisonFailure reason = ComparisonFailure::Internal;
  std::string error;  // for people
};

/// What an answer to the request for kRulesPath says; `largest`: max_body_bytes of the server.
std::variant<std::vector<RuleGroup>, ComparisonProblem> RulesIn(const HttpResult& result,
                                                                std::uint64_t largest);

}  // namespace pathwitness
