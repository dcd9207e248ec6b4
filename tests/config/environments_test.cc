#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "config/load.h"

// The files in config/environments, on a fixed day: their overrides expire, the tests do not.
namespace pathwitness {
namespace {

const char* const kDefaultFile = PATHWITNESS_SOURCE_DIR "/config/default.yaml";
constexpr WallTime kNow =
    std::chrono::sys_days(std::chrono::year(2026) / std::chrono::November / 21);

Config Shipped(const std::string& environment) {
  return LoadLayers(kDefaultFile, environment, kNow).config;
}

bool HasTarget(const Config& config, const std::string& name) {
  return std::any_of(config.targets.begin(), config.targets.end(),
                     [&name](const TargetConfig& target) { return target.name == name; });
}

TEST(ShippedEnvironments, AreTheseFour) {
  EXPECT_THAT(KnownEnvironments(kDefaultFile),
              ::testing::ElementsAre("ci", "default", "production", "staging"));
}

TEST(ShippedEnvironments, AllLoad) {
  for (const std::string& environment : KnownEnvironments(kDefaultFile)) {
    EXPECT_EQ(Shipped(environment).environment, environment);
  }
}

TEST(ShippedEnvironments, CiHasFewerTargetsThanTheDefault) {
  EXPECT_LT(Shipped("ci").targets.size(), Shipped("default").targets.size());
  EXPECT_TRUE(HasTarget(Shipped("ci"), "here-to-loopback"));
}

TEST(ShippedEnvironments, StagingWatchesAllThatTheDefaultDoes) {
  const Config staging = Shipped("staging");
  for (const TargetConfig& target : Shipped("default").targets) {
    EXPECT_TRUE(HasTarget(staging, target.name)) << target.name;
  }
}

TEST(ShippedEnvironments, ProductionOverridesNoAlert) {
  EXPECT_TRUE(Shipped("production").alert_overrides.empty());
  EXPECT_FALSE(Shipped("staging").alert_overrides.empty());
}

TEST(ShippedEnvironments, StagingDisablesOneAlertForALimitedTime) {
  const Config staging = Shipped("staging");
  const auto disabled =
      std::count_if(staging.alert_overrides.begin(), staging.alert_overrides.end(),
                    [](const AlertOverride& item) { return item.is_disabled; });
  EXPECT_EQ(disabled, 1);
}

}  // namespace
}  // namespace pathwitness
