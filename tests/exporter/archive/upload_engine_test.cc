#include "exporter/archive/upload_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "exporter/archive/archive.h"
#include "probes/disk/files.h"
#include "tests/support/drive.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"
#include "tests/support/scripted_server.h"
#include "tests/support/test_folder.h"
#include "tests/support/webhook_sink.h"

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// A real archive and real sockets, in virtual time.
class UploadEngineTest : public testing::Test {
 protected:
  UploadEngineTest() {
    config_.archive.directory = (folder_.Path() / "archive").string();
    config_.upload.bucket = "reports";
    config_.upload.access_key_file = folder_.Write("access", "AKID");
    config_.upload.secret_key_file = folder_.Write("secret", "canary");
    Serve([](const ReceivedRequest&) { return HttpAnswer{}; });
    Restart();
  }

  void Serve(WebhookSink::Answerer answerer) {
    sink_ = std::make_unique<WebhookSink>(std::move(answerer));
    config_.upload.endpoint = sink_->Url();
  }

  void Apply() { engine_->Apply(std::make_shared<const Config>(config_), clock_.Now()); }

  /// As after a crash: what the engine knew is gone, what is on disk is not.
  void Restart() {
    engine_ = std::make_unique<UploadEngine>(board_, clock_, log_);
    Apply();
    archive_ =
        std::make_unique<Archive>(config_.archive.directory, ArchiveSnapshot{}, clock_, log_);
    archive_->SetLimits(
        {.retention = hours(24 * 14), .max_bytes = 1U << 30U, .is_uploading = true});
    archive_->Explore(MonoTime::max());
  }

  /// Its path in the archive.
  std::string Keep(const std::string& target = "a") {
    const auto outcome = archive_->Keep({.target = target,
                                         .source = "192.0.2.1",
                                         .destination = "198.51.100.9",
                                         .at = clock_.WallNow(),
                                         .forms = {{"txt", "text of " + target}, {"json", "{}"}}});
    clock_.Advance(seconds(1));
    return std::get<ReportName>(outcome).Path();
  }

  bool DriveUntil(const std::function<bool()>& is_done) {
    return pathwitness::DriveUntil(
        *engine_, [this] { return clock_.Now(); }, is_done);
  }

  /// Has what is due done, without waiting for what is not.
  bool AwaitUploads(std::uint64_t reports) {
    clock_.Advance(UploadEngine::kBetweenListings);
    return DriveUntil([&] { return Known().reports >= reports; });
  }

  /// Until another attempt failed; waits for the back-off in virtual time first.
  bool AwaitFailure() {
    const std::uint64_t before = AllFailures();
    clock_.Advance(UploadEngine::kLongestWait);
    return DriveUntil([&] { return AllFailures() > before; });
  }

  UploadSnapshot Known() const {
    const UploadBoard::Pointer known = board_.Find(0);
    return known ? *known : UploadSnapshot{};
  }

  std::uint64_t AllFailures() const {
    const auto failures = Known().failures;
    return std::accumulate(failures.begin(), failures.end(), std::uint64_t{0});
  }

  std::uint64_t Failures(UploadFailure failure) const {
    return Known().failures.at(static_cast<std::size_t>(failure));
  }

  std::vector<std::string> Tickets() const { return Spool(config_.archive.directory).List(); }

  /// Paths in the order in which they were put and taken.
  std::vector<std::string> Taken() const {
    std::vector<std::string> paths;
    for (const ReceivedRequest& request : sink_->Requests()) {
      if (request.method == "PUT" && request.status == 200) {
        paths.push_back(request.path);
      }
    }
    return paths;
  }

  FakeClock clock_;
  RecordingLog log_;
  TestFolder folder_;
  Config config_;
  UploadBoard board_;
  std::unique_ptr<WebhookSink> sink_;
  std::unique_ptr<UploadEngine> engine_;
  std::unique_ptr<Archive> archive_;
};

TEST_F(UploadEngineTest, AReportIsPutWithItsManifestLast) {
  const std::string path = "/reports/" + Keep();
  ASSERT_TRUE(AwaitUploads(1));
  EXPECT_THAT(Taken(), ElementsAre(path + ".json", path + ".txt", path + ".sha256"));
  EXPECT_EQ(sink_->Requests().at(1).body, "text of a");
  EXPECT_THAT(Tickets(), testing::IsEmpty());
  EXPECT_EQ(Known().files, 3U);
}

TEST_F(UploadEngineTest, WhatIsUploadedStaysOnThisDisk) {
  const std::string path = Keep();
  ASSERT_TRUE(AwaitUploads(1));
  EXPECT_TRUE(
      ReadWholeFile(std::filesystem::path(config_.archive.directory) / (path + ".txt"), 99));
}

