#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "config/alert_catalogue.h"
#include "config/config_files.h"
#include "config/yaml_tree.h"

// What the promtool tests must contain: every tier of every alert fires somewhere, exactly, and is
// quiet elsewhere.
namespace pathwitness {
namespace {

namespace fs = std::filesystem;

const fs::path kTests = fs::path(PATHWITNESS_SOURCE_DIR) / "alerts/tests";

/// Tiers as "PathwitnessX critical".
struct Coverage {
  std::set<std::string> firing;
  std::set<std::string> quiet;
};

std::string TextUnder(const YamlNode& node, std::string_view key) {
  const YamlNode* const found = node.Find(key);
  return found == nullptr ? "" : found->text;
}

std::vector<YamlNode> ListUnder(const YamlNode& node, std::string_view key) {
  const YamlNode* const found = node.Find(key);
  return found == nullptr ? std::vector<YamlNode>{} : found->items;
}

std::set<std::string> FiringTiers(const YamlNode& moment) {
  std::set<std::string> tiers;
  for (const YamlNode& alert : ListUnder(moment, "exp_alerts")) {
    const YamlNode* const labels = alert.Find("exp_labels");
    tiers.insert(labels == nullptr ? "" : TextUnder(*labels, "severity"));
  }
  return tiers;
}

void Note(const YamlNode& moment, Coverage& coverage) {
  const std::string name = TextUnder(moment, "alertname");
  const std::set<std::string> firing = FiringTiers(moment);
  for (const char* const tier : {"none", "info", "warning", "critical"}) {
    (firing.contains(tier) ? coverage.firing : coverage.quiet).insert(name + " " + tier);
  }
}

Coverage ReadCoverage() {
  Coverage coverage;
  for (const fs::directory_entry& entry : fs::directory_iterator(kTests)) {
    const YamlNode root = ParseYaml(ReadConfigFile(entry.path()), entry.path().string());
    for (const YamlNode& test : ListUnder(root, "tests")) {
      for (const YamlNode& moment : ListUnder(test, "alert_rule_test")) {
        Note(moment, coverage);
      }
    }
  }
  return coverage;
}

std::set<std::string> CataloguedTiers() {
  std::set<std::string> tiers;
  for (const AlertEntry& entry : AlertCatalogue()) {
    for (const std::string_view tier : entry.tiers) {
      tiers.insert(std::string(entry.name) + " " + std::string(tier));
    }
  }
  return tiers;
}

TEST(AlertTests, EveryTierOfEveryAlertFiresInOne) {
  EXPECT_THAT(CataloguedTiers(), ::testing::ContainerEq(ReadCoverage().firing));
}

TEST(AlertTests, EveryTierOfEveryAlertIsQuietInOne) {
  const Coverage coverage = ReadCoverage();
  std::set<std::string> never_quiet = CataloguedTiers();
  std::erase_if(never_quiet,
                [&coverage](const std::string& tier) { return coverage.quiet.contains(tier); });
  // The Watchdog's whole purpose is to fire always; disabled, it would be quiet.
  EXPECT_THAT(never_quiet, ::testing::IsSubsetOf({"Watchdog none"}));
}

}  // namespace
}  // namespace pathwitness
