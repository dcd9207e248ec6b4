#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tests/config/folder.h"

namespace pathwitness {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Config Parse(const std::string& yaml) {
  return ParseConfig(yaml, "test.yaml");
}

std::vector<ConfigProblem> ProblemsOf(const std::string& yaml) {
  try {
    Parse(yaml);
  } catch (const ConfigError& error) {
    return error.Problems();
  }
  return {};
}

// What LoadConfig says about a path; empty: nothing.
std::string LoadError(const std::filesystem::path& path) {
  try {
    LoadConfig(path);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(ParseConfig, ReadsATargetWithAllProbes) {
  const Config config = Parse(R"(
targets:
  - name: fra-to-github
    host: github.com
    families: [ipv4]
    source_address: 192.0.2.10
    interface: eth0
    mark: 7
    trace: {protocols: [icmp, tcp], port: 8443, interval: 20s}
    https:
      url: "https://github.com/"
      headers: {Accept: text/html}
      expect:
        status: [200, 301]
        headers: [{header: Server, regex: nginx, forbidden: true}]
      redirects: {follow: true, max: 3}
      max_body_bytes: 64KiB
    pulse: {file: {path: /var/spool/stamp}, expected_interval: 1h}
    labels: {team: build}
)");
  ASSERT_EQ(config.targets.size(), 1U);
  const TargetConfig& target = config.targets[0];
  EXPECT_EQ(target.name, "fra-to-github");
  EXPECT_EQ(target.host, "github.com");
  EXPECT_THAT(target.families, ElementsAre(IpFamily::Ipv4));
  EXPECT_THAT(target.route.source_addresses, ElementsAre(*IpAddress::Parse("192.0.2.10")));
  EXPECT_EQ(target.route.interface, "eth0");
  EXPECT_EQ(target.route.mark, 7U);
  EXPECT_THAT(target.trace.protocols, ElementsAre(TraceProtocol::Icmp, TraceProtocol::Tcp));
  EXPECT_EQ(target.trace.port, 8443);
  EXPECT_EQ(target.trace.interval, seconds(20));
  EXPECT_EQ(target.https.request.url, "https://github.com/");
  EXPECT_THAT(target.https.request.headers, ElementsAre(Pair("Accept", "text/html")));
  EXPECT_THAT(target.https.expect.status, ElementsAre(200, 301));
  EXPECT_THAT(
      target.https.expect.headers,
      ElementsAre(HeaderMatcher{.header = "Server", .regex = "nginx", .is_forbidden = true}));
  EXPECT_TRUE(target.https.request.follow_redirects);
  EXPECT_EQ(target.https.request.max_redirects, 3U);
  EXPECT_EQ(target.https.request.max_body_bytes, 65536U);
  EXPECT_EQ(target.pulse.kind, PulseKind::File);
  EXPECT_EQ(target.pulse.path, "/var/spool/stamp");
  EXPECT_EQ(target.pulse.expected_interval, std::chrono::hours(1));
  EXPECT_THAT(target.labels, ElementsAre(Pair("team", "build")));
}

TEST(ParseConfig, ReadsEveryKindOfPulse) {
  const Config config = Parse(R"(
targets:
  - {name: a, pulse: {http_header: {url: "http://192.0.2.1/", header: Date}}}
  - {name: b, pulse: {json_field: {url: "http://192.0.2.1/", pointer: /a/0, timeout: 3s}}}
  - {name: c, pulse: {prometheus_sample: {url: "http://192.0.2.1/", metric: up, labels: {job: x}}}}
  - {name: d, pulse: {file: {path: stamp}}}
  - name: e
    pulse:
      push:
)");
  EXPECT_EQ(config.targets[0].pulse.kind, PulseKind::HttpHeader);
  EXPECT_EQ(config.targets[0].pulse.header, "Date");
  EXPECT_EQ(config.targets[1].pulse.kind, PulseKind::JsonField);
  EXPECT_EQ(config.targets[1].pulse.json_pointer, "/a/0");
  EXPECT_EQ(config.targets[1].pulse.request.timeout, seconds(3));
  EXPECT_EQ(config.targets[2].pulse.kind, PulseKind::PrometheusSample);
  EXPECT_EQ(config.targets[2].pulse.metric, "up");
  EXPECT_THAT(config.targets[2].pulse.labels, ElementsAre(Pair("job", "x")));
  EXPECT_EQ(config.targets[3].pulse.kind, PulseKind::File);
  EXPECT_EQ(config.targets[4].pulse.kind, PulseKind::Push);
}

TEST(ParseConfig, TargetsOverrideDefaultsKeyByKey) {
  const Config config = Parse(R"(
defaults:
  trace: {protocols: [icmp], interval: 20s, port: 8443}
  labels: {team: build, site: fra}
targets:
  - {name: a, host: 192.0.2.1, trace: {interval: 30s}, labels: {team: web}}
)");
  const TargetConfig& target = config.targets[0];
  EXPECT_EQ(target.trace.interval, seconds(30));
  EXPECT_EQ(target.trace.port, 8443);
  EXPECT_THAT(target.trace.protocols, ElementsAre(TraceProtocol::Icmp));
  EXPECT_THAT(target.labels, UnorderedElementsAre(Pair("team", "web"), Pair("site", "fra")));
}

TEST(ParseConfig, HeadersOfATargetReplaceThoseOfTheSameName) {
  const Config config = Parse(R"(
defaults: {https: {headers: {Accept: text/html, X-From: fra}}}
targets:
  - {name: a, https: {url: "https://192.0.2.1/", headers: {Accept: "*/*"}}}
)");
  EXPECT_THAT(config.targets[0].https.request.headers,
              UnorderedElementsAre(Pair("Accept", "*/*"), Pair("X-From", "fra")));
}

TEST(ParseConfig, DefaultProtocolsTraceOnlyTargetsWithAHost) {
  const Config config = Parse(R"(
defaults: {trace: {protocols: [icmp]}}
targets:
  - {name: a, host: 192.0.2.1}
  - {name: b, host: 192.0.2.1, trace: {protocols: []}, https: {url: "https://192.0.2.1/"}}
  - {name: c, pulse: {push: {}}}
)");
  EXPECT_THAT(config.targets[0].trace.protocols, ElementsAre(TraceProtocol::Icmp));
  EXPECT_THAT(config.targets[1].trace.protocols, IsEmpty());
  EXPECT_THAT(config.targets[2].trace.protocols, IsEmpty());
}

TEST(ParseConfig, DefaultsOfHttpsGiveNoTargetAnHttpsProbe) {
  const Config config = Parse(R"(
defaults: {https: {timeout: 5s}}
targets:
  - {name: a, host: 192.0.2.1, trace: {protocols: [icmp]}}
)");
  EXPECT_EQ(config.targets[0].https, HttpsConfig{});
}

TEST(ParseConfig, TheUrlsHostIsTheTargetsUnlessItNamesOne) {
  const Config config = Parse(R"(
targets:
  - {name: a, https: {url: "https://[2001:db8::1]:8443/"}}
  - {name: b, host: 192.0.2.1, https: {url: "https://example.com/"}}
)");
  EXPECT_EQ(config.targets[0].host, "2001:db8::1");
  EXPECT_EQ(config.targets[1].host, "192.0.2.1");
}

TEST(ParseConfig, AliasesStandForWholeValues) {
  const Config config = Parse(R"(
targets:
  - {name: a, host: 192.0.2.1, trace: &slow {protocols: [icmp], interval: 60s}}
  - {name: b, host: 192.0.2.2, trace: *slow}
)");
  EXPECT_EQ(config.targets[1].trace, config.targets[0].trace);
}

TEST(ParseConfig, NamesTheBytesItRead) {
  // printf '{targets: [{name: a, pulse: {push: {}}}]}' | sha256sum
  EXPECT_EQ(Parse("{targets: [{name: a, pulse: {push: {}}}]}").sha256,
            "b8d0f9da3f0d7c4e83efb0e1e59aafa82f4b1d1b8d85f2591e950fe8fafe79c4");
}

TEST(ParseConfig, ReportsEveryProblemAtOnceInItsPlace) {
  EXPECT_THAT(ProblemsOf("targets:\n"
                         "  - name: a\n"
                         "    host: 192.0.2.1\n"
                         "    hots: 192.0.2.1\n"
                         "    trace: {protocols: [icmp], interval: 10, max_ttl: 99}\n"
                         "  - name: a\n"
                         "    pulse: {push: {}}\n"),
              ElementsAre(ConfigProblem{"test.yaml", 4, 5, "targets[0]",
                                        "unknown key 'hots'; did you mean 'host'?"},
                          ConfigProblem{"test.yaml", 5, 42, "targets[0].trace.interval",
                                        "'10' has no unit; write '10s' or '10ms'"},
                          ConfigProblem{"test.yaml", 5, 55, "targets[0].trace.max_ttl",
                                        "must be 1 to 64, not 99"},
                          ConfigProblem{"test.yaml", 6, 11, "targets[1].name",
                                        "'a' is the name of targets[0] too"}));
}

TEST(ParseConfig, AProblemOfTheDefaultsIsReportedOnceAndThere) {
  EXPECT_THAT(ProblemsOf("defaults: {trace: {protocols: [icmp], max_ttl: 99}}\n"
                         "targets:\n"
                         "  - {name: a, host: 192.0.2.1}\n"
                         "  - {name: b, host: 192.0.2.2}\n"),
              ElementsAre(ConfigProblem{"test.yaml", 1, 48, "defaults.trace.max_ttl",
                                        "must be 1 to 64, not 99"}));
}

TEST(ParseConfig, ProblemsAreCountedInHundredsAtMost) {
  std::string yaml = "targets:\n";
  for (int i = 0; i < 1000; ++i) {
    yaml += "  - {nmae: x}\n";
  }
  const std::vector<ConfigProblem> problems = ProblemsOf(yaml);
  ASSERT_FALSE(problems.empty());
  EXPECT_LE(problems.size(), 101U);
  EXPECT_THAT(problems.back().what, HasSubstr("more problems follow"));
}

TEST(ParseConfig, AnAliasBombIsRefusedQuickly) {
  std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int j = 1; j < 10; ++j) {
      yaml += ", " + below;
    }
    yaml += "]\n";
  }
  const std::vector<ConfigProblem> problems = ProblemsOf(yaml);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].what, "more than 1000000 values, aliases counted in full");
}

