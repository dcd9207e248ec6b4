#include "exporter/cli/config_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

LoadedConfig WithValues(std::vector<ShownValue> values) {
  return {.config = {}, .values = std::move(values), .files = {}};
}

ShownValue Value(std::string key, std::string text, std::string file = "default.yaml",
                 int line = 1) {
  return {.key = std::move(key),
          .text = std::move(text),
          .origin = {.file = std::move(file), .line = line}};
}

std::vector<ShownValue> Override(int index, const std::string& tier, const std::string& threshold) {
  const std::string prefix = "alert_overrides[" + std::to_string(index) + "].";
  return {Value(prefix + "alert", "PathwitnessPathLossHigh"), Value(prefix + "tier", tier),
          Value(prefix + "threshold", threshold)};
}

std::vector<ShownValue> Joined(std::vector<ShownValue> left, const std::vector<ShownValue>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

auto Named(const std::string& name) {
  return Field("name", &NamedValues::name, name);
}

TEST(DiffConfigs, FindsNothingBetweenEqualValuesOfDifferentOrigin) {
  EXPECT_TRUE(DiffConfigs(WithValues({Value("probing.packets_per_second", "500", "a.yaml", 3)}),
                          WithValues({Value("probing.packets_per_second", "500", "", 0)}))
                  .IsEmpty());
}

TEST(DiffConfigs, GivesBothSidesOfASettingWithTheirPlaces) {
  const ShownValue left = Value("probing.packets_per_second", "500", "ci.yaml", 3);
  const ShownValue right = Value("probing.packets_per_second", "2000", "", 0);
  const ConfigDifference difference = DiffConfigs(WithValues({left}), WithValues({right}));
  ASSERT_EQ(difference.settings.size(), 1U);
  EXPECT_EQ(difference.settings[0].key, "probing.packets_per_second");
  EXPECT_THAT(difference.settings[0].left, Optional(left));
  EXPECT_THAT(difference.settings[0].right, Optional(right));
}

TEST(DiffConfigs, LeavesOutTheSideThatHasNoSuchKey) {
  const ConfigDifference difference =
      DiffConfigs(WithValues({}), WithValues({Value("defaults.labels.team", "build")}));
  ASSERT_EQ(difference.settings.size(), 1U);
  EXPECT_EQ(difference.settings[0].left, std::nullopt);
  EXPECT_EQ(difference.settings[0].right->text, "build");
}

TEST(DiffConfigs, DoesNotTellOfAMapThatWasEmptyBesideWhatIsInItNow) {
  const ConfigDifference difference =
      DiffConfigs(WithValues({Value("defaults.labels", "{}", "", 0)}),
                  WithValues({Value("defaults.labels.team", "build")}));
  EXPECT_THAT(difference.settings,
              ElementsAre(Field(&ValueDifference::key, "defaults.labels.team")));
}

TEST(DiffConfigs, TellsOfAnEmptyMapThatIsAllThereIs) {
  const ConfigDifference difference =
      DiffConfigs(WithValues({Value("targets[a].host", "a"), Value("targets[a].pulse.push", "{}")}),
                  WithValues({Value("targets[a].host", "a")}));
  ASSERT_EQ(difference.targets.differing.size(), 1U);
  EXPECT_THAT(difference.targets.differing[0].values,
              ElementsAre(Field(&ValueDifference::key, "pulse.push")));
}

TEST(DiffConfigs, AnEmptyListOfOverridesIsNoSetting) {
  const ConfigDifference difference = DiffConfigs(
      WithValues({Value("alert_overrides", "[]", "", 0)}), WithValues(Override(0, "info", "1")));
  EXPECT_THAT(difference.settings, IsEmpty());
}

TEST(DiffConfigs, NamesTargetsThatOneSideLacks) {
  const ConfigDifference difference = DiffConfigs(
      WithValues({Value("targets[a].host", "a.example"), Value("targets[b].host", "b")}),
      WithValues({Value("targets[b].host", "b"), Value("targets[c].host", "c")}));
  EXPECT_THAT(difference.targets.only_left, ElementsAre(Named("a")));
  EXPECT_THAT(difference.targets.only_right, ElementsAre(Named("c")));
  EXPECT_THAT(difference.targets.differing, IsEmpty());
}

TEST(DiffConfigs, TellsWhatOneTargetDiffersIn) {
  const ConfigDifference difference = DiffConfigs(
      WithValues({Value("targets[a].host", "a"), Value("targets[a].trace.interval", "10s")}),
      WithValues({Value("targets[a].host", "a"), Value("targets[a].trace.interval", "30s")}));
  ASSERT_EQ(difference.targets.differing.size(), 1U);
  EXPECT_EQ(difference.targets.differing[0].name, "a");
  EXPECT_THAT(difference.targets.differing[0].values,
              ElementsAre(Field(&ValueDifference::key, "trace.interval")));
}

TEST(DiffConfigs, SetsWhatATargetTakesFromTheDefaultsAgainstWhatTheOtherSets) {
  const ShownValue inherited = Value("defaults.trace.interval", "10s", "default.yaml", 7);
  const std::vector<ShownValue> right = {inherited, Value("targets[a].host", "a")};
  const ConfigDifference difference = DiffConfigs(
      WithValues(Joined(right, {Value("targets[a].trace.interval", "30s")})), WithValues(right));
  ASSERT_EQ(difference.targets.differing.size(), 1U);
  ASSERT_EQ(difference.targets.differing[0].values.size(), 1U);
  EXPECT_EQ(difference.targets.differing[0].values[0].left->text, "30s");
  EXPECT_EQ(difference.targets.differing[0].values[0].right->text, "10s");
  EXPECT_EQ(difference.targets.differing[0].values[0].right->origin, inherited.origin);
}

TEST(DiffConfigs, WhatOneTargetSetsAndTheOtherTakesFromTheDefaultsMayBeTheSame) {
  const std::vector<ShownValue> right = {Value("defaults.trace.interval", "10s"),
                                         Value("targets[a].host", "a")};
  EXPECT_TRUE(DiffConfigs(WithValues(Joined(right, {Value("targets[a].trace.interval", "10s")})),
                          WithValues(right))
                  .IsEmpty());
}

TEST(DiffConfigs, ATargetWithoutHttpsTakesNothingFromItsDefaults) {
  const std::vector<ShownValue> right = {Value("defaults.https.timeout", "10s"),
                                         Value("targets[a].host", "a")};
  const ConfigDifference difference = DiffConfigs(
      WithValues(Joined(right, {Value("targets[a].https.timeout", "10s")})), WithValues(right));
  ASSERT_EQ(difference.targets.differing.size(), 1U);
  EXPECT_EQ(difference.targets.differing[0].values[0].right, std::nullopt);
}

TEST(DiffConfigs, DisregardsTheOrderOfTargets) {
  const std::vector<ShownValue> a = {Value("targets[a].host", "a.example")};
  const std::vector<ShownValue> b = {Value("targets[b].host", "b.example")};
  EXPECT_TRUE(DiffConfigs(WithValues(Joined(a, b)), WithValues(Joined(b, a))).IsEmpty());
}

TEST(DiffConfigs, KnowsAnOverrideByAlertTierAndTargetWhereverItStands) {
  const auto warning = [](int index) { return Override(index, "warning", "0.1"); };
  const auto critical = [](int index) { return Override(index, "critical", "0.3"); };
  EXPECT_TRUE(DiffConfigs(WithValues(Joined(warning(0), critical(1))),
                          WithValues(Joined(critical(0), warning(1))))
                  .IsEmpty());
}

TEST(DiffConfigs, TellsWhatOneOverrideDiffersIn) {
  const ConfigDifference difference = DiffConfigs(WithValues(Override(0, "critical", "0.2")),
                                                  WithValues(Override(0, "critical", "0.3")));
  ASSERT_EQ(difference.alert_overrides.differing.size(), 1U);
  EXPECT_EQ(difference.alert_overrides.differing[0].name, "PathwitnessPathLossHigh (critical)");
  EXPECT_THAT(difference.alert_overrides.differing[0].values,
              ElementsAre(Field(&ValueDifference::key, "threshold")));
}

TEST(DiffConfigs, AnOverrideOfOneTargetIsNotThatOfTheEnvironment) {
  auto of_target = Override(0, "critical", "0.2");
  of_target.push_back(Value("alert_overrides[0].target", "here-to-loopback"));
  const ConfigDifference difference =
      DiffConfigs(WithValues(of_target), WithValues(Override(0, "critical", "0.2")));
  EXPECT_THAT(difference.alert_overrides.only_left,
              ElementsAre(Named("PathwitnessPathLossHigh (critical) of here-to-loopback")));
  EXPECT_THAT(difference.alert_overrides.only_right,
              ElementsAre(Named("PathwitnessPathLossHigh (critical)")));
}

TEST(DiffText, SaysInOneLineThatNothingDiffers) {
  EXPECT_EQ(DiffText({}, "staging", "production"), "staging and production do not differ\n");
}

TEST(DiffText, GroupsWhatDiffersAndSaysWhereItStands) {
  const ConfigDifference difference =
      DiffConfigs(WithValues(Joined({Value("probing.packets_per_second", "500", "staging.yaml", 3),
                                     Value("targets[a].name", "a", "staging.yaml", 5),
                                     Value("targets[b].host", "b.example"),
                                     Value("targets[b].trace.interval", "30s", "staging.yaml", 9)},
                                    Override(0, "critical", "0.2"))),
                  WithValues({Value("probing.packets_per_second", "2000", "", 0),
                              Value("targets[b].host", "b.example")}));
  EXPECT_EQ(DiffText(difference, "staging", "production"), R"(- staging
+ production

settings
  probing.packets_per_second
    - 500  # staging.yaml:3
    + 2000  # built-in

targets only in staging
  a  # staging.yaml:5

targets that differ
  b
    trace.interval
      - 30s  # staging.yaml:9
      + not set

alert overrides only in staging
  PathwitnessPathLossHigh (critical)
    threshold: 0.2  # default.yaml:1
)");
}

TEST(DiffJson, HoldsWhatTheTextHolds) {
  const ConfigDifference difference =
      DiffConfigs(WithValues({Value("targets[a].name", "a", "staging.yaml", 5)}),
                  WithValues({Value("probing.packets_per_second", "2000", "", 0)}));
  const auto json = nlohmann::json::parse(DiffJson(difference, "staging", "production"));
  EXPECT_EQ(json, nlohmann::json::parse(R"({
    "left": "staging", "right": "production", "is_same": false,
    "settings": [{"key": "probing.packets_per_second", "left": null,
                  "right": {"value": "2000", "origin": "built-in"}}],
    "targets": {"only_left": [{"name": "a",
                               "values": {"name": {"value": "a", "origin": "staging.yaml:5"}}}],
                "only_right": [], "differing": []},
    "alert_overrides": {"only_left": [], "only_right": [], "differing": []}})"));
}

TEST(DiffJson, SaysThatNothingDiffers) {
  EXPECT_THAT(DiffJson({}, "a", "b"), HasSubstr("\"is_same\": true"));
}

}  // namespace
}  // namespace pathwitness
