#include "probes/asn/mmdb_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <random>
#include <string>

#include "tests/support/mmdb_writer.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

std::shared_ptr<const MmdbFile> Opened(const std::string& content) {
  return std::get<std::shared_ptr<const MmdbFile>>(MmdbFile::FromBytes(content));
}

MmdbFailure FailureOf(const MmdbFile::Result& result) {
  return std::get<MmdbFailure>(result);
}

std::optional<AsnRecord> Find(const MmdbFile& file, const std::string& address) {
  return file.Find(*IpAddress::Parse(address));
}

std::string TwoNetworks() {
  return MmdbWriter()
      .AddAs("192.0.2.0/24", 64500, "Example")
      .AddAs("192.0.2.128/25", 64501, "Example Inside")
      .AddAs("2001:db8::/32", 64502, "Example Six")
      .Content();
}

TEST(MmdbFile, TellsTheAsOfTheLongestPrefix) {
  const auto file = Opened(TwoNetworks());
  EXPECT_EQ(Find(*file, "192.0.2.1"), (AsnRecord{64500, "Example"}));
  EXPECT_EQ(Find(*file, "192.0.2.129"), (AsnRecord{64501, "Example Inside"}));
  EXPECT_EQ(Find(*file, "2001:db8::1"), (AsnRecord{64502, "Example Six"}));
}

TEST(MmdbFile, AnAddressInNoNetworkHasNoAs) {
  const auto file = Opened(TwoNetworks());
  EXPECT_EQ(Find(*file, "198.51.100.1"), std::nullopt);
  EXPECT_EQ(Find(*file, "2001:db9::1"), std::nullopt);
}

TEST(MmdbFile, SaysWhatItIsAndWhenItWasBuilt) {
  const auto file = Opened(TwoNetworks());
  EXPECT_EQ(file->Type(), "GeoLite2-ASN");
  EXPECT_EQ(ToUnixSeconds(file->Built()), 1'700'000'000);
}

TEST(MmdbFile, ReadsTheFieldsOfIpinfo) {
  const auto file = Opened(MmdbWriter("ipinfo generic_country_asn_free.mmdb")
                               .Add("192.0.2.0/24", {{"country", "XX"},
                                                     {"asn", "AS64500"},
                                                     {"as_name", "Example"},
                                                     {"as_domain", "as.example"}})
                               .Add("198.51.100.0/24", {{"asn", "64501"}, {"name", "Other"}})
                               .Add("203.0.113.0/24", {{"country", "XX"}, {"asn", ""}})
                               .Content());
  EXPECT_EQ(Find(*file, "192.0.2.1"), (AsnRecord{64500, "Example"}));
  EXPECT_EQ(Find(*file, "198.51.100.1"), (AsnRecord{64501, "Other"}));
  EXPECT_EQ(Find(*file, "203.0.113.1"), std::nullopt);
}

TEST(MmdbFile, AnAsWithoutANameIsStillAnAs) {
  const auto file =
      Opened(MmdbWriter().Add("192.0.2.0/24", {{"autonomous_system_number", 64500U}}).Content());
  EXPECT_EQ(Find(*file, "192.0.2.1"), (AsnRecord{64500, ""}));
}

TEST(MmdbFile, NamesAreOneLineAndCutBetweenLetters) {
  const auto file = Opened(MmdbWriter()
                               .AddAs("192.0.2.0/24", 64500, "two\nlines")
                               .AddAs("198.51.100.0/24", 64501, std::string(127, 'a') + "\u00e9")
                               .AddAs("203.0.113.0/24", 64502, std::string(500, 'a'))
                               .Content());
  EXPECT_EQ(Find(*file, "192.0.2.1")->name, "two lines");
  EXPECT_EQ(Find(*file, "198.51.100.1")->name, std::string(127, 'a'));
  EXPECT_EQ(Find(*file, "203.0.113.1")->name, std::string(128, 'a'));
}

TEST(MmdbFile, ANumberThatIsNoAsnIsNone) {
  for (const char* const text : {"AS", "ASx", "AS4294967296", "AS-1", "AS64500 Example"}) {
    const std::string content = MmdbWriter()
                                    .AddAs("192.0.2.0/24", 64500, "Example")
                                    .Add("198.51.100.0/24", {{"asn", text}})
                                    .Content();
    EXPECT_EQ(Find(*Opened(content), "198.51.100.1"), std::nullopt) << text;
  }
}

TEST(MmdbFile, ADatabaseOfSomethingElseIsRefused) {
  const std::string content =
      MmdbWriter("GeoLite2-City").Add("192.0.2.0/24", {{"city", "Example"}}).Content();
  EXPECT_EQ(FailureOf(MmdbFile::FromBytes(content)), MmdbFailure::NoAsn);
}

TEST(MmdbFile, AnEmptyFileIsDamaged) {
  EXPECT_EQ(FailureOf(MmdbFile::FromBytes({})), MmdbFailure::Damaged);
}

TEST(MmdbFile, ATruncatedFileIsDamagedWhereverItEnds) {
  const std::string content = TwoNetworks();
  for (std::size_t size = 0; size < content.size(); size += 7) {
    const MmdbFile::Result result = MmdbFile::FromBytes(std::span(content).first(size));
    ASSERT_TRUE(std::holds_alternative<MmdbFailure>(result)) << size;
    ASSERT_EQ(FailureOf(result), MmdbFailure::Damaged) << size;
  }
}

TEST(MmdbFile, DamagedBytesNeverStopTheProcess) {
  const std::string content = TwoNetworks();
  std::mt19937 random(5);
  for (unsigned run = 0; run < 2000; ++run) {
    std::string damaged = content;
    for (unsigned i = 0; i < 3; ++i) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const MmdbFile::Result result = MmdbFile::FromBytes(damaged);
    if (const auto* const file = std::get_if<std::shared_ptr<const MmdbFile>>(&result)) {
      Find(**file, "192.0.2.129");
      Find(**file, "2001:db8::1");
    }
  }
}

TEST(MmdbFile, AFileThatIsNotThereIsMissing) {
  const TestFolder folder;
  EXPECT_EQ(FailureOf(MmdbFile::Load(folder.Path() / "none.mmdb")), MmdbFailure::Missing);
}

TEST(MmdbFile, AFolderOrPipeIsUnreadable) {
  const TestFolder folder;
  const std::filesystem::path pipe = folder.Path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(FailureOf(MmdbFile::Load(folder.Path())), MmdbFailure::Unreadable);
  EXPECT_EQ(FailureOf(MmdbFile::Load(pipe)), MmdbFailure::Unreadable);
}

TEST(MmdbFile, AHugeFileIsNotRead) {
  const TestFolder folder;
  const std::string path = folder.Write("huge.mmdb", "");
  std::filesystem::resize_file(path, kLargestMmdb + 1);
  EXPECT_EQ(FailureOf(MmdbFile::Load(path)), MmdbFailure::TooLarge);
}

TEST(MmdbFile, AFileThatIsTruncatedWhileOpenGoesOnAnswering) {
  const TestFolder folder;
  const std::string path = folder.Write("asn.mmdb", TwoNetworks());
  const auto file = std::get<std::shared_ptr<const MmdbFile>>(MmdbFile::Load(path));
  std::filesystem::resize_file(path, 0);
  EXPECT_EQ(Find(*file, "192.0.2.1"), (AsnRecord{64500, "Example"}));
}

}  // namespace
}  // namespace pathwitness
