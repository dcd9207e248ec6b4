#include "exporter/rules/runbooks.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "config/alert_catalogue.h"
#include "config/config_files.h"
#include "config/load.h"

namespace pathwitness {
namespace {

std::filesystem::path FileOf(const AlertingConfig& alerting, std::string_view alert) {
  const std::filesystem::path folder =
      alerting.runbooks.empty() ? std::filesystem::path(alerting.rules) / ".." / "runbooks"
                                : std::filesystem::path(alerting.runbooks);
  return folder.lexically_normal() / (std::string(alert) + ".md");
}

}  // namespace

std::vector<std::string> RunbookNames(const AlertingConfig& alerting) {
  std::vector<std::string> names;
  for (const AlertEntry& entry : AlertCatalogue()) {
    std::error_code error;
    if (std::filesystem::is_regular_file(FileOf(alerting, entry.name), error)) {
      names.emplace_back(entry.name);
    }
  }
  return names;
}

std::optional<std::string> ReadRunbook(const AlertingConfig& alerting, std::string_view alert) {
  const auto catalogue = AlertCatalogue();
  const bool is_known =
      std::any_of(catalogue.begin(), catalogue.end(),
                  [alert](const AlertEntry& entry) { return entry.name == alert; });
  if (!is_known) {
    return std::nullopt;
  }
  try {
    return ReadConfigFile(FileOf(alerting, alert));
  } catch (const ConfigError&) {
    return std::nullopt;
  }
}

}  // namespace pathwitness
