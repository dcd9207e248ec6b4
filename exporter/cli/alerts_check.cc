#include "exporter/cli/alerts_check.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <utility>
#include <variant>

#include "config/load.h"
#include "config/url.h"
#include "config/values.h"
#include "exporter/cli/config_check.h"
#include "exporter/cli/http_asker.h"
#include "exporter/rules/live_rules.h"
#include "exporter/rules/prometheus_api.h"
#include "exporter/rules/rule_drift.h"
#include "exporter/rules/rule_folder.h"
#include "probes/base/time.h"

namespace pathwitness {
namespace {

constexpr int kFine = 0;
constexpr int kProblems = 1;
constexpr int kCannotTell = 2;

constexpr Duration kAskedAgainAfter = std::chrono::seconds(1);
constexpr std::uint64_t kLargestAnswer = 16U << 20U;

HttpRequestConfig RequestTo(const std::string& url, const AlertsCheckWords& words) {
  HttpRequestConfig request;
  request.url = url;
  request.timeout = HttpAsker::kPatience;
  request.max_body_bytes = kLargestAnswer;
  request.basic_auth_username = words.username;
  request.basic_auth_password_file = words.password_file;
  request.bearer_token_file = words.bearer_token_file;
  request.tls.ca_file = words.ca_file;
  return request;
}

/// What is wrong with the words; empty: nothing.
std::string WhyUnusable(const AlertsCheckWords& words) {
  for (const std::string& url : words.prometheus_urls) {
    const std::optional<UrlParts> parts = ParseUrl(url);
    if (!parts || parts->has_user_info || url.find_first_of("?#") != std::string::npos) {
      return "--prometheus.url: must be a URL such as http://localhost:9090, without user, "
             "password, "
             "query or fragment";
    }
  }
  if (words.username.empty() != words.password_file.empty()) {
    return "--prometheus.username and --prometheus.password-file belong together";
  }
  return ParseDuration(words.wait) ? "" : "--wait: must be a duration such as 30s";
}

/// What one Prometheus was found to run.
struct Comparison {
  std::variant<std::vector<RuleDrift>, ComparisonProblem> outcome;
  bool is_reload_successful = true;

  int Status() const {
    const auto* const drifts = std::get_if<std::vector<RuleDrift>>(&outcome);
    if (drifts == nullptr) {
      return kCannotTell;
    }
    return drifts->empty() && is_reload_successful ? kFine : kProblems;
  }
};

Comparison Compare(const HttpRequestConfig& server, const std::vector<RuleGroup>& shipped,
                   HttpAsker& asker) {
  const HttpResult answer = asker.Fetch(RequestFor(server, kRulesPath));
  auto live = RulesIn(answer, server.max_body_bytes);
  if (auto* const problem = std::get_if<ComparisonProblem>(&live)) {
    return {.outcome = std::move(*problem)};
  }
  return {.outcome = CompareRules(shipped, std::get<std::vector<RuleGroup>>(live)),
          .is_reload_successful =
              IsReloadSuccessful(asker.Fetch(RequestFor(server, kRuntimePath)).body)};
}

void Print(const std::string& url, const Comparison& comparison, std::ostream& out,
           std::ostream& err) {
  if (const auto* const problem = std::get_if<ComparisonProblem>(&comparison.outcome)) {
    fmt::print(err, "{}: its rules cannot be compared ({}): {}\n", url,
               kComparisonFailureNames.at(static_cast<std::size_t>(problem->reason)),
               problem->error);
    return;
  }
  const auto& drifts = std::get<std::vector<RuleDrift>>(comparison.outcome);
  if (drifts.empty()) {
    fmt::print(out, "{}: runs the shipped rules\n", url);
  } else {
    fmt::print(out, "{}: {} from the shipped rules (- shipped, + running)\n{}", url,
               Counted(drifts.size(), "difference"), DriftText(drifts));
  }
  if (!comparison.is_reload_successful) {
    fmt::print(err,
               "{}: its last configuration reload failed, so it goes on with what it had before: "
               "its log says why\n",
               url);
  }
}

int CheckFiles(const std::string& folder, std::ostream& out, std::ostream& err) {
  const std::vector<ConfigProblem> problems = LintRuleFolder(folder);
  for (const ConfigProblem& problem : problems) {
    fmt::print(err, "{}\n", problem.ToString());
  }
  fmt::print(out, "{}: {}\n", folder,
             problems.empty() ? "no problem" : Counted(problems.size(), "problem"));
  return problems.empty() ? kFine : kProblems;
}

/// Asks again while there is time and something to wait for.
int CompareWith(const std::string& url, const std::vector<RuleGroup>& shipped,
                const AlertsCheckWords& words, HttpAsker& asker, std::ostream& out,
                std::ostream& err) {
  const SystemClock clock;
  const MonoTime end = clock.Now() + ParseDuration(words.wait).value_or(Duration::zero());
  const HttpRequestConfig server = RequestTo(url, words);
  Comparison comparison = Compare(server, shipped, asker);
  while (comparison.Status() != kFine && clock.Now() < end && !asker.IsInterrupted()) {
    asker.Pause(std::min(kAskedAgainAfter, end - clock.Now()));
    comparison = Compare(server, shipped, asker);
  }
  Print(url, comparison, out, err);
  return comparison.Status();
}

}  // namespace

int CheckAlerts(const AlertsCheckWords& words, std::ostream& out, std::ostream& err) {
  if (const std::string why = WhyUnusable(words); !why.empty()) {
    fmt::print(err, "pathwitness: {} (--help lists the options)\n", why);
    return kCannotTell;
  }
  int status = CheckFiles(words.rules, out, err);
  if (words.prometheus_urls.empty()) {
    return status;
  }
  try {
    const std::vector<RuleGroup> shipped = ReadRuleFolder(words.rules);
    const SystemClock clock;
    HttpAsker asker(clock);
    for (const std::string& url : words.prometheus_urls) {
      status = std::max(status, CompareWith(url, shipped, words, asker, out, err));
    }
  } catch (const ConfigError&) {
    fmt::print(err, "{}: cannot be read, so there is nothing to compare with\n", words.rules);
    return kCannotTell;
  }
  return status;
}

}  // namespace pathwitness
