#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "tests/support/loopback.h"
#include "tests/support/running_server.h"

// What the running program makes of a configuration that changes under it.
namespace pathwitness {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::string_view kStaying = R"(
targets:
  - name: staying
    host: 127.0.0.1
    trace: {protocols: [udp], interval: 1s, end_to_end_interval: 200ms, timeout: 300ms}
)";

std::string And(std::string_view targets, const std::string& name) {
  return std::string(targets) + "  - name: " + name +
         "\n    host: 127.0.0.2\n    trace: {protocols: [udp], interval: 1s, timeout: 300ms}\n";
}

constexpr std::string_view kBad =
    "targets:\n  - {name: a, host: 127.0.0.1, trase: {}}\n  - {hots: b}\n";

std::string ManyTargets(int count) {
  std::string targets = "probing: {packets_per_second: 100000}\ntargets:\n";
  for (int i = 0; i < count; ++i) {
    targets += "  - {name: t" + std::to_string(i) +
               ", host: 127.0.0.1, trace: {protocols: [udp], interval: 10m, end_to_end_interval: "
               "1m}}\n";
  }
  return targets;
}

/// The value of the first sample that starts with `series`; -1 when there is none.
double ValueOf(const std::string& page, const std::string& series) {
  const std::size_t found = page.find("\n" + series);
  if (found == std::string::npos) {
    return -1;
  }
  const std::size_t end = page.find('\n', found + 1);
  return std::stod(page.substr(page.rfind(' ', end) + 1));
}

class ReloadTest : public testing::Test {
 protected:
  std::string AwaitLog(const std::string& wanted) {
    return server_.Process().ReadUntil(wanted, 20s);
  }

  Workplace workplace_{And(kStaying, "leaving")};
  Server server_{workplace_, {"--web.enable-lifecycle"}};
};

TEST_F(ReloadTest, SighupBringsTheNewConfigurationIntoForce) {
  workplace_.Configure(And(kStaying, "coming"));
  server_.Process().Signal(SIGHUP);
  EXPECT_THAT(AwaitLog("configuration reloaded"),
              HasSubstr("targets=2 added=1 removed=1 changed=0"));
  const std::string page =
      server_.GetUntil("/metrics", "pathwitness_path_reached{target=\"coming\"");
  EXPECT_THAT(page, HasSubstr("pathwitness_path_reached{target=\"coming\""));
  EXPECT_THAT(page, HasSubstr("\npathwitness_config_last_reload_successful 1\n"));
}

TEST_F(ReloadTest, SighupWithABadConfigurationKeepsTheOld) {
  server_.GetUntil("/-/ready", " 200 ");
  workplace_.Configure(kBad);
  server_.Process().Signal(SIGHUP);
  EXPECT_THAT(AwaitLog("the old one stays in force"), AllOf(HasSubstr("trase"), HasSubstr("hots")));
  const std::string page = server_.Get("/metrics");
  EXPECT_THAT(page, AllOf(HasSubstr("\npathwitness_config_last_reload_successful 0\n"),
                          HasSubstr("pathwitness_path_probes_total{target=\"staying\""),
                          HasSubstr("pathwitness_path_probes_total{target=\"leaving\"")));
  EXPECT_THAT(server_.Get("/-/ready"), StartsWith("HTTP/1.1 200 "));
  workplace_.Configure(kStaying);
  EXPECT_THAT(server_.Post("/-/reload"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server_.Get("/metrics"),
              HasSubstr("\npathwitness_config_last_reload_successful 1\n"));
}

TEST_F(ReloadTest, AMissingFileKeepsTheOldConfiguration) {
  std::filesystem::remove(workplace_.ConfigFile());
  EXPECT_THAT(server_.Post("/-/reload"),
              AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr(workplace_.ConfigFile().string())));
  EXPECT_THAT(server_.Get("/config"), HasSubstr("leaving"));
}

TEST_F(ReloadTest, PostAnswersWithEveryProblem) {
  workplace_.Configure(kBad);
  EXPECT_THAT(server_.Post("/-/reload"),
              AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr("test.yaml:3:"), HasSubstr("trase"),
                    HasSubstr("test.yaml:4:"), HasSubstr("hots")));
}

