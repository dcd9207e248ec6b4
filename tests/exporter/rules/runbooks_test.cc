#include "exporter/rules/runbooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using testing::ElementsAre;

class RunbooksTest : public testing::Test {
 protected:
  RunbooksTest() {
    folder_.Write("runbooks/PathwitnessAbsent.md", "# Absent\n");
    folder_.Write("runbooks/NoAlert.md", "# secret\n");
    folder_.Write("secret.md", "# secret\n");
    alerting_.rules = folder_.Path() / "rules";
  }

  TestFolder folder_;
  AlertingConfig alerting_;
};

TEST_F(RunbooksTest, StandBesideTheRules) {
  EXPECT_EQ(ReadRunbook(alerting_, "PathwitnessAbsent"), "# Absent\n");
  EXPECT_THAT(RunbookNames(alerting_), ElementsAre("PathwitnessAbsent"));
}

TEST_F(RunbooksTest, MayStandElsewhere) {
  folder_.Write("elsewhere/PathwitnessAbsent.md", "# There\n");
  alerting_.runbooks = folder_.Path() / "elsewhere";
  EXPECT_EQ(ReadRunbook(alerting_, "PathwitnessAbsent"), "# There\n");
}

TEST_F(RunbooksTest, ANameThatIsNoAlertsIsNoPath) {
  for (const char* const name : {"NoAlert", "../secret", "", ".", "PathwitnessAbsent.md"}) {
    EXPECT_EQ(ReadRunbook(alerting_, name), std::nullopt) << name;
  }
}

TEST_F(RunbooksTest, AnAlertWithoutARunbookHasNone) {
  EXPECT_EQ(ReadRunbook(alerting_, "PathwitnessExporterDown"), std::nullopt);
}

}  // namespace
}  // namespace pathwitness
