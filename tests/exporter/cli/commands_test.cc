#include "exporter/cli/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace pathwitness {
namespace {

using testing::AllOf;
using testing::Each;
using testing::EndsWith;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr WallTime kNow =
    std::chrono::sys_days(std::chrono::year(2026) / std::chrono::November / std::chrono::day(21));

struct Outcome {
  std::optional<int> status;
  std::string out;
  std::string err;
};

/// A folder with a configuration of its own, in which commands run.
const std::filesystem::path kSource = PATHWITNESS_SOURCE_DIR;

std::string ReadFile(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// What a command prints about the shipped configuration, with paths from the root of the source.
std::string OfShipped(std::vector<std::string> arguments) {
  arguments.push_back("--config.file=" + (kSource / "config/default.yaml").string());
  std::ostringstream out;
  std::ostringstream err;
  RunCommand(arguments, out, err, kNow);
  std::string text = out.str() + err.str();
  const std::string root = kSource.string() + "/";
  for (auto at = text.find(root); at != std::string::npos; at = text.find(root, at)) {
    text.erase(at, root.size());
  }
  return text;
}

/// What is expected; UPDATE_GOLDEN=1 makes it `text`.
std::string Golden(const std::string& name, const std::string& text) {
  const std::filesystem::path file = kSource / "tests/data/golden" / name;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    std::ofstream(file) << text;
  }
  return ReadFile(file);
}

TEST(ShippedConfig, EveryEnvironmentIsValid) {
  const std::string text = OfShipped({"check", "config", "--all-environments"});
  EXPECT_EQ(text, Golden("check_config.txt", text));
}

TEST(ShippedConfig, StagingDiffersFromProductionInWhatItsFilesSay) {
  const std::string text = OfShipped({"config", "diff", "staging", "production"});
  EXPECT_EQ(text, Golden("config_diff.txt", text));
}

TEST(ShippedConfig, StagingShowsTheOriginOfEachValue) {
  const std::string text = OfShipped({"config", "show", "--environment=staging"});
  EXPECT_EQ(text, Golden("config_show.txt", text));
}

class CommandsTest : public testing::Test {
 public:
  ~CommandsTest() override { std::filesystem::remove_all(folder_); }

 protected:
  CommandsTest() {
    unsetenv("PATHWITNESS_ENVIRONMENT");  // NOLINT(concurrency-mt-unsafe)
    std::filesystem::create_directories(folder_ / "environments");
    Write("default.yaml",
          "targets:\n"
          "  - {name: here-to-loopback, host: 127.0.0.1, trace: {protocols: [icmp]}}\n"
          "  - {name: nightly-backup, pulse: {push: {}}}\n");
  }

  void Write(const std::string& file, const std::string& text) const {
    std::ofstream(folder_ / file) << text;
  }

  void WriteOverride(const std::string& environment, const std::string& expires) const {
    Write("environments/" + environment + ".yaml",
          "alert_overrides:\n"
          "  - alert: PathwitnessPathLossHigh\n"
          "    tier: critical\n"
          "    threshold: 0.2\n"
          "    reason: shared uplink\n"
          "    owner: build\n"
          "    expires: " +
              expires + "\n");
  }

  Outcome Run(std::vector<std::string> arguments) const {
    arguments.push_back("--config.file=" + (folder_ / "default.yaml").string());
    return RunExactly(arguments);
  }

  static Outcome RunExactly(const std::vector<std::string>& arguments) {
    std::ostringstream out;
    std::ostringstream err;
    const std::optional<int> status = RunCommand(arguments, out, err, kNow);
    return {.status = status, .out = out.str(), .err = err.str()};
  }

  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) /
                                  (std::string("commands_test_") +
                                   testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(CommandsTest, WhatIsNoCommandIsLeftToTheFlags) {
  EXPECT_EQ(RunExactly({}).status, std::nullopt);
  EXPECT_EQ(RunExactly({"--config.file=check"}).status, std::nullopt);
  EXPECT_EQ(RunExactly({"serve"}).status, std::nullopt);
}

TEST_F(CommandsTest, TheHelpOfTheProgramNamesEach) {
  EXPECT_THAT(CommandOverview(), AllOf(HasSubstr("\n  check config  "), HasSubstr("\n  trace  "),
                                       Not(HasSubstr("\n  check  "))));
}

TEST_F(CommandsTest, EachHasAHelpPage) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"check"},
                                                  {"check", "config"},
                                                  {"config"},
                                                  {"config", "show"},
                                                  {"config", "diff"}}) {
    std::vector<std::string> arguments = command;
    arguments.emplace_back("--help");
    const Outcome outcome = RunExactly(arguments);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.out, HasSubstr("Usage: pathwitness " + command.front()));
  }
}

