#include "exporter/archive/report_name.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace pathwitness {
namespace {

using std::chrono::seconds;

// 2026-01-31T12:00:00Z.
constexpr WallTime kNoon{seconds(1769860800)};

ReportFiles ReportOf(const std::string& target, WallTime at = kNoon) {
  return {.target = target,
          .source = "192.0.2.1",
          .destination = "198.51.100.9",
          .at = at,
          .forms = {{"txt", "text"}, {"json", "{}"}}};
}

TEST(ReportName, TellsTargetDayTimeAndBothEnds) {
  EXPECT_EQ(NameOf(ReportOf("hq-to-github"), 1).Path(),
            "hq-to-github/2026-01-31/120000Z__192.0.2.1_to_198.51.100.9");
}

TEST(ReportName, ColonsOfIpv6BecomeDashes) {
  ReportFiles report = ReportOf("a");
  report.source = "2001:db8::1";
  report.destination = "2001:db8::2";
  EXPECT_EQ(NameOf(report, 1).stem, "120000Z__2001-db8--1_to_2001-db8--2");
}

TEST(ReportName, TheSecondOfASecondSortsBehindTheFirst) {
  const std::string first = NameOf(ReportOf("a"), 1).Path() + ".json";
  const std::string second = NameOf(ReportOf("a"), 2).Path() + ".json";
  const std::string tenth = NameOf(ReportOf("a"), 10).Path() + ".json";
  const std::string later = NameOf(ReportOf("a", kNoon + seconds(1)), 1).Path() + ".json";
  const std::vector<std::string> names = {first, second, tenth, later};
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST(ReportName, NamesOfATargetSortByTime) {
  std::vector<std::string> names;
  for (WallTime at = kNoon; at < kNoon + std::chrono::hours(72); at += seconds(1801)) {
    names.push_back(NameOf(ReportOf("a", at), 1).Path());
  }
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST(ReportName, ATargetThatClimbsStaysInItsFolder) {
  EXPECT_EQ(TargetFolder("../../etc").find('/'), std::string::npos);
  EXPECT_NE(TargetFolder("../../etc").front(), '.');
  EXPECT_NE(TargetFolder("..").front(), '.');
  EXPECT_FALSE(TargetFolder("").empty());
}

TEST(ReportName, TargetsWhoseNamesAreSafeAlikeHaveFoldersOfTheirOwn) {
  EXPECT_NE(TargetFolder("a:b"), TargetFolder("a/b"));
  EXPECT_NE(TargetFolder("a:b"), TargetFolder("a-b"));
  EXPECT_NE(TargetFolder(std::string(200, 'a')), TargetFolder(std::string(201, 'a')));
}

TEST(ReportName, NoTargetCanTakeTheFolderOfAnother) {
  const std::string taken = TargetFolder("a:b");
  EXPECT_NE(TargetFolder(taken), taken);
}

TEST(ReportName, ASafeTargetKeepsItsName) {
  EXPECT_EQ(TargetFolder("HQ_1.lan-to-github"), "HQ_1.lan-to-github");
}

TEST(ReportName, LongEndsAreCut) {
  ReportFiles report = ReportOf(std::string(1000, 't'));
  report.source = std::string(1000, 's');
  report.destination = std::string(1000, 'd');
  const ReportName name = NameOf(report, kMostInOneSecond);
  EXPECT_LE(name.target.size(), 128U);
  EXPECT_LE(name.stem.size() + std::string(".sha256.tmp").size(), 255U);
}

TEST(ReportName, IsReadBack) {
  for (const std::string target : {"a", "a:b", "../../etc", "x-x0123456789ab"}) {
    const ReportName name = NameOf(ReportOf(target), 7);
    EXPECT_EQ(ParseReportName(name.Path()), name);
    EXPECT_EQ(TimeOf(name), kNoon);
  }
}

TEST(ReportName, OtherPathsAreNoNames) {
  for (const std::string path :
       {"", "a", "a/b", "a/2026-01-31", "a/2026-01-31/", "a/2026-01-31/notes",
        "a/2026-02-30/120000Z__b_to_c", "a/2026-01-31/240000Z__b_to_c",
        "a/9999-01-31/120000Z__b_to_c", "a/0000-01-31/120000Z__b_to_c", "a/2026-01-31/b_to_c",
        "a/2026-01-31/120000Z_b_to_c", "../2026-01-31/120000Z__b_to_c",
        "a/2026-01-31/120000Z__b_to_c/d", "a/2026-01-31/120000Z__b_to_\xc3\xa9",
        ".spool/2026-01-31/120000Z__b_to_c"}) {
    EXPECT_FALSE(ParseReportName(path)) << path;
  }
}

}  // namespace
}  // namespace pathwitness