TEST(ParseConfig, BytesThatAreNoTextAreRefused) {
  for (const std::string& bytes :
       {std::string("a: \0", 4), std::string("\xFF\xFE"), std::string("a: \xC3"),
        std::string("a: \xC0\xAF"), std::string("a: \xED\xA0\x80"),
        std::string("\xF5\x80\x80\x80")}) {
    const std::vector<ConfigProblem> problems = ProblemsOf("targets: []\n" + bytes);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].line, 2);
  }
}

TEST(ParseConfig, EveryLengthOfUtf8IsText) {
  const Config config =
      Parse("{targets: [{name: a, pulse: {push: }, labels: {x: \"\u00e9\u20ac\U0001F4A1\"}}]}");
  EXPECT_EQ(config.targets[0].labels.at("x"), "\u00e9\u20ac\U0001F4A1");
}

TEST(ConfigProblem, LeavesOutWhatIsUnknown) {
  EXPECT_EQ((ConfigProblem{"a.yaml", 3, 7, "x.y", "is bad"}).ToString(), "a.yaml:3:7: x.y: is bad");
  EXPECT_EQ((ConfigProblem{"a.yaml", 0, 0, "", "is bad"}).ToString(), "a.yaml: is bad");
}

TEST(ConfigProblem, StaysOnOneLine) {
  EXPECT_EQ((ConfigProblem{"a.yaml", 1, 1, "x\ny", "is bad"}).ToString(),
            "a.yaml:1:1: x?y: is bad");
}

