#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/config_files.h"
#include "exporter/rules/rule_folder.h"
#include "tests/support/child_process.h"
#include "tests/support/test_folder.h"

// The rules that are shipped are those that the tables say, and promtool has nothing against them.
namespace pathwitness {
namespace {

namespace fs = std::filesystem;

const fs::path kAlerts = fs::path(PATHWITNESS_SOURCE_DIR) / "alerts";
const char* const kGenerator = PATHWITNESS_SOURCE_DIR "/tools/generate-rules.py";
constexpr std::chrono::seconds kPatience{180};

std::set<std::string> NamesIn(const fs::path& folder) {
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

std::vector<std::string> WithFilesOf(std::vector<std::string> command, const fs::path& folder) {
  for (const std::string& name : NamesIn(folder)) {
    command.push_back((folder / name).string());
  }
  return command;
}

/// What the command wrote when it failed; empty when it ended well.
std::string FailureOf(const std::vector<std::string>& command) {
  ChildProcess process(command);
  const bool is_well = process.AwaitExit(kPatience) == 0;
  return is_well ? "" : process.Output() + "(failed)";
}

TEST(ShippedRules, AreByteForByteWhatTheTablesSay) {
  const TestFolder made;
  ASSERT_EQ(FailureOf({"python3", "-W", "error", kGenerator, "--output", made.Path().string()}),
            "");
  ASSERT_EQ(NamesIn(kAlerts / "rules"), NamesIn(made.Path()));
  for (const std::string& name : NamesIn(made.Path())) {
    EXPECT_EQ(ReadConfigFile(kAlerts / "rules" / name), ReadConfigFile(made.Path() / name))
        << name << " differs: run tools/generate-rules.py";
  }
}

TEST(ShippedRules, ATableWithAMisspeltKeyMakesNone) {
  const TestFolder folder;
  const std::string table = folder.Write("bad.yaml", R"(about: target
groups:
  - interval: 30s
    alerts:
      - {alert: PathwitnessX, of: [target], expresion: up, tiers: {info: {for: 1m}}, summary: s,
         description: d, missing_data: fires}
)");
  const TestFolder made;
  EXPECT_THAT(FailureOf({"python3", kGenerator, "--output", made.Path().string(), table}),
              ::testing::HasSubstr("PathwitnessX: missing keys [], unknown keys ['expresion']"));
  EXPECT_TRUE(NamesIn(made.Path()).empty());
}

TEST(ShippedRules, AreAcceptedByPromtool) {
  EXPECT_EQ(FailureOf(WithFilesOf({"promtool", "check", "rules"}, kAlerts / "rules")), "");
}

TEST(ShippedRules, PassTheirOwnTests) {
  EXPECT_EQ(FailureOf(WithFilesOf({"promtool", "test", "rules"}, kAlerts / "tests")), "");
}

TEST(ShippedRules, AreCataloguedDocumentedAndTested) {
  std::vector<std::string> problems;
  for (const ConfigProblem& problem : LintRuleFolder(kAlerts / "rules")) {
    problems.push_back(fs::path(problem.file).filename().string() + " " + problem.key + ": " +
                       problem.what);
  }
  EXPECT_THAT(problems, ::testing::IsEmpty());
}

}  // namespace
}  // namespace pathwitness
