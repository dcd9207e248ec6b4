#include "exporter/cli/config_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "config/alert_catalogue.h"

namespace pathwitness {
namespace {

constexpr double kManyOverrides = 0.1;  // of all alerts: exceptions should not be the rule

ConfigProblem ExpiredOverride(const LoadedConfig& loaded, std::size_t index) {
  const AlertOverride& expired = loaded.config.alert_overrides[index];
  ConfigProblem problem{.file = "",
                        .key = fmt::format("alert_overrides[{}].expires", index),
                        .what = fmt::format("the override of {} has expired: remove it, or say "
                                            "until when it still holds",
                                            expired.alert)};
  const auto shown = std::ranges::find(loaded.values, problem.key, &ShownValue::key);
  if (shown != loaded.values.end()) {
    problem.file = shown->origin.file;
    problem.line = shown->origin.line;
  }
  return problem;
}

std::vector<ConfigProblem> ExpiredOverrides(const LoadedConfig& loaded, WallTime now) {
  std::vector<ConfigProblem> problems;
  for (std::size_t i = 0; i < loaded.config.alert_overrides.size(); ++i) {
    if (!IsInForce(loaded.config.alert_overrides[i], now)) {
      problems.push_back(ExpiredOverride(loaded, i));
    }
  }
  return problems;
}

std::vector<std::string> Warnings(const Config& config) {
  std::set<std::string_view> overridden;
  for (const AlertOverride& rule : config.alert_overrides) {
    overridden.insert(rule.alert);
  }
  const std::size_t alerts = AlertCatalogue().size();
  if (static_cast<double>(overridden.size()) <= kManyOverrides * static_cast<double>(alerts)) {
    return {};
  }
  return {fmt::format("{} of {} alerts are overridden: better defaults may be due",
                      overridden.size(), alerts)};
}

std::string Targets(const Config& config) {
  std::string all = Counted(config.targets.size(), "target");
  if (config.shard.count == 1) {
    return all;
  }
  const auto watched = std::ranges::count_if(config.targets, [&](const TargetConfig& target) {
    return Watches(config.shard, target.name);
  });
  return fmt::format("{} of {}", watched, all);
}

std::string Summary(const Config& config) {
  std::string text =
      fmt::format("{}, {:.1f} of {:g} packets per second planned, {}", Targets(config),
                  PlannedPacketRate(config), config.probing.packets_per_second,
                  Counted(config.alert_overrides.size(), "alert override"));
  if (!config.discovery.target_files.empty() || !config.discovery.target_http.empty()) {
    text += "; what discovery finds comes on top";
  }
  return text;
}

}  // namespace

std::string Counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

ConfigReview ReviewConfig(const std::filesystem::path& file, const std::string& environment,
                          WallTime now, const Shard& shard) {
  try {
    const LoadedConfig loaded = LoadLayers(file, environment, now, shard);
    return {.problems = ExpiredOverrides(loaded, now),
            .warnings = Warnings(loaded.config),
            .summary = Summary(loaded.config)};
  } catch (const ConfigError& error) {
    return {.problems = error.Problems(), .warnings = {}, .summary = {}};
  }
}

}  // namespace pathwitness
