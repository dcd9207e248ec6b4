#include "exporter/evidence/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/exporter/evidence/golden.h"
#include "tests/exporter/evidence/path_facts.h"

namespace pathwitness {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kUsual = "192.168.1.1 203.0.113.1 198.51.100.1 198.51.100.2 198.18.0.9!";
constexpr const char* kDetour =
    "192.168.1.1 203.0.113.1 198.51.100.1 198.51.100.3 198.51.100.4 198.18.0.9!";

MomentFacts At(int minute, std::optional<TraceStats> stats) {
  return {.from = Minute(minute), .to = Minute(minute + 5), .stats = std::move(stats)};
}

Comparison CompareAll(const std::vector<MomentFacts>& moments) {
  const Responders responders = ThreeNetworks();
  const OwnerTable owners({}, {}, NetworksOf(responders));
  return Compare(OfficeTrace(), moments, responders, owners);
}

Comparison BeforeDuringAfter() {
  return CompareAll({At(0, StatsOf(kUsual, {0, 0, 0, 0, 0})),
                     At(15, StatsOf(kDetour, {0, 0, 264, 31, 30, 36})),
                     At(30, StatsOf(kUsual, {0, 0, 0, 0, 0}))});
}

std::vector<HopMark> MarksAt(const Comparison& comparison, std::size_t moment) {
  std::vector<HopMark> marks;
  for (const ComparedRow& row : comparison.rows) {
    marks.push_back(row[moment].mark);
  }
  return marks;
}

TEST(Comparison, OnePathThroughoutHasNoChange) {
  const Comparison comparison = CompareAll(
      {At(0, StatsOf(kUsual, {0, 0, 0, 0, 0})), At(15, StatsOf(kUsual, {0, 0, 0, 0, 0}))});

  EXPECT_TRUE(comparison.changes.empty());
  EXPECT_THAT(ComparisonText(comparison, {}), HasSubstr("The way is the same"));
}

TEST(Comparison, NamesTheLastCommonHopAndTheNetworksOnBothSides) {
  const Comparison comparison = BeforeDuringAfter();

  ASSERT_EQ(comparison.changes.size(), 2U);
  const ComparedChange& change = comparison.changes.front();
  EXPECT_EQ(change.last_common.address, "198.51.100.1");
  EXPECT_EQ(change.last_common_ttl, 3U);
  EXPECT_EQ(change.first_before.address, "198.51.100.2");
  EXPECT_EQ(change.first_after.address, "198.51.100.3");
  EXPECT_EQ(change.rejoin.address, "198.18.0.9");
  EXPECT_EQ(change.length_delta, 1);
  EXPECT_EQ(change.kind, RouteChangeClass::IntraAs);
}

TEST(Comparison, AnInsertedHopMovesTheOthersAndExchangesNone) {
  const Comparison comparison = CompareAll(
      {At(0, StatsOf("192.168.1.1 203.0.113.1 198.18.0.9!", {0, 0, 0})),
       At(15, StatsOf("192.168.1.1 198.51.100.1 203.0.113.1 198.18.0.9!", {0, 0, 0, 0}))});

  EXPECT_EQ(MarksAt(comparison, 1),
            (std::vector<HopMark>{HopMark::Same, HopMark::Inserted, HopMark::Same, HopMark::Same}));
  EXPECT_FALSE(comparison.rows[1][0].row.has_value());
}

TraceStats OnBothWays() {
  TraceStats stats = StatsOf(kUsual, {0, 0, 0, 0, 0});
  stats.AddRoute(RouteOf(kDetour));
  return stats;
}

TEST(Comparison, AWayThatOnlyOneMomentHasIsAChangeInPart) {
  for (const bool is_first : {true, false}) {
    const TraceStats usual = StatsOf(kUsual, {0, 0, 0, 0, 0});
    const Comparison comparison = CompareAll(
        {At(0, is_first ? usual : OnBothWays()), At(15, is_first ? OnBothWays() : usual)});

    ASSERT_EQ(comparison.changes.size(), 1U);
    const ComparedChange& change = comparison.changes.front();
    EXPECT_TRUE(change.is_partial);
    EXPECT_EQ(change.last_common_ttl, 3U);
    EXPECT_EQ((is_first ? change.first_after : change.first_before).address, "198.51.100.3");
    EXPECT_EQ((is_first ? change.first_before : change.first_after).address, "198.51.100.2");
    EXPECT_THAT(ComparisonText(comparison, {}), HasSubstr("A to B: in part another way inside"));
  }
}

TEST(Comparison, TheSameWaysInAnotherOrderAreNoChange) {
  TraceStats later = StatsOf(kDetour, {0, 0, 0, 0, 0, 0});
  later.AddRoute(RouteOf(kUsual));

  EXPECT_TRUE(CompareAll({At(0, OnBothWays()), At(15, later)}).changes.empty());
}

TEST(Comparison, AWayWithASilentHopIsTheSameWay) {
  TraceStats later = StatsOf(kUsual, {0, 0, 0, 0, 0});
  later.AddRoute(RouteOf("192.168.1.1 203.0.113.1 * 198.51.100.2 198.18.0.9!"));

  EXPECT_TRUE(CompareAll({At(0, StatsOf(kUsual, {0, 0, 0, 0, 0})), At(15, later)}).changes.empty());
}

TEST(Comparison, AMomentWithoutARouteHasNoChange) {
  const TraceStats no_route{.rounds = 0, .end_to_end = {.sent = 3}};

  EXPECT_TRUE(
      CompareAll({At(0, no_route), At(15, StatsOf(kUsual, {0, 0, 0, 0, 0}))}).changes.empty());
  EXPECT_TRUE(
      CompareAll({At(0, StatsOf(kUsual, {0, 0, 0, 0, 0})), At(15, no_route)}).changes.empty());
}

TEST(Comparison, AHopThatComesBackStandsInItsOldRow) {
  const Comparison comparison = CompareAll(
      {At(0, StatsOf("192.168.1.1 198.51.100.1 203.0.113.1 198.18.0.9!", {0, 0, 0, 0})),
       At(15, StatsOf("192.168.1.1 203.0.113.1 198.18.0.9!", {0, 0, 0})),
       At(30, StatsOf("192.168.1.1 198.51.100.1 203.0.113.1 198.18.0.9!", {0, 0, 0, 0}))});

  ASSERT_EQ(comparison.rows.size(), 4U);
  EXPECT_EQ(comparison.rows[1][1].mark, HopMark::Gone);
  ASSERT_TRUE(comparison.rows[1][2].row.has_value());
  EXPECT_EQ(comparison.rows[1][2].row->responders.front().address, "198.51.100.1");
}

TEST(Comparison, ASilentHopIsNoChange) {
  const Comparison comparison = CompareAll(
      {At(0, StatsOf(kUsual, {0, 0, 0, 0, 0})),
       At(15, StatsOf("192.168.1.1 203.0.113.1 * 198.51.100.2 198.18.0.9!", {0, 0, 300, 0, 0}))});

  EXPECT_TRUE(comparison.changes.empty());
  EXPECT_EQ(comparison.rows[2][1].mark, HopMark::FellSilent);
}

TEST(Comparison, APathThatEndsEarlyIsSilentBehindAndNotShorter) {
  const Comparison comparison = CompareAll({At(0, StatsOf(kUsual, {0, 0, 0, 0, 0})),
                                            At(15, StatsOf("192.168.1.1 203.0.113.1", {0, 300}))});

  EXPECT_TRUE(comparison.changes.empty());
  EXPECT_EQ(MarksAt(comparison, 1),
            (std::vector<HopMark>{HopMark::Same, HopMark::Same, HopMark::FellSilent,
                                  HopMark::FellSilent, HopMark::FellSilent}));
}

TEST(Comparison, APathThatReachesFartherThanBeforeAnswersAgain) {
  const Comparison comparison = CompareAll({At(0, StatsOf("192.168.1.1 203.0.113.1", {0, 300})),
                                            At(15, StatsOf(kUsual, {0, 0, 0, 0, 0}))});

  EXPECT_TRUE(comparison.changes.empty());
  EXPECT_EQ(comparison.rows.back()[1].mark, HopMark::Answers);
}

TEST(Comparison, AMomentOfWhichNothingIsKnownIsLeftOut) {
  const Comparison comparison =
      CompareAll({At(0, StatsOf(kUsual, {0, 0, 0, 0, 0})), At(15, std::nullopt),
                  At(30, StatsOf(kDetour, {0, 0, 0, 0, 0, 0}))});

  ASSERT_EQ(comparison.changes.size(), 1U);
  EXPECT_EQ(comparison.changes.front().before, 0U);
  EXPECT_EQ(comparison.changes.front().after, 2U);
  EXPECT_THAT(ComparisonText(comparison, {}), HasSubstr("nothing is known"));
}

TEST(Comparison, NothingKnownAtAllHasNoTable) {
  EXPECT_TRUE(CompareAll({At(0, std::nullopt), At(15, std::nullopt)}).rows.empty());
}

TEST(ComparisonText, LooksAsItAlwaysDid) {
  ExpectGolden("comparison.txt", ComparisonText(BeforeDuringAfter(), {}));
}

TEST(ComparisonText, HasColoursOnlyWhereTheyAreAskedFor) {
  EXPECT_THAT(ComparisonText(BeforeDuringAfter(), {}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(ComparisonText(BeforeDuringAfter(), {.is_coloured = true}), HasSubstr("\x1b[1;31m"));
}

TEST(ComparisonText, LeavesOutFiguresInANarrowTerminal) {
  const std::string narrow = ComparisonText(BeforeDuringAfter(), {.columns = 80});

  EXPECT_THAT(narrow, Not(HasSubstr("Loss%")));
  EXPECT_THAT(narrow, HasSubstr("198.51.100.3"));
}

TEST(ComparisonText, NoNameOfARouterReachesTheTerminalAsItIs) {
  Responders responders = ThreeNetworks();
  responders[AddressOf("203.0.113.1")].host_name = "\x1b]0;owned\x07\x1b[2Jr1\n.example";
  const OwnerTable owners({}, {}, nullptr);
  const Comparison comparison =
      Compare(OfficeTrace(), {At(0, StatsOf(kUsual, {0, 0, 0, 0, 0}))}, responders, owners);

  EXPECT_THAT(ComparisonText(comparison, {}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(ComparisonText(comparison, {}), HasSubstr("?]0;owned??[2Jr1?.example"));
}

TEST(ComparisonJson, LooksAsItAlwaysDid) {
  ExpectGolden("comparison.json", ComparisonJson(BeforeDuringAfter()));
}

TEST(Comparison, ThreeLongPathsTakeLessThanFiftyMilliseconds) {
  std::string usual;
  std::string detour;
  for (int i = 1; i < 60; ++i) {
    usual += "198.51.100." + std::to_string(i) + " ";
    detour += (i % 2 == 0 ? "198.51.100." : "203.0.113.") + std::to_string(i) + " ";
  }
  const std::vector<MomentFacts> moments = {At(0, StatsOf(usual + "198.18.0.9!", {0})),
                                            At(15, StatsOf(detour + "198.18.0.9!", {0})),
                                            At(30, StatsOf(usual + "198.18.0.9!", {0}))};
  const auto start = std::chrono::steady_clock::now();

  const std::string text = ComparisonText(CompareAll(moments), {});

  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50));
  EXPECT_THAT(text, HasSubstr("198.18.0.9"));
}

}  // namespace
}  // namespace pathwitness