TEST_F(UploadEngineTest, WithoutAnEndpointNothingIsSentAndNothingForgotten) {
  const std::string endpoint = std::exchange(config_.upload.endpoint, "");
  Apply();
  Keep();
  clock_.Advance(minutes(10));
  engine_->Turn(clock_.Now());
  EXPECT_EQ(board_.Find(0), nullptr);
  EXPECT_EQ(Tickets().size(), 1U);
  config_.upload.endpoint = endpoint;
  Apply();
  EXPECT_TRUE(AwaitUploads(1));
}

TEST_F(UploadEngineTest, AfterAnOutageAllAreUploadedInOrder) {
  std::atomic<bool> is_up = false;
  Serve([&is_up](const ReceivedRequest&) { return HttpAnswer{.status = is_up ? 200 : 500}; });
  Apply();
  std::vector<std::string> manifests;
  for (int i = 0; i < 12; ++i) {
    manifests.push_back("/reports/" + Keep() + ".sha256");
    ASSERT_TRUE(AwaitFailure());
  }
  EXPECT_EQ(Known().pending, 12U);
  EXPECT_EQ(Known().oldest_pending, WallTime(seconds(1767225600)));
  is_up = true;
  clock_.Advance(UploadEngine::kLongestWait);
  ASSERT_TRUE(AwaitUploads(12));
  std::vector<std::string> taken = Taken();
  std::erase_if(taken, [](const std::string& path) { return !path.ends_with(".sha256"); });
  EXPECT_EQ(taken.front(), manifests.front());
  std::sort(taken.begin(), taken.end());
  EXPECT_EQ(taken, manifests);
  EXPECT_EQ(Known().pending, 0U);
  EXPECT_FALSE(Known().oldest_pending);
}

TEST_F(UploadEngineTest, WhileItFailsOneIsTriedAtATime) {
  Serve([](const ReceivedRequest&) { return HttpAnswer{.status = 500}; });
  Apply();
  for (int i = 0; i < 20; ++i) {
    Keep();
  }
  ASSERT_TRUE(AwaitFailure());
  ASSERT_TRUE(AwaitFailure());
  ASSERT_TRUE(AwaitFailure());
  std::set<std::string> paths;
  for (const ReceivedRequest& request : sink_->Requests()) {
    paths.insert(request.path);
  }
  EXPECT_EQ(sink_->Requests().size(), 3U);
  EXPECT_EQ(paths.size(), 1U);  // the oldest, again and again
}

TEST_F(UploadEngineTest, ATryComesAfterTheLongestWaitAtTheLatest) {
  Serve([](const ReceivedRequest&) { return HttpAnswer{.status = 500}; });
  Apply();
  Keep();
  for (std::uint64_t i = 1; i <= 15; ++i) {
    ASSERT_TRUE(AwaitFailure());
    EXPECT_EQ(AllFailures(), i);
  }
}

TEST_F(UploadEngineTest, NothingIsAskedBeforeItsTime) {
  Serve([](const ReceivedRequest&) { return HttpAnswer{.status = 500}; });
  Apply();
  Keep();
  for (int i = 0; i < 10; ++i) {  // the waits are at least 0.5, 1, 2, ... s, at least 150 s now
    ASSERT_TRUE(AwaitFailure());
  }
  for (int i = 0; i < 149; ++i) {
    clock_.Advance(seconds(1));
    engine_->Turn(clock_.Now());
  }
  EXPECT_EQ(sink_->Requests().size(), 10U);
  EXPECT_TRUE(AwaitFailure());
}

TEST_F(UploadEngineTest, ARestartGoesOnWhereTheLastRunWas) {
  std::atomic<bool> is_up = false;
  Serve([&is_up](const ReceivedRequest& request) {
    return HttpAnswer{.status = is_up || request.path.ends_with(".json") ? 200 : 500};
  });
  Apply();
  const std::string path = "/reports/" + Keep();
  ASSERT_TRUE(AwaitFailure());  // of the second file
  EXPECT_THAT(Taken(), ElementsAre(path + ".json"));
  is_up = true;
  Restart();
  ASSERT_TRUE(AwaitUploads(1));
  EXPECT_THAT(Taken(),
              ElementsAre(path + ".json", path + ".json", path + ".txt", path + ".sha256"));
}

TEST_F(UploadEngineTest, AReportThatTheServiceRefusesLetsTheOthersPass) {
  Serve([](const ReceivedRequest& request) {
    return HttpAnswer{.status = request.path.find("/bad/") == std::string::npos ? 200 : 400};
  });
  Apply();
  Keep("bad");
  Keep("good");
  Keep("better");
  ASSERT_TRUE(AwaitFailure());
  clock_.Advance(UploadEngine::kLongestWait);
  ASSERT_TRUE(AwaitUploads(2));
  EXPECT_EQ(Known().pending, 1U);
  EXPECT_EQ(Tickets().size(), 1U);  // and is not given up
}

