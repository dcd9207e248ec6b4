#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <variant>

#include "exporter/archive/archive.h"
#include "probes/disk/files.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"
#include "tests/support/test_folder.h"

// A disk of its own, small enough to be filled: needs root, and makes a mount namespace.
namespace pathwitness {
namespace {

constexpr Archive::Limits kGenerous{
    .retention = std::chrono::hours(24 * 14), .max_bytes = 1U << 30U, .min_free_bytes = 0};

constexpr const char* kOptions = "size=512k,nr_inodes=100";

class ArchiveDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, "") != 0) {
      GTEST_SKIP() << "no mount namespace: " << std::strerror(errno);
    }
    ASSERT_EQ(mount("tmpfs", folder_.Path().c_str(), "tmpfs", 0, kOptions), 0);
    archive_.SetLimits(kGenerous);
    ASSERT_TRUE(archive_.Explore(MonoTime::max()));
  }

  void TearDown() override { umount2(folder_.Path().c_str(), MNT_DETACH); }

  std::variant<ReportName, KeepFailure> Keep() {
    clock_.Advance(std::chrono::minutes(5));
    return archive_.Keep({.target = "a",
                          .source = "192.0.2.1",
                          .destination = "198.51.100.9",
                          .at = clock_.WallNow(),
                          .forms = {{"txt", std::string(10'000, 't')}, {"json", "{}"}}});
  }

  FakeClock clock_;
  RecordingLog log_;
  TestFolder folder_;
  Archive archive_{folder_.Path() / "archive", ArchiveSnapshot{}, clock_, log_};
};

// Without inodes a disk is full although bytes are free.
TEST_F(ArchiveDisk, AFullDiskIsAFailureThatLeavesNothingBehind) {
  ASSERT_TRUE(std::holds_alternative<ReportName>(Keep()));
  for (int i = 0; i < 200; ++i) {
    folder_.Write("full/" + std::to_string(i), "");
  }
  EXPECT_EQ(std::get<KeepFailure>(Keep()), KeepFailure::DiskFull);
  std::uint64_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(archive_.Folder())) {
    files += entry.is_regular_file() ? 1U : 0U;
  }
  EXPECT_EQ(files, 3U);
  std::filesystem::remove_all(folder_.Path() / "full");
  EXPECT_TRUE(std::holds_alternative<ReportName>(Keep()));
}

TEST_F(ArchiveDisk, WhenNoByteIsFreeTheOldestMakeRoom) {
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(std::holds_alternative<ReportName>(Keep())) << i;
  }
  EXPECT_LT(archive_.Look().reports, 50U);
  EXPECT_EQ(archive_.Look().last_kept, clock_.WallNow());
}

TEST_F(ArchiveDisk, AboveTheFloorTheOldestMakeRoomAndOthersFilesStay) {
  folder_.Write("archive/a/notes", std::string(100'000, 'n'));
  Archive::Limits limits = kGenerous;
  limits.min_free_bytes = 200'000;
  archive_.SetLimits(limits);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(std::holds_alternative<ReportName>(Keep())) << i;
    EXPECT_GE(*archive_.Look().free_bytes, limits.min_free_bytes);
  }
  const ArchiveSnapshot known = archive_.Look();
  EXPECT_EQ(known.kept, 100U);
  EXPECT_EQ(known.reports + known.removed.at(static_cast<std::size_t>(RemovalReason::DiskLow)),
            100U);
  EXPECT_EQ(known.last_kept, clock_.WallNow());
  EXPECT_TRUE(std::filesystem::exists(folder_.Path() / "archive/a/notes"));
}

TEST_F(ArchiveDisk, AReadOnlyDiskIsSaidSoAndIsUsedAgainWhenItIsNot) {
  ASSERT_TRUE(std::holds_alternative<ReportName>(Keep()));
  ASSERT_EQ(mount("", folder_.Path().c_str(), "", MS_REMOUNT | MS_RDONLY, kOptions), 0);
  EXPECT_EQ(std::get<KeepFailure>(Keep()), KeepFailure::ReadOnly);
  clock_.Advance(std::chrono::hours(24 * 30));
  archive_.Sweep(MonoTime::max());
  ASSERT_EQ(mount("", folder_.Path().c_str(), "", MS_REMOUNT, kOptions), 0);
  EXPECT_TRUE(std::holds_alternative<ReportName>(Keep()));
}

}  // namespace
}  // namespace pathwitness
