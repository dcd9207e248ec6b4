#include "exporter/archive/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "probes/disk/files.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Archive::Limits kGenerous{
    .retention = hours(24 * 14), .max_bytes = 1U << 30U, .min_free_bytes = 0};

class ArchiveTest : public ::testing::Test {
 protected:
  ArchiveTest() { Restart(); }

  /// As after a crash or a stop: only what is on disk is left.
  void Restart(Archive::Limits limits = kGenerous) {
    archive_ = std::make_unique<Archive>(folder_.Path(), ArchiveSnapshot{}, clock_, log_);
    archive_->SetLimits(limits);
    ASSERT_TRUE(archive_->Explore(MonoTime::max()));
  }

  ReportFiles Report(const std::string& target = "a") const {
    return {.target = target,
            .source = "192.0.2.1",
            .destination = "198.51.100.9",
            .at = clock_.WallNow(),
            .forms = {{"txt", "text"}, {"json", "{}"}}};
  }

  std::string KeptPath(const ReportFiles& report) {
    const auto outcome = archive_->Keep(report);
    const auto* const name = std::get_if<ReportName>(&outcome);
    return name == nullptr ? "" : name->Path();
  }

  KeepFailure FailureOfKeeping(const ReportFiles& report) {
    return std::get<KeepFailure>(archive_->Keep(report));
  }

  void Sweep() { EXPECT_TRUE(archive_->Sweep(MonoTime::max())); }

  /// All files below the folder but tickets, relative to it.
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.Path())) {
      std::string path = entry.path().lexically_relative(folder_.Path()).string();
      if (entry.is_regular_file() && !path.starts_with(".spool/")) {
        files.push_back(std::move(path));
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  std::vector<std::string> Tickets() const { return Spool(folder_.Path()).List(); }
  std::filesystem::path Path(const std::string& name) const { return folder_.Path() / name; }

  FakeClock clock_;
  RecordingLog log_;
  TestFolder folder_;
  std::unique_ptr<Archive> archive_;
};

TEST_F(ArchiveTest, AReportIsOnDiskWithItsManifest) {
  const std::string path = KeptPath(Report());
  EXPECT_EQ(path, "a/2026-01-01/000000Z__192.0.2.1_to_198.51.100.9");
  EXPECT_THAT(Files(), ElementsAre(path + ".json", path + ".sha256", path + ".txt"));
  EXPECT_EQ(ReadWholeFile(Path(path + ".txt"), 100), "text");
  const auto manifest = ParseManifest(*ReadWholeFile(Path(path + ".sha256"), kLongestManifest));
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->name.Path(), path);
}

TEST_F(ArchiveTest, TwoReportsOfOneSecondAreBothKept) {
  const std::string first = KeptPath(Report());
  const std::string second = KeptPath(Report());
  EXPECT_EQ(second, first + "__002");
  EXPECT_EQ(archive_->Look().reports, 2U);
}

TEST_F(ArchiveTest, AFileOfSomebodyElseIsNotOverwritten) {
  const std::string taken = "a/2026-01-01/000000Z__192.0.2.1_to_198.51.100.9.txt";
  folder_.Write(taken, "not ours");
  EXPECT_TRUE(KeptPath(Report()).ends_with("__002"));
  EXPECT_EQ(ReadWholeFile(Path(taken), 100), "not ours");
}

TEST_F(ArchiveTest, ATargetThatClimbsStaysInTheFolder) {
  folder_.Write("inner/x", "");
  archive_ = std::make_unique<Archive>(Path("inner"), ArchiveSnapshot{}, clock_, log_);
  archive_->SetLimits(kGenerous);
  EXPECT_FALSE(KeptPath(Report("../../etc")).empty());
  for (const std::string& file : Files()) {
    EXPECT_TRUE(file.starts_with("inner/")) << file;
  }
}

