#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "tests/exporter/history/history_stage.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

/// A small disk of its own, in a mount namespace that nobody else sees.
class HistoryDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", Disk().c_str(), "tmpfs", 0, "size=1m") != 0) {
      GTEST_SKIP() << "no mount namespace here: " << std::strerror(errno);
    }
  }

  void TearDown() override { umount2(Disk().c_str(), MNT_DETACH); }

  std::string Disk() const { return folder_.Path(); }

  void Remount(unsigned long flags, const char* options) const {
    ASSERT_EQ(mount("none", Disk().c_str(), "tmpfs", MS_REMOUNT | flags, options), 0)
        << std::strerror(errno);
  }

  static std::uint64_t Failures(const HistoryStage& stage, HistoryFailure failure) {
    return stage.Self()->failures[static_cast<std::size_t>(failure)];
  }

  std::vector<std::string> ManyTargets() const {
    std::vector<std::string> targets;
    for (int i = 0; i < 100; ++i) {
      targets.push_back("target-" + std::to_string(i));
    }
    return targets;
  }

  TestFolder folder_;
};

TEST_F(HistoryDiskTest, AFullDiskIsToldAndWhatWaitedIsWrittenWhenThereIsRoom) {
  HistoryStage stage(Disk(), ManyTargets());
  while (stage.Self()->flushes < 1000 && Failures(stage, HistoryFailure::Full) == 0) {
    stage.Live(10);
  }
  ASSERT_GE(Failures(stage, HistoryFailure::Full), 1U);
  EXPECT_THAT(stage.log_.Lines(), Contains(HasSubstr("reason=full")));
  stage.Live(60);
  Remount(0, "size=16m");
  stage.Live(12);
  stage.End();
  EXPECT_EQ(stage.Self()->rows_dropped, 0U);
  EXPECT_EQ(stage.Self()->set_aside, 0U);
  HistoryReader reader(Disk());
  EXPECT_EQ(SentInHistory(reader, stage.Key(7)), stage.Sent());
}

TEST_F(HistoryDiskTest, ADiskThatBecomesReadOnlyIsToldAndReadOn) {
  HistoryStage stage(Disk(), {"a"});
  stage.Live(31);
  stage.End();
  Remount(MS_RDONLY, "");
  stage.Begin();
  stage.Live(31);
  EXPECT_THAT(stage.log_.Lines(), Contains(HasSubstr("reason=read_only")));
  EXPECT_GE(Failures(stage, HistoryFailure::ReadOnly), 1U);
  HistoryReader reader(Disk());
  EXPECT_EQ(SentInHistory(reader, stage.Key()), 31U);
  EXPECT_FALSE(reader.Failure());
}

TEST_F(HistoryDiskTest, AnEmptyReadOnlyDiskIsTold) {
  Remount(MS_RDONLY, "");
  HistoryStage stage(Disk() + "/history", {"a"});
  stage.Live(31);
  EXPECT_GE(Failures(stage, HistoryFailure::ReadOnly), 3U);
}

}  // namespace
}  // namespace pathwitness
