#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "config/alert_catalogue.h"
#include "config/load.h"
#include "config/values.h"

namespace pathwitness {
namespace {

constexpr std::chrono::days kLongestDisabled{90};

std::string KeyOf(std::size_t index, std::string_view key) {
  return fmt::format("alert_overrides[{}]{}{}", index, key.empty() ? "" : ".", key);
}

const AlertEntry* FindAlert(std::string_view name) {
  for (const AlertEntry& entry : AlertCatalogue()) {
    if (entry.name == name) {
      return &entry;
    }
  }
  return nullptr;
}

std::string UnknownAlert(std::string_view name) {
  std::vector<std::string_view> names;
  for (const AlertEntry& entry : AlertCatalogue()) {
    names.push_back(entry.name);
  }
  return fmt::format("unknown alert {}; {}", Quote(name), Suggest(name, names));
}

// Empty when the override is about one of the alert's tiers, or may be about all of them.
std::string WhyNoTier(const AlertOverride& item, const AlertEntry& alert) {
  if (item.tier.empty()) {
    return item.is_disabled ? "" : "is required with a threshold";
  }
  if (std::find(alert.tiers.begin(), alert.tiers.end(), item.tier) != alert.tiers.end()) {
    return "";
  }
  return fmt::format("{} has no tier {}; {}", item.alert, Quote(item.tier),
                     Suggest(item.tier, alert.tiers));
}

// Empty when the target exists or may still be discovered.
std::string WhyNoTarget(const AlertOverride& item, const Config& config) {
  const bool is_discovering =
      !config.discovery.target_files.empty() || !config.discovery.target_http.empty();
  std::vector<std::string_view> names;
  for (const TargetConfig& target : config.targets) {
    names.push_back(target.name);
  }
  if (item.target.empty() || is_discovering ||
      std::find(names.begin(), names.end(), item.target) != names.end()) {
    return "";
  }
  return fmt::format("unknown target {}; {}", Quote(item.target), Suggest(item.target, names));
}

}  // namespace

std::vector<ConfigProblem> CheckAlertOverrides(const Config& config) {
  std::vector<ConfigProblem> problems;
  const auto add = [&problems](std::size_t index, std::string_view key, std::string what) {
    if (!what.empty()) {
      problems.push_back({"", 0, 0, KeyOf(index, key), std::move(what)});
    }
  };
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> first;
  for (std::size_t i = 0; i < config.alert_overrides.size(); ++i) {
    const AlertOverride& item = config.alert_overrides[i];
    const AlertEntry* alert = FindAlert(item.alert);
    add(i, "alert", alert == nullptr ? UnknownAlert(item.alert) : "");
    add(i, "tier", alert == nullptr ? "" : WhyNoTier(item, *alert));
    add(i, "target", WhyNoTarget(item, config));
    add(i, "threshold", item.threshold.value_or(0) < 0 ? "must not be negative" : "");
    const auto [same, is_new] = first.emplace(std::tuple(item.alert, item.tier, item.target), i);
    add(i, "",
        is_new ? ""
               : fmt::format("is about the same alert, tier and target as alert_overrides[{}]",
                             same->second));
  }
  return problems;
}

std::vector<ConfigProblem> CheckExpiries(const Config& config, WallTime now) {
  std::vector<ConfigProblem> problems;
  for (std::size_t i = 0; i < config.alert_overrides.size(); ++i) {
    const AlertOverride& item = config.alert_overrides[i];
    if (item.is_disabled && item.expires - now > kLongestDisabled) {
      const auto latest = std::chrono::floor<std::chrono::days>(now) + kLongestDisabled;
      problems.push_back({"", 0, 0, KeyOf(i, "expires"),
                          fmt::format("an alert may be disabled for 90 days at most, so until {}, "
                                      "not {}; give a nearer day and decide again then",
                                      FormatDay(latest), FormatDay(item.expires))});
    }
  }
  return problems;
}

}  // namespace pathwitness