TEST(ConfigError, PrintsOneLineForEachProblem) {
  const ConfigError error({{"a.yaml", 1, 2, "x", "is bad"}, {"a.yaml", 3, 4, "y", "is worse"}});
  EXPECT_STREQ(error.what(), "a.yaml:1:2: x: is bad\na.yaml:3:4: y: is worse");
}

TEST(LoadConfig, RelativePathsStartAtTheFilesFolder) {
  const Folder folder;
  folder.Write("token", "x");
  const std::filesystem::path file = folder.Write(
      "c.yaml",
      "targets: [{name: a, https: {url: \"https://192.0.2.1/\", bearer_token_file: token}}]");
  EXPECT_EQ(LoadConfig(file).targets[0].https.request.bearer_token_file, folder.Path() / "token");
}

TEST(LoadConfig, AMissingSecretIsReportedAtItsKey) {
  const Folder folder;
  const std::filesystem::path file = folder.Write(
      "c.yaml", "targets:\n- {name: a, https: {url: 'https://192.0.2.1/', bearer_token_file: t}}");
  EXPECT_EQ(LoadError(file), file.string() + ":2:67: targets[0].https.bearer_token_file: '" +
                                 (folder.Path() / "t").string() + "' does not exist");
}

TEST(LoadConfig, WhatIsNoReadableFileIsSaidPlainly) {
  const Folder folder;
  const std::filesystem::path fifo = folder.Path() / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(LoadError(folder.Path()), HasSubstr("is a directory"));
  EXPECT_THAT(LoadError(fifo), HasSubstr("is not a regular file"));
  EXPECT_THAT(LoadError(folder.Path() / "none.yaml"), HasSubstr("No such file or directory"));
}

TEST(LoadConfig, FilesAboveTenMebibytesAreRefused) {
  const Folder folder;
  const std::filesystem::path file = folder.Write("big.yaml", "");
  std::filesystem::resize_file(file, (10U << 20U) + 1);
  EXPECT_THAT(LoadError(file), HasSubstr("is larger than 10 MiB"));
}

}  // namespace
}  // namespace pathwitness
