// What the program prints for shells, for `man` and about what it is made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/running_server.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::filesystem::path kDocuments = PATHWITNESS_DOCUMENTS;

/// What bash offers behind `words`, the last of which is begun, each on a line.
std::string Completed(const std::string& words) {
  const std::string script = "source \"" + (kDocuments / "pathwitness.bash").string() +
                             "\"; COMP_WORDS=(pathwitness " + words +
                             "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _pathwitness; "
                             "printf '%s\\n' \"${COMPREPLY[@]}\"";
  return RunToEnd({"bash", "-euc", script}).output;
}

TEST(BashCompletion, KnowsTheCommandsOfCommands) {
  EXPECT_EQ(Completed("compl"), "completion\n");
  EXPECT_THAT(Completed("check ''"), StartsWith("config\nalerts\nhealth\n"));
}

TEST(BashCompletion, KnowsTheOptionsOfTheCommandOnly) {
  EXPECT_THAT(Completed("check config --"), HasSubstr("--all-environments\n"));
  EXPECT_THAT(Completed("check config --"), Not(HasSubstr("--web.listen-address")));
  EXPECT_THAT(Completed("--"), HasSubstr("--web.listen-address\n"));
}

TEST(BashCompletion, KnowsChoicesInEitherForm) {
  EXPECT_EQ(Completed("--log.level w"), "warn\n");
  EXPECT_EQ(Completed("--log.format = j"), "json\n");
  EXPECT_EQ(Completed("trace --protocol u"), "udp\n");
}

TEST(BashCompletion, OffersFilesWhereAFileBelongs) {
  const TestFolder folder;
  const std::string file = folder.Write("report.json", "{}");
  const std::string begun = file.substr(0, file.size() - 3);
  EXPECT_EQ(Completed("diagnose " + begun), file + "\n");
  EXPECT_EQ(Completed("--config.file = " + begun), file + "\n");
  EXPECT_THAT(Completed("evidence --output " + begun), testing::AnyOf(IsEmpty(), "\n"));
}

TEST(ZshCompletion, IsAFunctionThatZshTakes) {
  const std::string script = "autoload -Uz compinit && compinit -D -u && fpath=(\"" +
                             kDocuments.string() +
                             "\" $fpath) && autoload -Uz +X _pathwitness && whence -w _pathwitness";
  EXPECT_EQ(RunToEnd({"zsh", "-fc", script}).output, "_pathwitness: function\n");
}

TEST(Manual, IsWithoutWarnings) {
  EXPECT_THAT(RunToEnd({"bash", "-c",
                        "LC_ALL=C.UTF-8 man --warnings -E UTF-8 -Tutf8 -Z -l \"" +
                            (kDocuments / "pathwitness.1.gz").string() + "\" 2>&1 >/dev/null"})
                  .output,
              IsEmpty());
}

TEST(Manual, HasEveryFlagOfTheHelpPage) {
  const std::string manual = RunToEnd({PATHWITNESS_BINARY, "manual"}).output;
  const std::string help = RunToEnd({PATHWITNESS_BINARY, "--help"}).output;
  std::size_t flags = 0;
  for (auto at = help.find("  --"); at != std::string::npos; at = help.find("  --", at + 1)) {
    std::string flag = help.substr(at + 2, help.find_first_of(" \n", at + 2) - at - 2);
    for (auto dash = flag.find('-'); dash != std::string::npos; dash = flag.find('-', dash + 2)) {
      flag.insert(dash, "\\");
    }
    EXPECT_THAT(manual, HasSubstr("\\fB" + flag + "\\fR"));
    ++flags;
  }
  EXPECT_GT(flags, 10U);
}

/// What the program is made of, checked against the schema.
class SbomTest : public testing::Test {
 protected:
  static std::string Tool() {
    return (std::filesystem::path(PATHWITNESS_SOURCE_DIR) / "tools/make-sbom.py").string();
  }
};

TEST_F(SbomTest, SatisfiesItsSchemaAndNamesWhatIsLinkedAndCompiledIn) {
  const Ended ended = RunToEnd({"python3", Tool(), PATHWITNESS_BINARY});
  ASSERT_EQ(ended.status, 0) << ended.output;
  const TestFolder folder;
  const std::string sbom = folder.Write("sbom.json", ended.output);
  const std::string schema =
      (std::filesystem::path(PATHWITNESS_SOURCE_DIR) / "packaging/sbom.schema.json").string();
  const std::string validate =
      "import json, sys, jsonschema; "
      "jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))";
  const Ended check = RunToEnd({"python3", "-c", validate, sbom, schema});
  EXPECT_EQ(check.status, 0) << check.output;
  const nlohmann::json document = nlohmann::json::parse(ended.output);
  std::vector<std::string> names;
  for (const nlohmann::json& package : document.at("packages")) {
    names.push_back(package.at("name"));
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"pathwitness", "libcurl4", "libssl3", "libc6",
                                            "nlohmann-json3-dev", "prometheus-cpp-dev"}));
}

}  // namespace
}  // namespace pathwitness
