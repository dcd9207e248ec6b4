#include "diagnosis/path_alignment.h"

#include <gtest/gtest.h>

#include "tests/diagnosis/path_text.h"

namespace pathwitness {
namespace {

PathAlignment Align(const std::string& before, const std::string& after) {
  return AlignPaths(PathOf(before), PathOf(after));
}

TEST(PathAlignment, EqualPathsDoNotDiffer) {
  EXPECT_EQ(Align("192.0.2.1 192.0.2.2", "192.0.2.1 192.0.2.2").first_different, 0);
}

TEST(PathAlignment, ASilentHopEqualsAnyHop) {
  EXPECT_EQ(Align("192.0.2.1 * 192.0.2.3", "192.0.2.1 192.0.2.2 *").first_different, 0);
}

TEST(PathAlignment, AnExchangedHopIsFoundBetweenItsNeighbours) {
  const PathAlignment found =
      Align("192.0.2.1 192.0.2.2 192.0.2.3", "192.0.2.1 192.0.2.9 192.0.2.3");
  EXPECT_EQ(found.first_different, 2);
  EXPECT_EQ(found.last_common, 1);
  EXPECT_EQ(found.rejoin_before, 3);
  EXPECT_EQ(found.rejoin_after, 3);
}

TEST(PathAlignment, TheLastCommonHopIsOneThatAnswers) {
  const PathAlignment found = Align("192.0.2.1 * 192.0.2.3", "192.0.2.1 * 192.0.2.9");
  EXPECT_EQ(found.first_different, 3);
  EXPECT_EQ(found.last_common, 1);
}

TEST(PathAlignment, AnInsertedHopShiftsTheRestButIsTheOnlyDifference) {
  const PathAlignment found = Align("192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4",
                                    "192.0.2.1 192.0.2.9 192.0.2.2 192.0.2.3 192.0.2.4");
  EXPECT_EQ(found.first_different, 2);
  EXPECT_EQ(found.rejoin_before, 2);
  EXPECT_EQ(found.rejoin_after, 3);
  const std::vector<std::optional<std::size_t>> partners = {0, std::nullopt, 1, 2, 3};
  EXPECT_EQ(found.partners, partners);
}

TEST(PathAlignment, AHopThatIsLeftOutLetsThePathsMeetEarlier) {
  const PathAlignment found =
      Align("192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4", "192.0.2.1 192.0.2.3 192.0.2.4");
  EXPECT_EQ(found.first_different, 2);
  EXPECT_EQ(found.rejoin_before, 3);
  EXPECT_EQ(found.rejoin_after, 2);
}

TEST(PathAlignment, PathsWithNothingInCommonNeverMeet) {
  const PathAlignment found = Align("192.0.2.1 192.0.2.2", "198.51.100.1 198.51.100.2");
  EXPECT_EQ(found.first_different, 1);
  EXPECT_EQ(found.last_common, 0);
  EXPECT_EQ(found.rejoin_after, 0);
}

TEST(PathAlignment, OneOfSeveralRespondersInCommonIsEnough) {
  EXPECT_EQ(Align("192.0.2.1|192.0.2.2", "192.0.2.2|192.0.2.3").first_different, 0);
}

TEST(PathAlignment, AnEmptyPathDiffersFromTheFirstHop) {
  EXPECT_EQ(Align("", "192.0.2.1").first_different, 1);
  EXPECT_EQ(Align("", "").first_different, 0);
}

}  // namespace
}  // namespace pathwitness
