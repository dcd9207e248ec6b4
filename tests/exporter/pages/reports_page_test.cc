#include "exporter/pages/reports_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "exporter/archive/report_store.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// An archive with one report, and a secret beside it.
class ReportsPageTest : public testing::Test {
 protected:
  ReportsPageTest() {
    std::filesystem::create_directories(archive_);
    std::ofstream(folder_.Path() / "secret.txt") << "secret";
    const ReportStore store(archive_);
    EXPECT_FALSE(store.Write(MakeManifest(name_, report_), report_));
    std::ofstream(archive_ / (name_.Path() + ".log")) << "own";
  }

  TestFolder folder_;
  std::filesystem::path archive_ = folder_.Path() / "reports";
  ReportFiles report_ = {.target = "office-to-web",
                         .source = "192.0.2.1",
                         .destination = "198.51.100.9",
                         .at = WallTime(std::chrono::hours(490'000)),
                         .forms = {{"txt", "all of it\n"}}};
  ReportName name_ = NameOf(report_, 1);
};

TEST_F(ReportsPageTest, ListsTargetsThenTheirReports) {
  EXPECT_THAT(LookAtReports(archive_, "")->folders, ElementsAre("office-to-web"));
  const std::optional<ReportsView> view = LookAtReports(archive_, "office-to-web");
  ASSERT_TRUE(view);
  ASSERT_EQ(view->reports.size(), 1U);
  EXPECT_THAT(ReportsPage(*view), HasSubstr("href=\"/reports/" + name_.Path() + ".txt\""));
}

TEST_F(ReportsPageTest, GivesOutAReportAndItsManifest) {
  EXPECT_EQ(ReadReportFile(archive_, name_.Path() + ".txt"), "all of it\n");
  EXPECT_THAT(*ReadReportFile(archive_, name_.Path() + ".sha256"), HasSubstr(".txt"));
}

TEST_F(ReportsPageTest, GivesOutNothingThatIsNoPartOfAReport) {
  for (const std::string& path :
       {std::string("../secret.txt"), std::string("/etc/passwd"), name_.Path() + ".log",
        name_.Folder() + "/../../../secret.txt", "./" + name_.Path() + ".txt", name_.Path(),
        std::string(), "office-to-web//" + name_.day + "/" + name_.stem + ".txt"}) {
    EXPECT_FALSE(ReadReportFile(archive_, path)) << path;
  }
}

TEST_F(ReportsPageTest, FindsThoseOfATime) {
  const auto count = [this](Duration before, Duration after) {
    return ReportsBetween(archive_, "office-to-web", report_.at - before, report_.at + after)
        .size();
  };
  EXPECT_EQ(count(0s, 0s), 1U);
  EXPECT_EQ(count(48h, 1s), 1U) << "it began two days before";
  EXPECT_EQ(count(-1s, 1h), 0U);
  EXPECT_EQ(count(1h, -1s), 0U);
  EXPECT_TRUE(ReportsBetween(archive_, "../reports/office-to-web", report_.at, report_.at).empty());
}

TEST_F(ReportsPageTest, AFolderThatIsNotThereIsNoPage) {
  for (const char* const target : {"..", ".", "elsewhere", "office-to-web/2026-01-01"}) {
    EXPECT_FALSE(LookAtReports(archive_, target)) << target;
  }
}

}  // namespace
}  // namespace pathwitness
