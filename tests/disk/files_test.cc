#include "probes/disk/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

constexpr std::size_t kPlenty = 1U << 20U;

class Files : public ::testing::Test {
 protected:
  std::filesystem::path Path(const std::string& name) const { return folder_.Path() / name; }

  TestFolder folder_;
};

TEST_F(Files, WhatIsWrittenIsRead) {
  const std::string text("a\0b\n", 4);
  EXPECT_FALSE(WriteAtomically(Path("a"), text));
  EXPECT_EQ(ReadWholeFile(Path("a"), kPlenty), text);
}

TEST_F(Files, AFileIsReplaced) {
  EXPECT_FALSE(WriteAtomically(Path("a"), "much longer than the next"));
  EXPECT_FALSE(WriteAtomically(Path("a"), "short"));
  EXPECT_EQ(ReadWholeFile(Path("a"), kPlenty), "short");
}

TEST_F(Files, NothingIsLeftOfAFileThatCannotBeWritten) {
  std::filesystem::create_directories(Path("a") / "in the way");
  EXPECT_TRUE(WriteAtomically(Path("a"), "text"));
  EXPECT_FALSE(std::filesystem::exists(Path("a.tmp")));
}

TEST_F(Files, AFolderThatIsMissingIsAnError) {
  EXPECT_EQ(WriteAtomically(Path("none") / "a", "text"), std::errc::no_such_file_or_directory);
}

TEST_F(Files, OnlyTheOwnerReadsUnlessTheGroupMay) {
  EXPECT_FALSE(WriteAtomically(Path("a"), "text"));
  EXPECT_EQ(std::filesystem::status(Path("a")).permissions(), std::filesystem::perms(0600));
  EXPECT_FALSE(WriteAtomically(Path("b"), "text", FileReaders::Group));
  const auto may_others =
      std::filesystem::status(Path("b")).permissions() &
      (std::filesystem::perms::others_all | std::filesystem::perms::group_write);
  EXPECT_EQ(may_others, std::filesystem::perms::none);
}

TEST_F(Files, ALongFileIsNotRead) {
  EXPECT_FALSE(WriteAtomically(Path("a"), std::string(200'000, 'x')));
  EXPECT_FALSE(ReadWholeFile(Path("a"), 199'999));
  EXPECT_EQ(ReadWholeFile(Path("a"), 200'000)->size(), 200'000U);
}

TEST_F(Files, APipeIsNotWaitedFor) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_FALSE(ReadWholeFile(Path("pipe"), kPlenty));
}

TEST_F(Files, AFolderIsNotRead) {
  EXPECT_FALSE(ReadWholeFile(folder_.Path(), kPlenty));
}

}  // namespace
}  // namespace pathwitness