TEST_F(ReloadTest, PostSaysWhatTakesARestart) {
  workplace_.Configure(std::string(kStaying) + "probing: {receive_buffer_bytes: 128KiB}\n");
  EXPECT_THAT(
      server_.Post("/-/reload"),
      AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("reloaded\nwarning: "),
            HasSubstr("probing.receive_buffer_bytes: 131072 takes effect after a restart")));
}

TEST_F(ReloadTest, GetDoesNotReload) {
  EXPECT_THAT(server_.Get("/-/reload"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(ReloadTest, TheSeriesOfARemovedTargetAreGoneAtTheNextScrape) {
  server_.GetUntil("/metrics", "pathwitness_path_reached{target=\"leaving\"");
  workplace_.Configure(kStaying);
  ASSERT_THAT(server_.Post("/-/reload"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server_.Get("/metrics"), Not(HasSubstr("target=\"leaving\"")));
  EXPECT_THAT(server_.Get("/"), Not(HasSubstr("leaving")));
}

TEST_F(ReloadTest, AnUnchangedTargetKeepsItsCounters) {
  const std::string probes =
      "pathwitness_path_probes_total{target=\"staying\",prober=\"trace_udp\",family=\"ipv4\"}";
  const std::string before =
      server_.GetUntil("/metrics", "pathwitness_path_reached{target=\"staying\"");
  workplace_.Configure(And(kStaying, "coming"));
  ASSERT_THAT(server_.Post("/-/reload"), StartsWith("HTTP/1.1 200 "));
  const std::string after = server_.Get("/metrics");
  ASSERT_GT(ValueOf(before, probes), 0);
  EXPECT_GE(ValueOf(after, probes), ValueOf(before, probes));
  EXPECT_EQ(ValueOf(after, "pathwitness_prober_rounds_skipped_total{target=\"staying\""), 0);
}

TEST_F(ReloadTest, ConfigShowsWhatIsInForceAndWhereItComesFrom) {
  EXPECT_THAT(BodyOf(server_.Get("/config")), AllOf(HasSubstr("leaving"), HasSubstr("test.yaml:")));
  workplace_.Configure(kStaying);
  ASSERT_THAT(server_.Post("/-/reload"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(BodyOf(server_.Get("/config")), Not(HasSubstr("leaving")));
  EXPECT_THAT(server_.Get("/"), HasSubstr("href=\"/config\""));
}

TEST_F(ReloadTest, ASecondSighupDuringAReloadIsNotLost) {
  workplace_.Configure(ManyTargets(500));
  server_.Process().Signal(SIGHUP);
  AwaitLog("reloading the configuration");
  workplace_.Configure(And(kStaying, "last"));
  server_.Process().Signal(SIGHUP);
  EXPECT_THAT(server_.GetUntil("/config", "last"), HasSubstr("last"));
}

TEST_F(ReloadTest, SigtermDuringAReloadEndsIt) {
  workplace_.Configure(ManyTargets(500));
  server_.Process().Signal(SIGHUP);
  AwaitLog("reloading the configuration");
  server_.Process().Signal(SIGTERM);
  EXPECT_EQ(server_.Process().AwaitExit(20s), 0);
}

TEST(Reload, PostIsRefusedUnlessEnabled) {
  Server server;
  EXPECT_THAT(server.Post("/-/reload"),
              AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("--web.enable-lifecycle")));
}

TEST(Reload, AWatchedFileThatChangesIsReloaded) {
  const Workplace workplace(std::string(kStaying) + "reload: {watch: true}\n");
  Server server(workplace);
  workplace.Configure(And(kStaying, "coming"));
  EXPECT_THAT(server.Process().ReadUntil("configuration reloaded", 20s),
              AllOf(HasSubstr("trigger=\"changed file\""), HasSubstr("added=1")));
}

TEST(Reload, AnUnwatchedFileIsNot) {
  const Workplace workplace(kStaying);
  Server server(workplace);
  workplace.Configure(And(kStaying, "coming"));
  // Rounds are a second apart: longer than a watch would have waited.
  server.GetUntil("/metrics",
                  "pathwitness_prober_rounds_total{target=\"staying\","
                  "prober=\"trace_udp\",family=\"ipv4\"} 3");
  EXPECT_THAT(server.Process().Output(), Not(HasSubstr("reloading")));
}

TEST(Reload, KilledInTheMiddleItStartsCleanly) {
  const Workplace workplace;
  {
    Server server(workplace);
    server.GetUntil("/-/ready", " 200 ");
    ASSERT_THAT(server.Post("/pulse/nightly-backup"), StartsWith("HTTP/1.1 200 "));
    // It keeps the target of the heartbeat, as an engine may have taken it over by then.
    workplace.Configure(ManyTargets(1000) + "  - {name: nightly-backup, pulse: {push: {}}}\n");
    server.Process().Signal(SIGHUP);
    server.Process().ReadUntil("reloading the configuration", 20s);
    server.Process().Signal(SIGKILL);
    ASSERT_EQ(server.Process().AwaitExit(20s), 128 + SIGKILL);
    ASSERT_THAT(server.Process().Output(), Not(HasSubstr("configuration reloaded")));
  }
  workplace.Configure(kLoopbackTargets);
  Server again(workplace);
  EXPECT_THAT(again.GetUntil("/-/ready", " 200 "), HasSubstr("ready\n"));
  EXPECT_THAT(again.GetUntil("/metrics", "pathwitness_pulse_timestamp_seconds{"),
              HasSubstr("pathwitness_pulse_timestamp_seconds{target=\"nightly-backup\""));
}

constexpr std::string_view kDiscovering = R"(
discovery: {target_files: ["discovered/*.json"]}
defaults: {trace: {protocols: [udp]}}
targets:
  - name: staying
    host: 127.0.0.1
    trace: {protocols: [udp], interval: 1s, end_to_end_interval: 200ms, timeout: 300ms}
)";

constexpr const char* kOneTarget =
    R"([{"targets": ["127.0.0.3"], "labels": {"__pathwitness_name": "found", "team": "x"}}])";

TEST(Discovery, AFileOfTargetsIsProbedAndItsRemovalEndsThat) {
  const Workplace workplace(kDiscovering);
  workplace.Write("discovered/a.json", kOneTarget);
  Server server(workplace);
  EXPECT_THAT(server.GetUntil("/metrics", "pathwitness_target_info{target=\"found\""),
              HasSubstr("team=\"x\""));
  EXPECT_THAT(server.Get("/config"), HasSubstr("1 targets from files, 1 discovered"));
  EXPECT_THAT(server.Get("/metrics"), HasSubstr("pathwitness_discovery_targets{source=\""));
  std::filesystem::remove(workplace.File("discovered/a.json"));
  EXPECT_THAT(server.Process().ReadUntil("added=0 removed=1", 20s),
              HasSubstr("discovered targets changed"));
  EXPECT_THAT(server.Get("/metrics"), Not(HasSubstr("target=\"found\"")));
}

TEST(Discovery, AReloadKeepsWhatWasDiscovered) {
  const Workplace workplace(kDiscovering);
  workplace.Write("discovered/a.json", kOneTarget);
  Server server(workplace, {"--web.enable-lifecycle"});
  server.Process().ReadUntil("discovered targets changed", 20s);
  workplace.Configure(And(kDiscovering, "coming"));
  EXPECT_THAT(server.Post("/-/reload"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server.Process().ReadUntil("configuration reloaded", 20s),
              HasSubstr("targets=3 added=1 removed=0 changed=0"));
}

TEST(Discovery, ATargetWhoseNameIsTakenIsRefusedAlone) {
  const Workplace workplace(kDiscovering);
  workplace.Write("discovered/a.json",
                  R"([{"targets": ["127.0.0.4"], "labels": {"__pathwitness_name": "staying"}},
                      {"targets": ["127.0.0.3"], "labels": {"__pathwitness_name": "found"}}])");
  Server server(workplace);
  EXPECT_THAT(server.Process().ReadUntil("discovered targets changed", 20s),
              AllOf(HasSubstr("discovered target refused"), HasSubstr("targets[staying]"),
                    HasSubstr("targets=2 added=1")));
}

constexpr int kSharded = 12;  // targets from each of file and discovery

/// The targets that `shard` of 2 watches, after all that is discovered was taken over.
std::set<std::string> WatchedBy(const std::string& shard) {
  std::string written = "discovery: {target_files: [\"discovered/*.json\"]}\n";
  written += "defaults: {trace: {protocols: [udp]}}\ntargets:\n";
  std::string found = "[";
  for (int i = 0; i < kSharded; ++i) {
    written += fmt::format("  - {{name: written-{}, host: 127.0.0.1, trace: {{}}}}\n", i);
    found += fmt::format(
        R"({}{{"targets": ["127.0.0.3"], "labels": {{"__pathwitness_name": "found-{}"}}}})",
        i == 0 ? "" : ",", i);
  }
  const Workplace workplace(written);
  workplace.Write("discovered/a.json", found + "]");
  Server server(workplace, {"--shard=" + shard});
  server.Process().ReadUntil("discovered targets changed", 20s);
  const std::string page = server.Get("/metrics");
  const std::string mark = "\npathwitness_target_info{target=\"";
  std::set<std::string> watched;
  for (std::size_t at = page.find(mark); at != std::string::npos; at = page.find(mark, at + 1)) {
    const std::size_t name = at + mark.size();
    watched.insert(page.substr(name, page.find('"', name) - name));
  }
  const auto own = std::ranges::count_if(
      watched, [](const std::string& name) { return name.starts_with("written-"); });
  EXPECT_THAT(server.Process().Output(),
              testing::ContainsRegex(fmt::format("listening.* targets={}\n", own)));
  return watched;
}

TEST(Shards, ShareWhatIsWrittenAndWhatIsDiscovered) {
  const std::set<std::string> first = WatchedBy("0/2");
  const std::set<std::string> second = WatchedBy("1/2");
  std::set<std::string> all = first;
  all.insert(second.begin(), second.end());
  EXPECT_EQ(all.size(), 2U * kSharded);
  EXPECT_EQ(first.size() + second.size(), all.size()) << "nothing is watched twice";
  EXPECT_THAT(first, testing::AllOf(testing::Contains(StartsWith("found-")),
                                    testing::Contains(StartsWith("written-"))));
}

TEST(Environment, IsLaidOverTheDefault) {
  const Workplace workplace(kStaying);
  workplace.Write("environments/staging.yaml", "targets:\n  - {name: staying, labels: {a: b}}\n");
  Server server(workplace, {"--environment=staging"});
  EXPECT_THAT(
      server.Get("/metrics"),
      AllOf(HasSubstr("pathwitness_config_info{environment=\"staging\""), HasSubstr("a=\"b\"")));
  EXPECT_THAT(server.Get("/config"), HasSubstr("environments/staging.yaml:"));
}

/// A planted secret must not come out anywhere; the files that hold it are read by the requests.
TEST(Secrets, ComeOutNowhere) {
  const std::string canary = "canary-5f1d3e77";
  const auto [listener, port] = ListenOnLoopback();
  const std::string url =
      "\"http://user:" + canary + "-url@127.0.0.1:" + std::to_string(port) + "/\"";
  const Workplace workplace("");
  workplace.Write("secret.txt", canary + "\n");
  const std::string targets =
      "reload: {watch: false}\ntargets:\n"
      "  - {name: password, host: 127.0.0.1, https: {url: \"https://127.0.0.1:" +
      std::to_string(port) +
      "/\", timeout: 500ms, interval: 1s, basic_auth: {username: user, password_file: "
      "secret.txt}}}\n"
      "  - {name: token, pulse: {http_header: {url: \"http://127.0.0.1:" +
      std::to_string(port) +
      "/\", timeout: 500ms, bearer_token_file: secret.txt}, interval: 1s}}\n";
  workplace.Configure(targets);
  Server server(workplace, {"--web.enable-lifecycle", "--log.level=debug"});
  std::string seen = server.GetUntil("/-/ready", " 200 ");
  workplace.Configure(targets + "  - {name: wrong, bearer_token: " + canary +
                      ", https: {url: " + url + ", basic_auth: {password: " + canary + "}}}\n");
  const std::string refused = server.Post("/-/reload");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 500 "));
  seen += refused;
  for (const char* path : {"/config", "/metrics", "/", "/probe?target=password", "/-/healthy"}) {
    seen += server.Get(path);
  }
  workplace.Configure(targets);
  seen += server.Post("/-/reload");
  seen += RunToEnd(Command(workplace, {"--config.check"})).output;
  seen += RunToEnd({PATHWITNESS_BINARY, "config", "show",
                    "--config.file=" + workplace.ConfigFile().string()})
              .output;
  server.Process().Signal(SIGTERM);
  EXPECT_EQ(server.Process().AwaitExit(20s), 0);
  seen += server.Process().Output();
  EXPECT_THAT(seen, Not(HasSubstr(canary)));
  EXPECT_THAT(seen, HasSubstr("secret.txt"));  // the page is about these targets
  ::close(listener);
}

}  // namespace
}  // namespace pathwitness
