#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/config_files.h"
#include "config/load.h"
#include "config/yaml_tree.h"
#include "exporter/metrics/alert_collector.h"
#include "exporter/metrics/text_writer.h"

// alerts/tests/environment_<name>.yaml feeds the rules with what the exporter serves there.
namespace pathwitness {
namespace {

const char* const kDefaultFile = PATHWITNESS_SOURCE_DIR "/config/default.yaml";
constexpr WallTime kNow =
    std::chrono::sys_days(std::chrono::year(2026) / std::chrono::November / 21);
constexpr std::string_view kInfo = "pathwitness_alert_override_info";

bool IsOverride(const std::string& series) {
  return series.starts_with("pathwitness_alert_") && !series.starts_with(kInfo);
}

/// Labels without a value are, to Prometheus, absent; promtool wants them left out.
std::string SeriesText(const prometheus::MetricFamily& family,
                       const prometheus::ClientMetric& metric) {
  std::string text = family.name;
  for (const prometheus::ClientMetric::Label& label : metric.label) {
    if (!label.value.empty()) {
      text += (text == family.name ? "{" : ",") + label.name + "=\"" + label.value + "\"";
    }
  }
  return text + "} ";
}

/// `pathwitness_alert_override{alert="X",tier="critical"} 0.35`, for each that is in force.
std::set<std::string> ServedIn(const std::string& environment) {
  const auto config =
      std::make_shared<const Config>(LoadLayers(kDefaultFile, environment, kNow).config);
  std::set<std::string> served;
  for (const prometheus::MetricFamily& family : AlertCollector(config, kNow).Collect()) {
    for (const prometheus::ClientMetric& metric : family.metric) {
      std::string series = SeriesText(family, metric);
      AppendNumber(metric.gauge.value, series);
      served.insert(series);
    }
  }
  std::erase_if(served, [](const std::string& series) { return !IsOverride(series); });
  return served;
}

/// The same of the promtool test; a value that is repeated is written `0.35x90`.
std::set<std::string> TestedIn(const std::string& environment) {
  const std::string file =
      PATHWITNESS_SOURCE_DIR "/alerts/tests/environment_" + environment + ".yaml";
  const YamlNode root = ParseYaml(ReadConfigFile(file), file);
  std::set<std::string> tested;
  for (const YamlNode& test : root.Find("tests")->items) {
    for (const YamlNode& input : test.Find("input_series")->items) {
      const std::string& values = input.Find("values")->text;
      tested.insert(input.Find("series")->text + " " + values.substr(0, values.find('x')));
    }
  }
  std::erase_if(tested, [](const std::string& series) { return !IsOverride(series); });
  return tested;
}

/// `default` has no file and overrides nothing.
TEST(EnvironmentTests, FeedTheRulesWhatTheExporterServesThere) {
  std::vector<std::string> environments = KnownEnvironments(kDefaultFile);
  std::erase(environments, "default");
  ASSERT_FALSE(environments.empty());
  for (const std::string& environment : environments) {
    EXPECT_EQ(TestedIn(environment), ServedIn(environment)) << environment;
  }
}

}  // namespace
}  // namespace pathwitness
