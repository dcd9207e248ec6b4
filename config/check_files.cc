#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "config/load.h"
#include "config/values.h"

namespace pathwitness {
namespace {

// Empty when the file can be read.
std::string WhyUnreadable(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    return error && error != std::errc::no_such_file_or_directory ? error.message()
                                                                  : "does not exist";
  }
  if (!std::filesystem::is_regular_file(status)) {
    return "is not a regular file";
  }
  return std::ifstream(path).is_open() ? "" : "cannot be opened for reading";
}

void CheckFile(const std::string& path, std::string key, std::vector<ConfigProblem>& problems) {
  const std::string why = path.empty() ? "" : WhyUnreadable(path);
  if (!why.empty()) {
    problems.push_back({"", 0, 0, std::move(key), fmt::format("{} {}", Quote(path), why)});
  }
}

void CheckRequestFiles(const HttpRequestConfig& request, const std::string& key,
                       std::vector<ConfigProblem>& problems) {
  CheckFile(request.tls.ca_file, key + ".tls.ca_file", problems);
  CheckFile(request.tls.cert_file, key + ".tls.cert_file", problems);
  CheckFile(request.tls.key_file, key + ".tls.key_file", problems);
  CheckFile(request.basic_auth_password_file, key + ".basic_auth.password_file", problems);
  CheckFile(request.bearer_token_file, key + ".bearer_token_file", problems);
}

}  // namespace

std::vector<ConfigProblem> CheckFiles(const Config& config) {
  std::vector<ConfigProblem> problems;
  for (std::size_t i = 0; i < config.targets.size(); ++i) {
    const TargetConfig& target = config.targets[i];
    const std::string key = fmt::format("targets[{}].", i);
    CheckRequestFiles(target.https.request, key + "https", problems);
    CheckRequestFiles(target.pulse.request,
                      fmt::format("{}pulse.{}", key, PulseKindKey(target.pulse.kind)), problems);
    CheckFile(target.reflector.key_file, key + "reflector.key_file", problems);
  }
  for (std::size_t i = 0; i < config.discovery.target_http.size(); ++i) {
    CheckRequestFiles(config.discovery.target_http[i].request,
                      fmt::format("discovery.target_http[{}]", i), problems);
  }
  for (std::size_t i = 0; i < config.alerting.prometheus.size(); ++i) {
    CheckRequestFiles(config.alerting.prometheus[i], fmt::format("alerting.prometheus[{}]", i),
                      problems);
  }
  for (const auto& [key, path] : {std::pair{"access_key_file", &config.upload.access_key_file},
                                  {"secret_key_file", &config.upload.secret_key_file},
                                  {"session_token_file", &config.upload.session_token_file},
                                  {"tls.ca_file", &config.upload.tls.ca_file},
                                  {"tls.cert_file", &config.upload.tls.cert_file},
                                  {"tls.key_file", &config.upload.tls.key_file}}) {
    CheckFile(*path, fmt::format("upload.{}", key), problems);
  }
  std::error_code error;
  if (!config.alerting.prometheus.empty() &&
      !std::filesystem::is_directory(config.alerting.rules, error)) {
    problems.push_back({"", 0, 0, "alerting.rules",
                        fmt::format("{} is no folder; the rules in it are what Prometheus is "
                                    "compared with",
                                    Quote(config.alerting.rules))});
  }
  return problems;
}

}  // namespace pathwitness