TEST_F(UploadEngineTest, FailuresAreCountedByReasonAndLoggedOnce) {
  Serve([](const ReceivedRequest&) {
    return HttpAnswer{.status = 404, .body = "<Error><Code>NoSuchBucket</Code></Error>"};
  });
  Apply();
  Keep();
  ASSERT_TRUE(AwaitFailure());
  ASSERT_TRUE(AwaitFailure());
  EXPECT_EQ(Failures(UploadFailure::NotFound), 2U);
  ASSERT_EQ(log_.Lines().size(), 1U);
  EXPECT_THAT(log_.Lines().front(), HasSubstr("reason=not_found status=404 code=NoSuchBucket"));
}

TEST_F(UploadEngineTest, TheSecretKeyIsInNoLogLine) {
  Serve([](const ReceivedRequest&) { return HttpAnswer{.status = 403}; });
  Apply();
  Keep();
  ASSERT_TRUE(AwaitFailure());
  for (const std::string& line : log_.Lines()) {
    EXPECT_THAT(line, Not(HasSubstr("canary")));
  }
}

TEST_F(UploadEngineTest, KeysThatCannotBeReadAreAFailureUntilTheyCan) {
  std::filesystem::remove(config_.upload.secret_key_file);
  Keep();
  ASSERT_TRUE(AwaitFailure());
  EXPECT_EQ(Failures(UploadFailure::Credentials), 1U);
  EXPECT_TRUE(sink_->Requests().empty());
  folder_.Write("secret", "rotated");
  clock_.Advance(UploadEngine::kLongestWait);
  EXPECT_TRUE(AwaitUploads(1));
}

TEST_F(UploadEngineTest, AServerThatIsAwayIsUnreachable) {
  Keep();
  sink_.reset();
  ASSERT_TRUE(AwaitFailure());
  EXPECT_EQ(Failures(UploadFailure::Unreachable), 1U);
}

TEST_F(UploadEngineTest, AnAnswerThatIsCutOffIsTriedAgain) {
  const ScriptedServer server({.rest = ""}, nullptr);
  config_.upload.endpoint = server.Url();
  Apply();
  Keep();
  ASSERT_TRUE(AwaitFailure());
  EXPECT_EQ(Failures(UploadFailure::Interrupted), 1U);
  EXPECT_EQ(Known().pending, 1U);
}

TEST_F(UploadEngineTest, AServerThatDoesNotAnswerIsATimeout) {
  const ScriptedServer server({.before_answer = hours(1)}, nullptr);
  config_.upload.endpoint = server.Url();
  config_.upload.timeout = std::chrono::milliseconds(200);
  Apply();
  Keep();
  ASSERT_TRUE(AwaitFailure());
  EXPECT_EQ(Failures(UploadFailure::Timeout), 1U);
}

TEST_F(UploadEngineTest, AServerThatAsksForPatienceGetsIt) {
  const ScriptedServer server(
      {.answer = "HTTP/1.1 503 Slow Down\r\nRetry-After: 200\r\nContent-Length: 0\r\n\r\n",
       .rest = ""},
      nullptr);
  config_.upload.endpoint = server.Url();
  Apply();
  Keep();
  ASSERT_TRUE(AwaitFailure());
  EXPECT_EQ(Failures(UploadFailure::Throttled), 1U);
  for (int i = 0; i < 199; ++i) {
    clock_.Advance(seconds(1));
    engine_->Turn(clock_.Now());
  }
  EXPECT_EQ(AllFailures(), 1U);
}

TEST_F(UploadEngineTest, AFileThatWasChangedIsNotEvidenceAndNotUploaded) {
  const std::string path = Keep();
  folder_.Write("archive/" + path + ".txt", "changed");
  Keep("b");
  ASSERT_TRUE(AwaitUploads(1));
  EXPECT_EQ(Known().damaged, 1U);
  EXPECT_EQ(Known().pending, 0U);
}

TEST_F(UploadEngineTest, AReportThatWasRemovedIsForgotten) {
  Keep();
  clock_.Advance(hours(24 * 15));
  archive_->Sweep(MonoTime::max());
  Keep("b");
  ASSERT_TRUE(AwaitUploads(1));
  EXPECT_EQ(Known().damaged, 0U);
  EXPECT_EQ(Known().pending, 0U);
}

TEST_F(UploadEngineTest, CountersGoOnAfterARestart) {
  Keep();
  ASSERT_TRUE(AwaitUploads(1));
  Restart();
  Keep();
  EXPECT_TRUE(AwaitUploads(2));
}

}  // namespace
}  // namespace pathwitness
