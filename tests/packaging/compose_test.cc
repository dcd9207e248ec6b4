// What the compose file says, beside what it starts: versions, flags, mounted files, names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "probes/disk/files.h"
#include "tests/support/running_server.h"

namespace pathwitness {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::filesystem::path kSources = PATHWITNESS_SOURCE_DIR;
const std::filesystem::path kFolder = kSources / "packaging/compose";

std::string Text(const std::string& file) {
  constexpr std::size_t kMost = 1'000'000;
  return ReadWholeFile(kSources / file, kMost).value_or("");
}

nlohmann::json Services() {
  const std::string to_json =
      "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
  const Ended ended = RunToEnd({"python3", "-c", to_json, kFolder / "docker-compose.yaml"});
  return nlohmann::json::parse(ended.output).at("services");
}

/// What an image of others starts, by Debian's name of it; empty for those that Debian lacks.
std::string DebiansProgram(const std::string& image) {
  if (image.starts_with("prom/prometheus:")) {
    return "prometheus";
  }
  return image.starts_with("prom/alertmanager:") ? "prometheus-alertmanager" : "";
}

int StatusOf(std::vector<std::string> command, const std::string& last) {
  command.push_back(last);
  return RunToEnd(command).status;
}

// With --version they read their command line, and end.
TEST(Compose, PrometheusAndAlertmanagerTakeTheirFlags) {
  int tried = 0;
  const nlohmann::json services = Services();
  for (const auto& [name, service] : services.items()) {
    std::vector<std::string> command = {DebiansProgram(service.at("image"))};
    if (command.front().empty()) {
      continue;
    }
    for (const auto& flag : service.at("command")) {
      command.push_back(flag);
    }
    EXPECT_EQ(StatusOf(command, "--version"), 0) << name;
    command.emplace_back("--no-such-flag");
    EXPECT_NE(StatusOf(command, "--version"), 0) << name << ": nobody looks at its flags";
    ++tried;
  }
  EXPECT_EQ(tried, 4);
}

/// Where a service finds files of the sources, and which they are: "a:b" or "${NAME:-a}:b:ro".
std::map<std::string, std::filesystem::path> Mounts(const nlohmann::json& service) {
  const std::regex form(R"((?:\$\{\w+:-)?(\.[^:}]*)\}?:([^:]+)(?::ro)?)");
  std::map<std::string, std::filesystem::path> mounts;
  for (const std::string volume : service.at("volumes")) {
    if (std::smatch parts; std::regex_match(volume, parts, form)) {
      mounts[parts[2]] = kFolder / parts[1].str();
    }
  }
  return mounts;
}

TEST(Compose, EveryMountedFileIsThereAndIsWhatAFlagNames) {
  const nlohmann::json services = Services();
  for (const auto& [name, service] : services.items()) {
    const auto mounts = Mounts(service);
    EXPECT_THAT(mounts, Not(IsEmpty())) << name;
    for (const auto& [place, file] : mounts) {
      // Secrets are made by who starts it.
      EXPECT_TRUE(std::filesystem::exists(file) || file.filename() == "secrets") << file;
    }
    for (const std::string flag : service.value("command", nlohmann::json::array())) {
      const std::string config = "--config.file=";
      if (flag.starts_with(config)) {
        EXPECT_TRUE(mounts.contains(flag.substr(config.size()))) << name << ": " << flag;
      }
    }
  }
}

/// All `host:port` of this kind of service in a text.
std::set<std::string> HostsIn(const std::string& text) {
  const std::regex form(R"((?:pathwitness|prometheus|alertmanager)-[12](?=:\d))");
  std::set<std::string> hosts;
  for (std::sregex_iterator at(text.begin(), text.end(), form), end; at != end; ++at) {
    hosts.insert(at->str());
  }
  return hosts;
}

TEST(Compose, HasAServiceForEveryHostThatTheFilesName) {
  const nlohmann::json services = Services();
  const std::set<std::string> hosts =
      HostsIn(Text("alerts/prometheus.yaml") + Text("alerts/alertmanager.yaml") +
              Text("grafana/provisioning/datasources/pathwitness.yaml"));
  EXPECT_EQ(hosts.size(), 6U);
  for (const std::string& host : hosts) {
    EXPECT_TRUE(services.contains(host)) << host;
  }
}

TEST(Release, HasOneVersionWhereverItIsWritten) {
  const std::string text = RunToEnd({PATHWITNESS_BINARY, "--version"}).output;
  const std::string mark = "version ";
  const std::size_t begin = text.find(mark) + mark.size();
  const std::string version = text.substr(begin, text.find(' ', begin) - begin);
  EXPECT_THAT(Text("Dockerfile"), HasSubstr("\nARG VERSION=" + version + "\n"));
  EXPECT_THAT(Text("packaging/debian/changelog"),
              testing::StartsWith("pathwitness (" + version + ")"));
  EXPECT_THAT(Text("packaging/kubernetes/pathwitness/Chart.yaml"),
              HasSubstr("\nappVersion: " + version + "\n"));
  EXPECT_THAT(Text("docs/install.md"), HasSubstr("pathwitness_" + version + "_amd64.deb"));
  const nlohmann::json services = Services();
  for (const char* const name : {"pathwitness-1", "pathwitness-2"}) {
    EXPECT_EQ(services.at(name).at("image"), "pathwitness:" + version);
  }
}

}  // namespace
}  // namespace pathwitness
