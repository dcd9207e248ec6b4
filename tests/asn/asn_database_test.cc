#include "probes/asn/asn_database.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/mmdb_writer.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

std::string Network(std::uint32_t asn) {
  return MmdbWriter().AddAs("192.0.2.0/24", asn, "Example").Content();
}

class AsnDatabaseTest : public ::testing::Test {
 protected:
  // As a careful program replaces it: the new file takes the name of the old one.
  void Replace(const std::string& content) {
    std::filesystem::rename(folder_.Write("new", content), path_);
  }

  std::uint32_t Asn() const {
    const auto record = database_.Current()->Find(*IpAddress::Parse("192.0.2.1"));
    return record ? record->asn : 0;
  }

  TestFolder folder_;
  std::filesystem::path path_ = folder_.Path() / "asn.mmdb";
  AsnDatabase database_{path_};
};

TEST(AsnDatabase, WithoutAPathThereIsNoneAndThatIsNoFailure) {
  AsnDatabase database("");
  EXPECT_FALSE(database.Refresh());
  EXPECT_EQ(database.Current(), nullptr);
  EXPECT_EQ(database.Failure(), std::nullopt);
}

TEST_F(AsnDatabaseTest, AFileThatComesLaterIsTakenUp) {
  EXPECT_TRUE(database_.Refresh());
  EXPECT_EQ(database_.Failure(), MmdbFailure::Missing);
  Replace(Network(64500));
  EXPECT_TRUE(database_.Refresh());
  EXPECT_EQ(database_.Failure(), std::nullopt);
  EXPECT_EQ(Asn(), 64500U);
}

TEST_F(AsnDatabaseTest, AFileThatDidNotChangeIsNotReadAgain) {
  Replace(Network(64500));
  database_.Refresh();
  const auto first = database_.Current();
  EXPECT_FALSE(database_.Refresh());
  EXPECT_EQ(database_.Current(), first);
}

TEST_F(AsnDatabaseTest, AMissingFileIsToldOnce) {
  EXPECT_TRUE(database_.Refresh());
  EXPECT_FALSE(database_.Refresh());
}

TEST_F(AsnDatabaseTest, AReplacedFileIsTakenUpAndTheOldOneStaysWithWhoHasIt) {
  Replace(Network(64500));
  database_.Refresh();
  const auto old = database_.Current();
  Replace(Network(64501));
  EXPECT_TRUE(database_.Refresh());
  EXPECT_EQ(Asn(), 64501U);
  EXPECT_EQ(old->Find(*IpAddress::Parse("192.0.2.1"))->asn, 64500U);
}

TEST_F(AsnDatabaseTest, ABrokenFileLeavesTheLastGoodOneInUse) {
  Replace(Network(64500));
  database_.Refresh();
  const std::string content = Network(64501);
  Replace(content.substr(0, content.size() / 2));
  EXPECT_TRUE(database_.Refresh());
  EXPECT_EQ(database_.Failure(), MmdbFailure::Damaged);
  EXPECT_EQ(Asn(), 64500U);
  std::filesystem::remove(path_);
  EXPECT_TRUE(database_.Refresh());
  EXPECT_EQ(database_.Failure(), MmdbFailure::Missing);
  EXPECT_EQ(Asn(), 64500U);
}

TEST_F(AsnDatabaseTest, AFileThatIsWrittenInPlaceIsTakenUpWhenItIsWhole) {
  const std::string content = Network(64500);
  folder_.Write("asn.mmdb", content.substr(0, content.size() / 2));
  database_.Refresh();
  EXPECT_EQ(database_.Failure(), MmdbFailure::Damaged);
  folder_.Write("asn.mmdb", content);
  EXPECT_TRUE(database_.Refresh());
  EXPECT_EQ(Asn(), 64500U);
}

}  // namespace
}  // namespace pathwitness
