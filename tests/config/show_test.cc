#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "config/load.h"
#include "config/shown_text.h"
#include "tests/config/folder.h"

namespace pathwitness {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr WallTime kNow =
    std::chrono::sys_days(std::chrono::year(2026) / std::chrono::November / 21);

LoadedConfig LoadText(const Folder& folder, const std::string& text) {
  return LoadLayers(folder.Write("default.yaml", text), "default", kNow);
}

// Null when there is none of that key.
const ShownValue* Find(const LoadedConfig& loaded, const std::string& key) {
  const auto found = std::find_if(loaded.values.begin(), loaded.values.end(),
                                  [&key](const ShownValue& value) { return value.key == key; });
  return found == loaded.values.end() ? nullptr : &*found;
}

TEST(ShownValues, NameTheLayerThatEachComesFrom) {
  const Folder folder;
  folder.Write("environments/e.yaml", "probing:\n  https_concurrency: 7\n");
  const auto file = folder.Write("default.yaml",
                                 "probing: {packets_per_second: 500, https_concurrency: 2}\n"
                                 "targets:\n- {name: a.b, pulse: {push: {}}}\n");
  const LoadedConfig loaded = LoadLayers(file, "e", kNow);
  EXPECT_EQ(*Find(loaded, "probing.https_concurrency"),
            (ShownValue{
                "probing.https_concurrency", "7", {folder.Path() / "environments" / "e.yaml", 2}}));
  EXPECT_EQ(Find(loaded, "probing.packets_per_second")->origin, (Origin{file, 1}));
  EXPECT_EQ(Find(loaded, "resolver.timeout")->origin, Origin{});
  EXPECT_EQ(Find(loaded, "targets[a.b].pulse.push")->origin, (Origin{file, 3}));
}

TEST(ShownValues, AnOverriddenTargetKeepsTheOriginOfItsName) {
  const Folder folder;
  folder.Write("environments/e.yaml", "\n\ntargets: [{name: a, mark: 3}]");
  const auto file = folder.Write("default.yaml", "targets: [{name: a, pulse: {push: {}}}]");
  const LoadedConfig loaded = LoadLayers(file, "e", kNow);
  EXPECT_EQ(Find(loaded, "targets[a].name")->origin, (Origin{file, 1}));
  EXPECT_EQ(Find(loaded, "targets[a].mark")->origin.line, 3);
}

TEST(ShownValues, WhatATargetTakesFromDefaultsStandsThereOnly) {
  const Folder folder;
  const LoadedConfig loaded = LoadText(
      folder, "defaults: {trace: {protocols: icmp}}\ntargets: [{name: a, host: 192.0.2.1}]");
  EXPECT_EQ(Find(loaded, "targets[a].trace.protocols"), nullptr);
  EXPECT_EQ(Find(loaded, "defaults.trace.protocols")->text, "[icmp]");
}

TEST(ShownValues, AreInCanonicalForm) {
  const Folder folder;
  const LoadedConfig loaded = LoadText(folder,
                                       "resolver: {timeout: 2000ms}\n"
                                       "probing: {receive_buffer_bytes: 1048576}\n"
                                       "targets: [{name: a, pulse: {push: {}}}]");
  EXPECT_EQ(Find(loaded, "resolver.timeout")->text, "2s");
  EXPECT_EQ(Find(loaded, "probing.receive_buffer_bytes")->text, "1MiB");
}

TEST(ShownValues, OfHeadersNamedLikeSecretsAreMasked) {
  const Folder folder;
  const LoadedConfig loaded =
      LoadText(folder,
               "targets: [{name: a, https: {url: \"https://192.0.2.1/?a=1&api_token=canary&b=2#x\","
               " headers: {X-Api-Key: canary, Cookie: canary, Accept: text/html}}}]");
  const std::string text = ShowConfig(loaded);
  EXPECT_THAT(text, Not(HasSubstr("canary")));
  EXPECT_THAT(text, HasSubstr("\"https://192.0.2.1/?a=1&api_token=<secret>&b=2#x\""));
  EXPECT_THAT(text, HasSubstr("Accept: text/html"));
}

TEST(ShowConfig, IsTheMergedConfigurationWithOrigins) {
  const Folder folder;
  const auto file = folder.Write("default.yaml",
                                 "targets:\n"
                                 "- name: a\n"
                                 "  https:\n"
                                 "    url: https://192.0.2.1/\n"
                                 "    headers: {X.Y: '1: 2'}\n"
                                 "    expect:\n"
                                 "      headers: [{header: Server, regex: n}, {header: Via}]\n");
  const std::string text = ShowConfig(LoadLayers(file, "default", kNow));
  const std::string f = file.string();
  EXPECT_THAT(text, HasSubstr("probing:\n  packets_per_second: 2000  # built-in\n"));
  EXPECT_EQ(text.substr(text.find("targets:\n")),
            "targets:\n"
            "  - name: a  # " +
                f +
                ":2\n"
                "    https:\n"
                "      url: \"https://192.0.2.1/\"  # " +
                f +
                ":4\n"
                "      headers:\n"
                "        X.Y: \"1: 2\"  # " +
                f +
                ":5\n"
                "      expect:\n"
                "        headers:\n"
                "          - header: Server  # " +
                f +
                ":7\n"
                "            regex: n  # " +
                f +
                ":7\n"
                "          - header: Via  # " +
                f + ":7\n");
}

TEST(ShowConfig, ReadsBackToTheSameConfiguration) {
  const LoadedConfig loaded =
      LoadLayers(PATHWITNESS_SOURCE_DIR "/config/default.yaml", "staging", kNow);
  Config again = ParseConfig(ShowConfig(loaded), "shown", kNow);
  again.environment = loaded.config.environment;
  again.sha256 = loaded.config.sha256;
  again.alerting.rules = loaded.config.alerting.rules;  // shown as written, from the file's folder
  again.alerting.runbooks = loaded.config.alerting.runbooks;
  EXPECT_EQ(again, loaded.config);
}

TEST(ShowConfig, OfATextWithOddCharactersReadsBackToTheSame) {
  const Folder folder;
  const std::string reason = R"("tab\t quote\" back\\ # hash: [x] 'y' \u00e9")";
  const LoadedConfig loaded =
      LoadText(folder, "targets: [{name: a, pulse: {push: {}}, labels: {x: " + reason + "}}]");
  EXPECT_EQ(ParseConfig(ShowConfig(loaded), "shown").targets, loaded.config.targets);
}

TEST(ToYaml, QuotesWhatWouldReadAsSomethingElse) {
  EXPECT_EQ(ToYaml("here-to-x"), "here-to-x");
  EXPECT_EQ(ToYaml(""), "\"\"");
  EXPECT_EQ(ToYaml("true"), "\"true\"");
  EXPECT_EQ(ToYaml("- a"), "\"- a\"");
  EXPECT_EQ(ToYaml("a: b"), "\"a: b\"");
  EXPECT_EQ(ToYaml("a\nb"), "\"a\\x0ab\"");
}

}  // namespace
}  // namespace pathwitness
