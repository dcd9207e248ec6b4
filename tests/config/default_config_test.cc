#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "config/load.h"

namespace pathwitness {
namespace {

const char* const kDefaultFile = PATHWITNESS_SOURCE_DIR "/config/default.yaml";
const char* const kDocument = PATHWITNESS_SOURCE_DIR "/docs/configuration.md";

std::string TextOf(const char* path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// The file's text with its own targets replaced by one that has every section.
Config DefaultsWithOneTarget() {
  std::string text = TextOf(kDefaultFile);
  text.resize(text.find("\ntargets:\n"));
  text += R"(
targets:
  - name: all
    host: 192.0.2.1
    trace: {protocols: [icmp]}
    https: {url: "https://192.0.2.1/"}
    pulse: {push: {}}
)";
  return ParseConfig(text, "default.yaml");
}

// "defaults" are a target's keys, and the requests of pulses and sources have those of https.
std::string DocumentedAs(const std::string& key, const std::set<std::string>& known) {
  if (key.starts_with("defaults.")) {
    return DocumentedAs("targets[]." + key.substr(std::string("defaults.").size()), known);
  }
  static const std::regex kFetched(
      R"((targets\[\]\.pulse\.(http_header|json_field|prometheus_sample)|discovery\.target_http\[\]|alerting\.prometheus\[\])\.(.*))");
  std::smatch match;
  if (std::regex_match(key, match, kFetched)) {
    const std::string of_https = "targets[].https." + match[3].str();
    const bool has_own_row = key == "discovery.target_http[].url" ||
                             key == "discovery.target_http[].interval" ||
                             key == "alerting.prometheus[].url";
    return known.contains(of_https) && !has_own_row ? of_https : key;
  }
  return key;
}

std::set<std::string> KeysToDocument() {
  const std::set<std::string> known = KnownConfigKeys();
  std::set<std::string> keys;
  for (const std::string& key : known) {
    keys.insert(DocumentedAs(key, known));
  }
  return keys;
}

// The keys in the first column of the document's tables.
std::set<std::string> DocumentedKeys() {
  const std::string text = TextOf(kDocument);
  const std::regex row(R"(\n\| `([^`]+)` \|)");
  std::set<std::string> keys;
  for (std::sregex_iterator at(text.begin(), text.end(), row), end; at != end; ++at) {
    keys.insert((*at)[1].str());
  }
  return keys;
}

/// A key that stands alone in the document's tables and the value that it says is the default.
struct DocumentedDefault {
  std::string key;
  std::string value;
};

// Defaults in words, as "the host's", and those of list items are left to readers.
std::vector<DocumentedDefault> DocumentedDefaults() {
  const std::string text = TextOf(kDocument);
  const std::regex row(R"(\n\| `(?:targets\[\]\.)?([^`\[]+)` \| [^|]* \| `([^`]+)`(?::[^|]*)? \|)");
  std::vector<DocumentedDefault> found;
  for (std::sregex_iterator at(text.begin(), text.end(), row), end; at != end; ++at) {
    const bool is_of_target = (*at)[0].str().find("`targets[].") != std::string::npos;
    found.push_back({(is_of_target ? "defaults." : "") + (*at)[1].str(), (*at)[2].str()});
  }
  return found;
}

/// A target that has every section, and `key` said as `value`.
Config ConfigWith(const std::string& key, const std::string& value) {
  std::string line = value;
  for (std::string rest = key; !rest.empty();) {
    const std::size_t dot = rest.rfind('.');
    const bool is_first = dot == std::string::npos;
    line = rest.substr(is_first ? 0 : dot + 1) + ": " + line;
    line = is_first ? line : "{" + line + "}";
    rest.resize(is_first ? 0 : dot);
  }
  line += R"(
targets:
  - name: all
    host: 192.0.2.1
    trace: {protocols: [icmp]}
    https: {url: "https://192.0.2.1/"}
    pulse: {push: {}}
    reflector: {key_file: reflector.key}
)";
  Config config = ParseConfig(line, "default.yaml");
  config.target_defaults = {};
  config.sha256.clear();
  return config;
}

TEST(DefaultConfig, Loads) {
  const Config config = LoadConfig(kDefaultFile);
  EXPECT_FALSE(config.targets.empty());
}

TEST(DefaultConfig, TopLevelSectionsEqualTheMemberDefaults) {
  const Config config = DefaultsWithOneTarget();
  const Config defaults;
  EXPECT_EQ(config.probing, defaults.probing);
  EXPECT_EQ(config.resolver, defaults.resolver);
  EXPECT_EQ(config.metrics, defaults.metrics);
  EXPECT_EQ(config.state_directory, defaults.state_directory);
  EXPECT_EQ(config.archive, defaults.archive);
  EXPECT_EQ(config.upload, defaults.upload);
  EXPECT_EQ(config.probe_allow, defaults.probe_allow);
  EXPECT_EQ(config.discovery, defaults.discovery);
  EXPECT_EQ(config.alerting, defaults.alerting);
  EXPECT_EQ(config.links, defaults.links);
  EXPECT_EQ(config.status_page, defaults.status_page);
  EXPECT_EQ(config.history, defaults.history);
  EXPECT_EQ(config.reload, defaults.reload);
}

TEST(DefaultConfig, DefaultsOfTargetsEqualTheMemberDefaults) {
  TargetConfig expected;
  expected.name = "all";
  expected.host = "192.0.2.1";
  expected.trace.protocols = {TraceProtocol::Icmp};
  expected.https.request.url = "https://192.0.2.1/";
  expected.pulse.kind = PulseKind::Push;
  EXPECT_EQ(DefaultsWithOneTarget().targets.at(0), expected);
}

TEST(DefaultConfig, ShowsEveryKey) {
  const std::string text = TextOf(kDefaultFile);
  for (const std::string& key : KnownConfigKeys()) {
    const std::string name = key.substr(key.rfind('.') + 1);
    EXPECT_THAT(text, ::testing::ContainsRegex("[ {#\n]" + name + ":")) << key;
  }
}

TEST(ConfigDocument, TellsTheDefaults) {
  const Config defaults = ConfigWith("reload.watch", "false");
  std::size_t told = 0;
  for (const auto& [key, value] : DocumentedDefaults()) {
    static const std::regex kOfOneKind(R"(defaults\.pulse\..*\..*)");
    if (std::regex_match(key, kOfOneKind)) {
      continue;  // it would make the pulse one of that kind
    }
    EXPECT_EQ(ConfigWith(key, value), defaults) << key << " is not " << value;
    ++told;
  }
  EXPECT_GT(told, 70U);
}

TEST(ConfigDocument, DescribesEveryKeyAndNoOther) {
  EXPECT_EQ(DocumentedKeys(), KeysToDocument());
}

}  // namespace
}  // namespace pathwitness
