#include "exporter/discovery/discovery_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/exporter/discovery/engine_fixture.h"
#include "tests/support/scripted_server.h"

namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr auto kA = R"([{"targets": ["a.example"]}])";
constexpr auto kB = R"([{"targets": ["b.example"]}])";

std::string Answer(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status +
         "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

HttpSourceConfig Url(const std::string& url) {
  HttpSourceConfig source;
  source.request.url = url;
  source.request.timeout = seconds(5);
  return source;
}

// --- files --------------------------------------------------------------------------------------

TEST_F(DiscoveryEngineTest, FilesAreOnTheBoardOnceTheyAreConfigured) {
  folder_.Write("a.json", kA);
  folder_.Write("b.yaml", "- targets: [b.example, c.example]\n");
  folder_.Write("c.txt", "no matter");
  Apply({.target_files = {Path("*.json"), Path("*.yaml")}});
  EXPECT_THAT(board_.All(), SizeIs(2));
  EXPECT_EQ(Entries(Path("a.json")), "a.example");
  EXPECT_EQ(Entries(Path("b.yaml")), "b.example c.example");
  EXPECT_EQ(Snapshot(Path("a.json")).last_success, clock_.WallNow());
}

TEST_F(DiscoveryEngineTest, AFileThatTwoPatternsNameIsOneSource) {
  folder_.Write("a.json", kA);
  Apply({.target_files = {Path("*.json"), Path("a.json"), Path("a.*")}});
  EXPECT_THAT(board_.All(), SizeIs(1));
}

TEST_F(DiscoveryEngineTest, AReplacedFileIsReadAgain) {
  folder_.Write("a.json", kA);
  Apply({.target_files = {Path("*.json")}});
  Replace("a.json", kB);
  EXPECT_TRUE(Drive([&] { return Entries(Path("a.json")) == "b.example"; }));
  EXPECT_THAT(log_.Lines(), ElementsAre(StartsWith("discovery source has new targets"),
                                        StartsWith("discovery source has new targets")));
}

TEST_F(DiscoveryEngineTest, AFileWrittenInPlaceIsReadAgain) {
  folder_.Write("a.json", kA);
  Apply({.target_files = {Path("*.json")}});
  folder_.Write("a.json", R"([{"targets": ["a.example", "b.example"]}])");
  EXPECT_TRUE(Drive([&] { return Entries(Path("a.json")) == "a.example b.example"; }));
}

TEST_F(DiscoveryEngineTest, ANewFileIsFound) {
  Apply({.target_files = {Path("*.json")}});
  EXPECT_THAT(board_.All(), IsEmpty());
  Replace("a.json", kA);
  EXPECT_TRUE(Drive([&] { return Entries(Path("a.json")) == "a.example"; }));
}

TEST_F(DiscoveryEngineTest, ARemovedFileTakesItsTargetsAlong) {
  folder_.Write("a.json", kA);
  folder_.Write("b.json", kB);
  Apply({.target_files = {Path("*.json")}});
  std::filesystem::remove(Path("a.json"));
  EXPECT_TRUE(Drive([&] { return Entries(Path("a.json")) == "-"; }));
  EXPECT_EQ(Entries(Path("b.json")), "b.example");
}

TEST_F(DiscoveryEngineTest, ALinkToAnotherFolderMayBeTurned) {
  std::filesystem::create_directories(Path("v1"));
  std::filesystem::create_directories(Path("v2"));
  folder_.Write("v1/a.json", kA);
  folder_.Write("v2/a.json", kB);
  std::filesystem::create_symlink("v1", Path("current"));
  std::filesystem::create_symlink("current/a.json", Path("a.json"));
  Apply({.target_files = {Path("*.json")}});
  EXPECT_EQ(Entries(Path("a.json")), "a.example");
  std::filesystem::create_symlink("v2", Path("next"));
  std::filesystem::rename(Path("next"), Path("current"));
  EXPECT_TRUE(Drive([&] { return Entries(Path("a.json")) == "b.example"; }));
}

TEST_F(DiscoveryEngineTest, ABrokenFileKeepsItsLastGoodTargetsUntilItIsRepaired) {
  const std::string path = folder_.Write("a.json", kA);
  Apply({.target_files = {Path("*.json")}});
  const WallTime good_at = clock_.WallNow();
  Replace("a.json", "[{");
  EXPECT_TRUE(Drive([&] { return Snapshot(path).is_failing; }));
  EXPECT_EQ(Entries(path), "a.example");
  EXPECT_EQ(Failures(path, DiscoveryFailure::Parse), 1U);
  EXPECT_EQ(Snapshot(path).last_success, good_at);
  EXPECT_THAT(Snapshot(path).error, HasSubstr("is no JSON"));
  Replace("a.json", kB);
  EXPECT_TRUE(Drive([&] { return !Snapshot(path).is_failing; }));
  EXPECT_EQ(Entries(path), "b.example");
  EXPECT_THAT(log_.Lines(),
              ElementsAre(StartsWith("discovery source has new targets source=" + path),
                          HasSubstr("discovery source broke source=" + path + " reason=parse"),
                          StartsWith("discovery source works again source=" + path)));
}

TEST_F(DiscoveryEngineTest, AFileThatStaysBrokenIsCountedAndLoggedOnce) {
  const std::string path = folder_.Write("a.json", "[{");
  Apply({.target_files = {Path("*.json")}});
  TurnAtDeadline();
  TurnAtDeadline();
  EXPECT_EQ(Failures(path, DiscoveryFailure::Parse), 1U);
  EXPECT_THAT(log_.Lines(), SizeIs(1));
}

TEST_F(DiscoveryEngineTest, AGoodFileIsFoundGoodAgainEveryFiveMinutes) {
  const std::string path = folder_.Write("a.json", kA);
  Apply({.target_files = {path}});
  EXPECT_EQ(engine_->NextDeadline(), clock_.Now() + minutes(5));
  TurnAtDeadline();
  EXPECT_EQ(Snapshot(path).last_success, clock_.WallNow());
}

TEST_F(DiscoveryEngineTest, AnUnchangedDocumentKeepsItsPointer) {
  const std::string path = folder_.Write("a.json", kA);
  Apply({.target_files = {path}});
  const auto groups = Snapshot(path).groups;
  Replace("a.json", std::string(kA) + "\n");
  clock_.Advance(seconds(1));
  const WallTime replaced_at = clock_.WallNow();
  EXPECT_TRUE(Drive([&] { return Snapshot(path).last_success > replaced_at; }));
  EXPECT_EQ(Snapshot(path).groups, groups);
}

TEST_F(DiscoveryEngineTest, AFileThatIsNamedAndMissingIsAFailure) {
  const std::string path = Path("missing.json");
  Apply({.target_files = {path}});
  EXPECT_EQ(Failures(path, DiscoveryFailure::Missing), 1U);
  folder_.Write("missing.json", kA);
  EXPECT_TRUE(Drive([&] { return Entries(path) == "a.example"; }));
  std::filesystem::remove(path);
  EXPECT_TRUE(Drive([&] { return Entries(path).empty(); })) << "its targets are gone with it";
  EXPECT_EQ(Failures(path, DiscoveryFailure::Missing), 2U);
}

TEST_F(DiscoveryEngineTest, AFolderThatComesLaterIsFoundWithinTenSeconds) {
  Apply({.target_files = {Path("later/*.json")}});
  EXPECT_EQ(engine_->NextDeadline(), clock_.Now() + DiscoveryEngine::kFilesRetriedAfter);
  std::filesystem::create_directories(Path("later"));
  folder_.Write("later/a.json", kA);
  TurnAtDeadline();
  EXPECT_EQ(Entries(Path("later/a.json")), "a.example");
}

TEST_F(DiscoveryEngineTest, WhatIsNoFileIsReadByNobody) {
  std::filesystem::create_directories(Path("folder.json"));
  std::filesystem::create_symlink("loop.json", Path("loop.json"));
  ASSERT_EQ(mkfifo(Path("pipe.json").c_str(), 0600), 0);
  Apply({.target_files = {Path("*.json")}});
  for (const char* name : {"folder.json", "loop.json", "pipe.json"}) {
    EXPECT_EQ(Failures(Path(name), DiscoveryFailure::Read), 1U) << name;
  }
}

TEST_F(DiscoveryEngineTest, AFileIsReadUpToTenMebibytes) {
  const std::string path = folder_.Write("a.json", "");
  std::filesystem::resize_file(path, 100U << 20U);
  Apply({.target_files = {path}});
  EXPECT_EQ(Failures(path, DiscoveryFailure::TooLarge), 1U);
}

TEST_F(DiscoveryEngineTest, SourcesThatAreNoLongerConfiguredLeaveTheBoard) {
  folder_.Write("a.json", kA);
  Apply({.target_files = {Path("*.json")}, .target_http = {Url("http://127.0.0.1:9/")}});
  EXPECT_THAT(board_.All(), SizeIs(2));
  Apply({});
  EXPECT_THAT(board_.All(), IsEmpty());
  EXPECT_EQ(engine_->NextDeadline(), MonoTime::max());
}

TEST_F(DiscoveryEngineTest, ARestartedEngineGoesOnFromTheBoard) {
  const std::string path = folder_.Write("a.json", kA);
  Apply({.target_files = {path}});
  Replace("a.json", "[{");
  EXPECT_TRUE(Drive([&] { return Snapshot(path).is_failing; }));
  Restart();
  Apply({.target_files = {path}});
  EXPECT_EQ(Entries(path), "a.example");
  EXPECT_EQ(Failures(path, DiscoveryFailure::Parse), 2U);
}

// --- URLs ---------------------------------------------------------------------------------------

TEST_F(DiscoveryEngineTest, AUrlIsOnTheBoardBeforeItsFirstAnswer) {
  Apply({.target_http = {Url("http://127.0.0.1:9/sd")}});
  EXPECT_EQ(Entries("http://127.0.0.1:9/sd"), "");
  EXPECT_EQ(Snapshot("http://127.0.0.1:9/sd").last_success, clock_.WallNow());
  EXPECT_LE(engine_->NextDeadline(), clock_.Now() + seconds(2));
}

TEST_F(DiscoveryEngineTest, AUrlIsAskedAndKeepsItsTargetsWhenItIsGone) {
  auto server = std::make_unique<ScriptedServer>(
      ServerScript{.answer = Answer("200 OK", kA), .rest = ""}, nullptr);
  const std::string url = server->Url();
  Apply({.target_http = {Url(url)}});
  EXPECT_TRUE(Drive([&] { return Entries(url) == "a.example"; }));
  server.reset();
  clock_.Advance(minutes(1));
  EXPECT_TRUE(Drive([&] { return Snapshot(url).is_failing; }));
  EXPECT_EQ(Entries(url), "a.example");
  EXPECT_EQ(Failures(url, DiscoveryFailure::Connect), 1U);
}

struct BadAnswer {
  std::string answer;
  DiscoveryFailure reason;
};

TEST_F(DiscoveryEngineTest, AnAnswerThatCannotBeUsedHasItsReason) {
  const std::vector<BadAnswer> answers = {
      {Answer("404 Not Found", "[]"), DiscoveryFailure::Status},
      {Answer("204 No Content", ""), DiscoveryFailure::Status},
      {Answer("200 OK", ""), DiscoveryFailure::Parse},
      {Answer("200 OK", "<html>"), DiscoveryFailure::Parse},
      {Answer("200 OK", "- targets: [yaml.example]"), DiscoveryFailure::Parse},
      {Answer("200 OK", "[" + std::string(2000, ' ') + "]"), DiscoveryFailure::TooLarge}};
  for (const auto& [answer, reason] : answers) {
    const ScriptedServer server({.answer = answer, .rest = ""}, nullptr);
    HttpSourceConfig source = Url(server.Url());
    source.request.max_body_bytes = 1000;
    Apply({.target_http = {source}});
    EXPECT_TRUE(Drive([&] { return Snapshot(server.Url()).is_failing; }));
    EXPECT_EQ(Failures(server.Url(), reason), 1U) << answer.substr(0, 100);
  }
}

TEST_F(DiscoveryEngineTest, AnAnswerThatNeverEndsIsCutByTheTimeout) {
  const ScriptedServer server(
      {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[", .before_rest = minutes(5)},
      nullptr);
  HttpSourceConfig source = Url(server.Url());
  source.request.timeout = milliseconds(100);
  Apply({.target_http = {source}});
  EXPECT_TRUE(Drive([&] { return Snapshot(server.Url()).is_failing; }));
  EXPECT_EQ(Failures(server.Url(), DiscoveryFailure::Timeout), 1U);
}

TEST_F(DiscoveryEngineTest, AnAnswerOfExactlyTheLimitIsRead) {
  const ScriptedServer server({.answer = Answer("200 OK", kA), .rest = ""}, nullptr);
  HttpSourceConfig source = Url(server.Url());
  source.request.max_body_bytes = std::string_view(kA).size();
  Apply({.target_http = {source}});
  EXPECT_TRUE(Drive([&] { return Entries(server.Url()) == "a.example"; }));
}

TEST_F(DiscoveryEngineTest, AUrlOfANameIsLookedUp) {
  const ScriptedServer server({.answer = Answer("200 OK", kA), .rest = ""}, nullptr);
  const std::string url = "http://localhost:" + std::to_string(server.Port()) + "/";
  Apply({.target_http = {Url(url)}});
  EXPECT_TRUE(Drive([&] { return Entries(url) == "a.example"; }));
}

TEST_F(DiscoveryEngineTest, ASlowUrlIsNotAskedTwiceAtATime) {
  const ScriptedServer server({.before_answer = minutes(5)}, nullptr);
  Apply({.target_http = {Url(server.Url())}});
  TurnAtDeadline();
  clock_.Advance(minutes(3));
  engine_->Turn(clock_.Now());
  EXPECT_GT(engine_->NextDeadline(), clock_.Now() - milliseconds(1));
  EXPECT_FALSE(Snapshot(server.Url()).is_failing);
}

TEST_F(DiscoveryEngineTest, AnUnchangedUrlKeepsItsScheduleAndAChangedOneItsTargets) {
  const ScriptedServer server({.answer = Answer("200 OK", kA), .rest = ""}, nullptr);
  HttpSourceConfig source = Url(server.Url());
  Apply({.target_http = {source}});
  EXPECT_TRUE(Drive([&] { return Entries(server.Url()) == "a.example"; }));
  const MonoTime due = engine_->NextDeadline();
  Apply({.target_http = {source}});
  EXPECT_EQ(engine_->NextDeadline(), due);
  source.interval = minutes(2);
  Apply({.target_http = {source}});
  EXPECT_LT(engine_->NextDeadline(), due);
  EXPECT_EQ(Entries(server.Url()), "a.example");
}

TEST(SourceName, HasNoCredentials) {
  EXPECT_EQ(SourceName("https://user:canary@a.example/sd?x=@1#canary"),
            "https://a.example/sd?x=@1");
  EXPECT_EQ(SourceName("https://a.example/@x"), "https://a.example/@x");
  EXPECT_EQ(SourceName("https://a.example"), "https://a.example");
}

}  // namespace
}  // namespace pathwitness
