#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "config/load.h"
#include "tests/config/folder.h"

namespace pathwitness {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr WallTime kNow =
    std::chrono::sys_days(std::chrono::year(2026) / std::chrono::November / 21);

const char* const kBase = R"(
probing: {packets_per_second: 500, https_concurrency: 2}
resolver: {servers: [192.0.2.53, 192.0.2.54]}
targets:
  - {name: a, host: 192.0.2.1, trace: {protocols: [icmp, udp], interval: 20s}, labels: {x: "1"}}
  - {name: b, pulse: {push: {}, expected_interval: 1h}}
)";

// A default file, and what is laid over it.
class Layered : public ::testing::Test {
 protected:
  std::filesystem::path File() const { return folder_.Path() / "default.yaml"; }
  void Write(const std::string& name, const std::string& text) { folder_.Write(name, text); }
  std::string PathOf(const std::string& name) const { return (folder_.Path() / name).string(); }

  Config Load(const std::string& environment) const {
    return LoadLayers(File(), environment, kNow).config;
  }

  // With `text` as the environment.
  Config Over(const std::string& text) {
    Write("environments/e.yaml", text);
    return Load("e");
  }

  // Empty: there is none.
  std::string ErrorOf(const std::string& environment) const {
    try {
      Load(environment);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

  std::string ErrorOver(const std::string& text) {
    Write("environments/e.yaml", text);
    return ErrorOf("e");
  }

  void SetUp() override { Write("default.yaml", kBase); }

  Folder folder_;
};

std::vector<std::string> NamesOf(const Config& config) {
  std::vector<std::string> names;
  for (const TargetConfig& target : config.targets) {
    names.push_back(target.name);
  }
  return names;
}

TEST_F(Layered, MapsMergeKeyByKey) {
  const Config config = Over("probing: {https_concurrency: 7}");
  EXPECT_EQ(config.probing.https_concurrency, 7U);
  EXPECT_EQ(config.probing.packets_per_second, 500);
}

TEST_F(Layered, ListsAreReplaced) {
  EXPECT_THAT(Over("resolver: {servers: [192.0.2.99]}").resolver.servers,
              ElementsAre("192.0.2.99"));
}

TEST_F(Layered, ATargetOfTheSameNameIsMergedInItsPlace) {
  const Config config = Over("targets: [{name: a, trace: {interval: 5s}, labels: {y: \"2\"}}]");
  EXPECT_THAT(NamesOf(config), ElementsAre("a", "b"));
  const TargetConfig& target = config.targets[0];
  EXPECT_EQ(target.trace.interval, seconds(5));
  EXPECT_THAT(target.trace.protocols, ElementsAre(TraceProtocol::Icmp, TraceProtocol::Udp));
  EXPECT_THAT(target.labels, ElementsAre(std::pair("x", "1"), std::pair("y", "2")));
}

TEST_F(Layered, AnEnvironmentAddsTargets) {
  EXPECT_THAT(NamesOf(Over("targets: [{name: c, pulse: {push: {}}}]")), ElementsAre("a", "b", "c"));
}

TEST_F(Layered, OnlyRemoveTakesATargetAway) {
  EXPECT_THAT(NamesOf(Over("targets: []")), ElementsAre("a", "b"));
  EXPECT_THAT(NamesOf(Over("targets: [{name: a, remove: true}]")), ElementsAre("b"));
}

TEST_F(Layered, RemovingAnUnknownTargetIsAnErrorThatNamesTheNearest) {
  Write("default.yaml", "targets: [{name: here-to-x, pulse: {push: {}}}]");
  EXPECT_EQ(ErrorOver("targets:\n- {name: here-to-z, remove: true}"),
            PathOf("environments/e.yaml") +
                ":2:3: targets: 'here-to-z' cannot be removed: no target has that name; did you "
                "mean 'here-to-x'?");
}

TEST_F(Layered, ARemovedTargetHasNoOtherKeys) {
  EXPECT_THAT(ErrorOver("targets: [{name: a, remove: true, host: 192.0.2.2}]"),
              HasSubstr("'a' is removed, so it has no other keys"));
}

TEST_F(Layered, RemoveIsTrueOrAbsent) {
  EXPECT_THAT(ErrorOver("targets: [{name: a, remove: false}]"), HasSubstr("remove: must be true"));
}

TEST_F(Layered, OneNameTwiceInAnEnvironmentIsAnError) {
  EXPECT_THAT(ErrorOver("targets: [{name: a, mark: 1}, {name: a, mark: 2}]"),
              HasSubstr("'a' stands twice in this file"));
}

TEST_F(Layered, AKeyWithoutValueChangesNothing) {
  const Config config = Over("probing:\ntargets:\n- name: a\n  trace:\n");
  EXPECT_EQ(config.probing.packets_per_second, 500);
  EXPECT_EQ(config.targets[0].trace.interval, seconds(20));
}

TEST_F(Layered, APulseOfAnotherKindReplacesTheOneBelow) {
  const Config config = Over("targets: [{name: b, pulse: {file: {path: /tmp/x}}}]");
  EXPECT_EQ(config.targets[1].pulse.kind, PulseKind::File);
  EXPECT_EQ(config.targets[1].pulse.expected_interval, std::chrono::hours(1));
}

TEST_F(Layered, DefaultsOfAnEnvironmentReachTheTargetsBelowIt) {
  EXPECT_EQ(Over("defaults: {trace: {flows: 9}}").targets[0].trace.flows, 9U);
}

TEST_F(Layered, TheDefaultEnvironmentLaysNothingOver) {
  Write("environments/e.yaml", "probing: {https_concurrency: 7}");
  const Config config = Load("default");
  EXPECT_EQ(config.environment, "default");
  EXPECT_EQ(config.probing.https_concurrency, 2U);
}

TEST_F(Layered, TheEnvironmentIsNamedInTheConfiguration) {
  EXPECT_EQ(Over("").environment, "e");
}

TEST_F(Layered, AnUnknownEnvironmentNamesThoseThatExist) {
  Write("environments/staging.yaml", "");
  Write("environments/ci.yaml", "");
  EXPECT_EQ(ErrorOf("stagin"),
            File().string() + ": unknown environment 'stagin'; known: ci, default, staging");
  EXPECT_THAT(ErrorOf("../default"), HasSubstr("unknown environment"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("unknown environment"));
}

TEST_F(Layered, KnownEnvironmentsAreThoseWithAFileAndTheDefault) {
  EXPECT_THAT(KnownEnvironments(File()), ElementsAre("default"));
  Write("environments/staging.yaml", "");
  Write("environments/.hidden.yaml", "");
  Write("environments/notes.txt", "");
  EXPECT_THAT(KnownEnvironments(File()), ElementsAre("default", "staging"));
}

TEST_F(Layered, AnEnvironmentFileThatNothingWouldReadIsAnError) {
  Write("environments/default.yaml", "");
  EXPECT_THAT(ErrorOf("default"), HasSubstr("environments/default.yaml: is never read"));
}

TEST_F(Layered, ProblemsNameTheFileOfTheirLayer) {
  EXPECT_EQ(
      ErrorOver("\nprobing: {https_concurrency: 0}"),
      PathOf("environments/e.yaml") + ":2:30: probing.https_concurrency: must be 1 to 1000, not 0");
  EXPECT_THAT(ErrorOver("probing: {a: 1, a: 2}"),
              HasSubstr(PathOf("environments/e.yaml") + ":1:17: probing: duplicate key 'a'"));
  EXPECT_THAT(ErrorOver("]"), StartsWith(PathOf("environments/e.yaml") + ":1:1: not valid YAML"));
  EXPECT_THAT(ErrorOver("- a"),
              StartsWith(PathOf("environments/e.yaml") + ":1:1: must be a map, not a list"));
}

TEST_F(Layered, ProblemsOfAllLayersAreReportedTogetherInTheirOrder) {
  Write("default.yaml", "probing: {a: 1}\ntargets: [{name: a, pulse: {push: {}}}]");
  Write("targets.d/x.yaml", "targets: [{name: x, b: 1}]");
  const std::string error = ErrorOver("c: 1");
  const std::size_t first = error.find("'a'");
  const std::size_t second = error.find("'b'");
  const std::size_t third = error.find("'c'");
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos);
}

TEST_F(Layered, FilesOfTargetsDAddTargetsInTheOrderOfTheirNames) {
  Write("targets.d/20-z.yaml", "targets: [{name: z, pulse: {push: {}}}]");
  Write("targets.d/10-y.yml",
        "targets: [{name: y, pulse: {push: {}}}, {name: y2, pulse: {push: {}}}]");
  Write("targets.d/.10-y.yaml.swp", "not: [yaml");
  Write("targets.d/README", "not: [yaml");
  EXPECT_THAT(NamesOf(Load("default")), ElementsAre("a", "b", "y", "y2", "z"));
}

TEST_F(Layered, AnEnvironmentIsLaidOverTheTargetsOfTargetsD) {
  Write("targets.d/y.yaml", "targets: [{name: y, pulse: {push: {}}}]");
  EXPECT_THAT(NamesOf(Over("targets: [{name: y, remove: true}]")), ElementsAre("a", "b"));
}

TEST_F(Layered, AFileOfTargetsDHasOnlyTargets) {
  Write("targets.d/y.yaml", "probing: {https_concurrency: 1}\n");
  EXPECT_THAT(ErrorOf("default"), StartsWith(PathOf("targets.d/y.yaml") +
                                             ":1:1: unknown key 'probing'; a file in targets.d"));
}

TEST_F(Layered, OneNameInTwoFilesIsAnErrorInTheSecond) {
  Write("targets.d/y.yaml", "targets: [{name: a, pulse: {push: {}}}]");
  EXPECT_EQ(ErrorOf("default"), PathOf("targets.d/y.yaml") +
                                    ":1:18: targets[2].name: 'a' is the name of targets[0] too");
}

TEST_F(Layered, TargetsOfTargetsDSuffice) {
  Write("default.yaml", "");
  Write("targets.d/y.yaml", "targets: [{name: y, pulse: {push: {}}}]");
  EXPECT_THAT(NamesOf(Load("default")), ElementsAre("y"));
}

TEST_F(Layered, OnlyAnEnvironmentRemovesTargets) {
  Write("targets.d/y.yaml", "targets: [{name: y, pulse: {push: {}}, remove: true}]");
  EXPECT_THAT(ErrorOf("default"), HasSubstr("targets[2].remove: nothing to remove"));
}

TEST_F(Layered, ASymbolicLinkToItselfIsSaidPlainly) {
  std::filesystem::create_directory(PathOf("targets.d"));
  std::filesystem::create_symlink("loop.yaml", PathOf("targets.d/loop.yaml"));
  EXPECT_EQ(ErrorOf("default"),
            PathOf("targets.d/loop.yaml") + ": Too many levels of symbolic links");
}

TEST_F(Layered, AFolderInTargetsDIsNoFile) {
  std::filesystem::create_directories(PathOf("targets.d/y.yaml"));
  EXPECT_EQ(ErrorOf("default"), PathOf("targets.d/y.yaml") + ": is a directory, not a file");
}

TEST_F(Layered, AHugeFileInTargetsDIsRefused) {
  Write("targets.d/y.yaml", "");
  std::filesystem::resize_file(PathOf("targets.d/y.yaml"), 100U << 20U);
  EXPECT_EQ(ErrorOf("default"), PathOf("targets.d/y.yaml") + ": is larger than 10 MiB");
}

TEST_F(Layered, AllFilesTogetherAreBounded) {
  const std::string text = "# " + std::string(10'000'000, 'x');
  for (const char name : {'a', 'b', 'c', 'd'}) {
    Write(std::string("targets.d/") + name + ".yaml", text);
  }
  EXPECT_EQ(ErrorOf("default"),
            PathOf("targets.d/d.yaml") + ": makes all files together larger than 32 MiB");
}

TEST_F(Layered, FilesAreThoseReadInTheOrderOfTheirLayers) {
  Write("targets.d/y.yaml", "");
  Write("environments/e.yaml", "");
  EXPECT_THAT(LoadLayers(File(), "e", kNow).files,
              ElementsAre(File(), PathOf("targets.d/y.yaml"), PathOf("environments/e.yaml")));
}

TEST_F(Layered, TheHashIsThatOfAllFilesOneBehindTheOther) {
  Write("targets.d/y.yaml", "# y\n");
  Write("environments/e.yaml", "# e\n");
  Write("all/default.yaml", std::string(kBase) + "# y\n# e\n");
  EXPECT_EQ(Load("e").sha256, LoadConfig(PathOf("all/default.yaml")).sha256);
  EXPECT_NE(Load("e").sha256, Load("default").sha256);
}

TEST_F(Layered, RelativePathsOfEveryLayerStartAtTheMainFile) {
  Write("environments/e.yaml", "");
  EXPECT_EQ(Over("state_directory: state").state_directory, PathOf("state"));
}

TEST_F(Layered, AnEmptyFolderForEnvironmentsOrTargetsIsFine) {
  std::filesystem::create_directory(PathOf("targets.d"));
  std::filesystem::create_directory(PathOf("environments"));
  EXPECT_THAT(ErrorOf("default"), IsEmpty());
}

}  // namespace
}  // namespace pathwitness