TEST_F(ArchiveTest, AReportWithoutAFormIsRefused) {
  ReportFiles report = Report();
  report.forms.clear();
  EXPECT_EQ(FailureOfKeeping(report), KeepFailure::Invalid);
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(ArchiveTest, AFormThatWouldLeaveTheFolderIsRefused) {
  ReportFiles report = Report();
  report.forms["../txt"] = "text";
  EXPECT_EQ(FailureOfKeeping(report), KeepFailure::Invalid);
  report = Report();
  report.forms["sha256"] = "text";
  EXPECT_EQ(FailureOfKeeping(report), KeepFailure::Invalid);
}

TEST_F(ArchiveTest, ReportsOlderThanTheRetentionGo) {
  KeptPath(Report());
  clock_.Advance(hours(24 * 7));
  const std::string newer = KeptPath(Report());
  clock_.Advance(hours(24 * 7) + minutes(1));
  Sweep();
  EXPECT_THAT(Files(), ElementsAre(newer + ".json", newer + ".sha256", newer + ".txt"));
  EXPECT_EQ(archive_->Look().removed.at(static_cast<std::size_t>(RemovalReason::Age)), 1U);
}

TEST_F(ArchiveTest, FoldersThatAreEmptyGo) {
  KeptPath(Report());
  clock_.Advance(hours(24 * 15));
  Sweep();
  EXPECT_FALSE(std::filesystem::exists(Path("a")));
}

TEST_F(ArchiveTest, TheOldestGoWhenAllTogetherAreTooLarge) {
  std::vector<std::string> kept;
  for (const std::string target : {"b", "a", "c"}) {  // the oldest is not the first by name
    kept.push_back(KeptPath(Report(target)));
    clock_.Advance(minutes(5));
  }
  Archive::Limits limits = kGenerous;
  limits.max_bytes = archive_->Look().bytes - 1;
  archive_->SetLimits(limits);
  Sweep();
  EXPECT_FALSE(std::filesystem::exists(Path(kept[0] + ".txt")));
  EXPECT_TRUE(std::filesystem::exists(Path(kept[1] + ".txt")));
  EXPECT_TRUE(std::filesystem::exists(Path(kept[2] + ".txt")));
  EXPECT_LE(archive_->Look().bytes, limits.max_bytes);
}

TEST_F(ArchiveTest, WhatItDidNotWriteSurvives) {
  const std::string path = KeptPath(Report());
  const std::string beside = path + ".followups";
  folder_.Write(beside, "what we did about it");
  folder_.Write("a/2026-01-01/000001Z__192.0.2.1_to_198.51.100.9.txt", "no manifest");
  folder_.Write("notes/2026-01-01/readme", "not ours");
  folder_.Write("a/2026-01-01/000002Z__192.0.2.1_to_198.51.100.9.sha256", "no manifest of ours");
  Restart({.retention = hours(1), .max_bytes = 0, .min_free_bytes = 1ULL << 60U});
  clock_.Advance(hours(24));
  Sweep();
  EXPECT_THAT(Files(), ElementsAre("a/2026-01-01/000000Z__192.0.2.1_to_198.51.100.9.followups",
                                   "a/2026-01-01/000001Z__192.0.2.1_to_198.51.100.9.txt",
                                   "a/2026-01-01/000002Z__192.0.2.1_to_198.51.100.9.sha256",
                                   "notes/2026-01-01/readme"));
}

TEST_F(ArchiveTest, ALinkIsNotFollowed) {
  const TestFolder elsewhere;
  {
    Archive other(elsewhere.Path(), ArchiveSnapshot{}, clock_, log_);
    other.SetLimits(kGenerous);
    EXPECT_TRUE(std::holds_alternative<ReportName>(other.Keep(Report("b"))));
  }
  std::filesystem::create_directory_symlink(elsewhere.Path() / "b", Path("b"));
  Restart();
  EXPECT_EQ(archive_->Look().reports, 0U);
}

TEST_F(ArchiveTest, NothingIsWrittenBelowTheFloorOfFreeSpace) {
  KeptPath(Report());
  Archive::Limits limits = kGenerous;
  limits.min_free_bytes = 1ULL << 60U;
  archive_->SetLimits(limits);
  EXPECT_EQ(FailureOfKeeping(Report()), KeepFailure::DiskLow);
  EXPECT_THAT(Files(), IsEmpty());  // the older made room as far as they could
  EXPECT_EQ(archive_->Look().removed.at(static_cast<std::size_t>(RemovalReason::DiskLow)), 1U);
}

TEST_F(ArchiveTest, AStepOfTheClockCostsNoReports) {
  KeptPath(Report());
  Sweep();
  // The wall clock of a FakeClock moves with the other: a step is two archives' worth of time.
  class SteppedClock final : public Clock {
   public:
    explicit SteppedClock(const FakeClock& clock) : clock_(clock) {}
    MonoTime Now() const override { return clock_.Now(); }
    WallTime WallNow() const override { return clock_.WallNow() + step; }
    Duration step{};

   private:
    const FakeClock& clock_;
  };
  SteppedClock stepped(clock_);
  Archive archive(folder_.Path(), ArchiveSnapshot{}, stepped, log_);
  archive.SetLimits(kGenerous);
  archive.Explore(MonoTime::max());
  archive.Sweep(MonoTime::max());
  stepped.step = hours(24 * 365);
  archive.Sweep(MonoTime::max());
  EXPECT_EQ(archive.Look().reports, 1U);
  stepped.step = {};
  clock_.Advance(minutes(59));
  archive.Sweep(MonoTime::max());
  EXPECT_EQ(archive.Look().reports, 1U);
}

TEST_F(ArchiveTest, ARestartFindsWhatThereIs) {
  const std::string path = KeptPath(Report());
  KeptPath(Report("b:c"));
  const ArchiveSnapshot before = archive_->Look();
  Restart();
  EXPECT_EQ(archive_->Look().reports, 2U);
  EXPECT_EQ(archive_->Look().bytes, before.bytes);
  EXPECT_EQ(archive_->Look().oldest, before.oldest);
  EXPECT_FALSE(path.empty());
}

TEST_F(ArchiveTest, WithUploadsAReportHasATicket) {
  KeptPath(Report());
  EXPECT_THAT(Tickets(), IsEmpty());
  Archive::Limits limits = kGenerous;
  limits.is_uploading = true;
  archive_->SetLimits(limits);
  KeptPath(Report());
  EXPECT_EQ(Tickets().size(), 1U);
}

TEST_F(ArchiveTest, ARemovedReportWaitsNoLongerForItsUpload) {
  Archive::Limits limits = kGenerous;
  limits.is_uploading = true;
  archive_->SetLimits(limits);
  KeptPath(Report());
  clock_.Advance(hours(24 * 15));
  Sweep();
  EXPECT_THAT(Tickets(), IsEmpty());
  EXPECT_EQ(archive_->Look().removed_unsent, 1U);
}

TEST_F(ArchiveTest, AReportThatACrashCutOffBeforeItsManifestIsFinished) {
  Archive::Limits limits = kGenerous;
  limits.is_uploading = true;
  archive_->SetLimits(limits);
  const std::string path = KeptPath(Report());
  std::filesystem::remove(Path(path + ".sha256"));
  Restart(limits);
  EXPECT_THAT(Files(), ElementsAre(path + ".json", path + ".sha256", path + ".txt"));
  EXPECT_EQ(archive_->Look().reports, 1U);
  EXPECT_EQ(Tickets().size(), 1U);
}

TEST_F(ArchiveTest, NothingIsLeftOfAReportThatACrashCutOffInTheMiddle) {
  Archive::Limits limits = kGenerous;
  limits.is_uploading = true;
  archive_->SetLimits(limits);
  const std::string path = KeptPath(Report());
  std::filesystem::remove(Path(path + ".sha256"));
  std::filesystem::rename(Path(path + ".txt"), Path(path + ".txt.tmp"));
  Restart(limits);
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_THAT(Tickets(), IsEmpty());
}

TEST_F(ArchiveTest, AFailureIsLoggedOnceAndSoIsItsEnd) {
  folder_.Write("in the way", "a file where a folder must be");
  archive_ = std::make_unique<Archive>(Path("in the way"), ArchiveSnapshot{}, clock_, log_);
  archive_->SetLimits(kGenerous);
  EXPECT_EQ(FailureOfKeeping(Report()), KeepFailure::Io);
  EXPECT_EQ(FailureOfKeeping(Report()), KeepFailure::Io);
  EXPECT_EQ(log_.Lines().size(), 1U);
  std::filesystem::remove(Path("in the way"));
  EXPECT_FALSE(KeptPath(Report()).empty());
  EXPECT_EQ(log_.Lines().size(), 2U);
  EXPECT_EQ(archive_->Look().failures.at(static_cast<std::size_t>(KeepFailure::Io)), 2U);
}

TEST_F(ArchiveTest, NothingIsRemovedBeforeAllIsCounted) {
  KeptPath(Report());
  Archive fresh(folder_.Path(), ArchiveSnapshot{}, clock_, log_);
  fresh.SetLimits({.retention = hours(1), .max_bytes = 0, .min_free_bytes = 0});
  EXPECT_FALSE(fresh.Explore(clock_.Now()));
  fresh.Sweep(MonoTime::max());
  EXPECT_EQ(Files().size(), 3U);
}

}  // namespace
}  // namespace pathwitness
