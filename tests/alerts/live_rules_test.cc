#include "exporter/rules/live_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "config/config_files.h"
#include "exporter/rules/rule_drift.h"
#include "exporter/rules/rule_folder.h"
#include "tests/support/prometheus_server.h"

// Expressions are compared as text, so they must be written as Prometheus itself prints them.
namespace pathwitness {
namespace {

namespace fs = std::filesystem;

const fs::path kRules = fs::path(PATHWITNESS_SOURCE_DIR) / "alerts/rules";

PrometheusServer::Options OptionsWithShippedRules() {
  PrometheusServer::Options options{.config = "rule_files: [rules/*.yaml]\n"};
  for (const fs::directory_entry& entry : fs::directory_iterator(kRules)) {
    options.files["rules/" + entry.path().filename().string()] = ReadConfigFile(entry.path());
  }
  return options;
}

TEST(LiveRules, APrometheusPrintsTheShippedRulesAsTheyAreWritten) {
  PrometheusServer prometheus(OptionsWithShippedRules());
  const auto live = ReadLiveRules(prometheus.GetUntil("/api/v1/rules", "pathwitness:threshold"));
  ASSERT_TRUE(std::holds_alternative<std::vector<RuleGroup>>(live));
  EXPECT_EQ(DriftText(CompareRules(ReadRuleFolder(kRules), std::get<0>(live))), "");
}

}  // namespace
}  // namespace pathwitness