TEST_F(CommandsTest, AWrongCommandLineIsToldFromAProblem) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"check"},
                                                    {"check", "everything"},
                                                    {"config", "diff", "staging"},
                                                    {"config", "show", "--envrionment=staging"}}) {
    const Outcome outcome = RunExactly(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.err, AllOf(StartsWith("pathwitness: "), HasSubstr("--help")));
    EXPECT_THAT(outcome.out, IsEmpty());
  }
}

TEST_F(CommandsTest, CheckReadsTheWebServersFileAndItsCertificatesToo) {
  Write("web.yml", "basic_auth_users: {}\n");
  const std::string file = (folder_ / "web.yml").string();
  const std::vector<std::string> command = {"check", "config", "--web.config.file=" + file};
  const Outcome valid = Run(command);
  EXPECT_EQ(valid.status, 0);
  EXPECT_THAT(valid.out, EndsWith(file + ": valid\n"));
  Write("web.yml", "tls_server_config: {cert_file: a.crt, key_file: a.key}\n");
  const Outcome absent = Run(command);
  EXPECT_EQ(absent.status, 1);
  EXPECT_THAT(absent.err, AllOf(HasSubstr("tls_server_config.key_file: "), HasSubstr("a.key")));
  Write("web.yml", "tls: {}\nrate_limit: {burst: many}\n");
  const Outcome broken = Run(command);
  EXPECT_EQ(broken.status, 1);
  EXPECT_THAT(broken.out, EndsWith(file + ": 2 problems\n"));
  EXPECT_THAT(broken.err, AllOf(HasSubstr("web.yml:1:1: unknown key 'tls'"),
                                HasSubstr("web.yml:2:21: rate_limit.burst: ")));
}

TEST_F(CommandsTest, CheckTellsWhatAValidConfigurationAmountsTo) {
  const Outcome outcome = Run({"check", "config"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out,
            "default: valid; 2 targets, 2.5 of 2000 packets per second planned, 0 alert "
            "overrides\n");
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST_F(CommandsTest, CheckTellsWhatAShardOfItAmountsTo) {
  Write("default.yaml",
        "probing: {packets_per_second: 3}\n"
        "targets:\n"
        "  - {name: here-to-loopback, host: 127.0.0.1, trace: {protocols: [icmp]}}\n"
        "  - {name: here-to-me, host: 127.0.0.1, trace: {protocols: [icmp]}}\n");
  EXPECT_EQ(Run({"check", "config"}).status, 1);  // 5 packets per second are too many for one
  const std::vector<Outcome> shards = {Run({"check", "config", "--shard=0/2"}),
                                       Run({"check", "config", "--shard=1/2"})};
  EXPECT_THAT(shards, Each(Field(&Outcome::out, HasSubstr("default: valid; 1 of 2 targets, 2.5 "
                                                          "of 3 packets per second"))));
}

TEST_F(CommandsTest, CheckRefusesAShardThatIsNone) {
  const Outcome outcome = Run({"check", "config", "--shard=2/2"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("2/2 is not i/n"));
}

TEST_F(CommandsTest, CheckPrintsEveryProblemOnALineOfItsOwn) {
  Write("default.yaml", "probing: {packets_per_secnod: 5}\ntargets: [{name: a, hots: b}]\n");
  const Outcome outcome = Run({"check", "config"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("default.yaml:1:"), HasSubstr("packets_per_secnod"),
                                 HasSubstr("\n" + folder_.string()), HasSubstr("hots")));
}

TEST_F(CommandsTest, CheckRefusesAnEnvironmentThatDoesNotExistAndNamesThoseThatDo) {
  Write("environments/staging.yaml", "");
  const Outcome outcome = Run({"check", "config", "--environment=stagign"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("stagign"), HasSubstr("default, staging")));
}

TEST_F(CommandsTest, CheckLooksAtTheNamedEnvironmentAlone) {
  Write("environments/ci.yaml", "prboing: {}\n");
  Write("environments/staging.yaml", "probing: {packets_per_second: 100}\n");
  const Outcome outcome = Run({"check", "config", "--environment=staging"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, AllOf(StartsWith("staging: valid"), HasSubstr("of 100 packets")));
}

TEST_F(CommandsTest, CheckLooksAtEachEnvironmentWhenTold) {
  Write("environments/ci.yaml", "prboing: {}\n");
  Write("environments/staging.yaml", "");
  const Outcome outcome = Run({"check", "config", "--all-environments"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("ci: 1 problem\n"), HasSubstr("default: valid"),
                                 HasSubstr("staging: valid")));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("ci.yaml:1:1"), HasSubstr("prboing")));
}

TEST_F(CommandsTest, CheckTellsTheProblemOfACommonFileOnce) {
  Write("default.yaml", "prboing: {}\n");
  Write("environments/ci.yaml", "");
  const Outcome outcome = Run({"check", "config", "--all-environments"});
  EXPECT_EQ(outcome.err.find("prboing"), outcome.err.rfind("prboing"));
}

TEST_F(CommandsTest, CheckAcceptsAnOverrideThatIsInForce) {
  WriteOverride("staging", "2026-11-21");
  const Outcome outcome = Run({"check", "config", "--environment=staging"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("1 alert override\n"));
}

TEST_F(CommandsTest, CheckFailsOnAnOverrideThatHasExpired) {
  WriteOverride("staging", "2026-11-20");
  const Outcome outcome = Run({"check", "config", "--environment=staging"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("environments/staging.yaml:7: "), HasSubstr("has expired")));
}

TEST_F(CommandsTest, ShowPrintsEachValueWithItsOrigin) {
  Write("environments/staging.yaml", "\nprobing: {packets_per_second: 100}\n");
  const Outcome outcome = Run({"config", "show", "--environment=staging"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("  packets_per_second: 100  # " +
                              (folder_ / "environments/staging.yaml:2").string() + "\n"),
                    HasSubstr("  https_concurrency: 4  # built-in\n"),
                    HasSubstr("  - name: here-to-loopback  # " +
                              (folder_ / "default.yaml:2").string() + "\n")));
}

TEST_F(CommandsTest, TheVariableStandsInForAnAbsentEnvironment) {
  Write("environments/staging.yaml", "probing: {packets_per_second: 100}\n");
  setenv("PATHWITNESS_ENVIRONMENT", "staging", 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_THAT(Run({"config", "show"}).out, HasSubstr("packets_per_second: 100"));
  EXPECT_THAT(Run({"config", "show", "--environment=default"}).out,
              HasSubstr("packets_per_second: 2000"));
  EXPECT_THAT(Run({"check", "config"}).out, StartsWith("staging: valid"));
  unsetenv("PATHWITNESS_ENVIRONMENT");  // NOLINT(concurrency-mt-unsafe)
}

TEST_F(CommandsTest, NoCommandPrintsASecret) {
  const std::string https =
      "targets: [{name: here-to-loopback, https: {url: \"https://192.0.2.1/?token=canary\", "
      "headers: {X-Api-Key: canary}}}]\n";
  Write("environments/staging.yaml", https);
  EXPECT_THAT(Run({"config", "show", "--environment=staging"}).out, HasSubstr("<secret>"));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"check", "config", "--environment=staging"},
        {"config", "show", "--environment=staging"},
        {"config", "diff", "default", "staging"},
        {"config", "diff", "--json", "staging", "default"}}) {
    const Outcome outcome = Run(arguments);
    EXPECT_NE(outcome.status, 2);
    EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("canary")));
  }
}

