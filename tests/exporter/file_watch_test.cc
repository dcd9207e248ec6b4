#include "exporter/file_watch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>

#include <fstream>
#include <string>

#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

namespace fs = std::filesystem;

class FileWatchTest : public testing::Test {
 protected:
  FileWatchTest() {
    std::string pattern = testing::TempDir() + "/file-watch-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    Write(config_ = folder_ / "config.yaml", "a");
    StartToWatch();
  }
  ~FileWatchTest() override { fs::remove_all(folder_); }

  static void Write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

  void StartToWatch() {
    watch_.Remember();
    watch_.Watch({config_}, clock_.Now());
    SaysChanged();
  }

  void ReadEvents() {
    pollfd waited{.fd = watch_.Descriptor(), .events = POLLIN, .revents = 0};
    if (poll(&waited, 1, 0) == 1) {
      watch_.OnReadable(clock_.Now());
    }
  }

  /// Once the folders have been quiet.
  bool SaysChanged() {
    ReadEvents();
    clock_.Advance(FileWatch::kQuiet);
    return watch_.HasChanged(clock_.Now());
  }

  fs::path folder_;
  fs::path config_;
  FakeClock clock_;
  FileWatch watch_;
};

TEST_F(FileWatchTest, AFileWrittenInPlaceHasChangedOnce) {
  Write(config_, "longer");
  EXPECT_TRUE(SaysChanged());
  EXPECT_FALSE(SaysChanged());
}

TEST_F(FileWatchTest, AFileReplacedByRenamingHasChanged) {
  Write(folder_ / "new", "b");
  fs::rename(folder_ / "new", config_);
  EXPECT_TRUE(SaysChanged());
}

TEST_F(FileWatchTest, ATurnedLinkToAFolderChangesTheFilesBehindIt) {
  fs::create_directory(folder_ / "v1");
  fs::create_directory(folder_ / "v2");
  Write(folder_ / "v1" / "config.yaml", "1");
  Write(folder_ / "v2" / "config.yaml", "2");
  fs::create_directory_symlink("v1", folder_ / "now");
  fs::remove(config_);
  fs::create_symlink("now/config.yaml", config_);
  ASSERT_TRUE(SaysChanged());
  fs::create_directory_symlink("v2", folder_ / "next");
  fs::rename(folder_ / "next", folder_ / "now");
  EXPECT_TRUE(SaysChanged());
}

TEST_F(FileWatchTest, OtherFilesInTheFolderAreNoChange) {
  Write(folder_ / "heartbeats", "1");
  EXPECT_FALSE(SaysChanged());
}

TEST_F(FileWatchTest, AFileInANewTargetsFolderIsAChange) {
  fs::create_directory(folder_ / "targets.d");
  EXPECT_FALSE(SaysChanged());
  Write(folder_ / "targets.d" / "one.yaml", "targets: []");
  EXPECT_TRUE(SaysChanged());
}

TEST_F(FileWatchTest, ARemovedFileIsAChange) {
  fs::remove(config_);
  EXPECT_TRUE(SaysChanged());
}

TEST_F(FileWatchTest, WaitsUntilTheFolderIsQuiet) {
  Write(config_, "half");
  ReadEvents();
  clock_.Advance(FileWatch::kQuiet / 2);
  Write(config_, "the whole");
  ReadEvents();
  clock_.Advance(FileWatch::kQuiet / 2);
  EXPECT_FALSE(watch_.HasChanged(clock_.Now()));
  clock_.Advance(FileWatch::kQuiet / 2);
  EXPECT_TRUE(watch_.HasChanged(clock_.Now()));
}

TEST_F(FileWatchTest, AFolderThatIsNeverQuietIsLookedAtNevertheless) {
  const MonoTime start = clock_.Now();
  while (!watch_.HasChanged(clock_.Now())) {
    ASSERT_LT(clock_.Now() - start, 2 * FileWatch::kLongestWait);
    Write(config_, std::to_string((clock_.Now() - start).count()));
    ReadEvents();
    clock_.Advance(FileWatch::kQuiet / 2);
  }
  EXPECT_GE(clock_.Now() - start, FileWatch::kLongestWait);
}

TEST_F(FileWatchTest, WhatChangesWhileTheFilesAreReadIsNotMissed) {
  watch_.Remember();
  Write(config_, "while it is read");
  watch_.Watch({config_}, clock_.Now());
  EXPECT_TRUE(SaysChanged());
}

TEST_F(FileWatchTest, WhatWasRememberedIsNoChange) {
  Write(config_, "read at once, on a signal");
  watch_.Remember();
  EXPECT_FALSE(SaysChanged());
}

TEST_F(FileWatchTest, WithoutFilesNothingIsWatched) {
  watch_.Watch({}, clock_.Now());
  EXPECT_EQ(watch_.Descriptor(), -1);
  Write(config_, "unseen");
  EXPECT_FALSE(SaysChanged());
}

}  // namespace
}  // namespace pathwitness