TEST_F(CommandsTest, ShowPrintsNothingOfAConfigurationWithProblems) {
  Write("default.yaml", "prboing: {}\n");
  const Outcome outcome = Run({"config", "show"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("prboing"));
}

TEST_F(CommandsTest, DiffSaysByItsStatusThatNothingDiffers) {
  Write("environments/staging.yaml", "");
  const Outcome outcome = Run({"config", "diff", "default", "staging"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "default and staging do not differ\n");
}

TEST_F(CommandsTest, DiffNamesTheOverrideThatOnlyOneEnvironmentHas) {
  WriteOverride("staging", "2026-12-31");
  Write("environments/production.yaml", "");
  const Outcome outcome = Run({"config", "diff", "staging", "production"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("alert overrides only in staging"),
                    HasSubstr("PathwitnessPathLossHigh (critical)"),
                    HasSubstr("environments/staging.yaml:4"), Not(HasSubstr("settings"))));
}

TEST_F(CommandsTest, DiffNamesTheTargetThatOneEnvironmentRemoves) {
  Write("environments/production.yaml", "targets: [{name: here-to-loopback, remove: true}]\n");
  const Outcome outcome = Run({"config", "diff", "default", "production"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("targets only in default\n  here-to-loopback  # "));
}

TEST_F(CommandsTest, DiffPrintsJsonForPrograms) {
  Write("environments/staging.yaml", "probing: {packets_per_second: 100}\n");
  const Outcome outcome = Run({"config", "diff", "--json", "staging", "default"});
  EXPECT_EQ(outcome.status, 1);
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["is_same"], false);
  EXPECT_EQ(json["settings"][0]["key"], "probing.packets_per_second");
}

TEST_F(CommandsTest, DiffTellsThatItCannotCompareFromThatSomethingDiffers) {
  const Outcome outcome = Run({"config", "diff", "default", "stagign"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("stagign"));
}

}  // namespace
}  // namespace pathwitness
