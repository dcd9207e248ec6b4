#include "diagnosis/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/diagnosis/path_text.h"

namespace pathwitness {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Link n of the vectors.
PathLink Link(unsigned n) {
  return {.near_end = Address("192.0.2." + std::to_string(n)),
          .far_end = Address("198.51.100." + std::to_string(n))};
}

PathState Path(const std::string& target, const std::vector<unsigned>& links, bool is_bad) {
  PathState path = {.source = "here", .target = target, .is_bad = is_bad};
  path.clean_samples = is_bad ? 0 : 100;
  for (const unsigned link : links) {
    path.links.push_back(Link(link));
  }
  return path;
}

// Vector G1.
std::vector<PathState> FivePaths() {
  return {Path("a", {1, 2, 3}, true), Path("b", {1, 2, 4}, true), Path("c", {1, 5, 6}, false),
          Path("d", {1, 5, 7}, false), Path("e", {1, 2, 8}, true)};
}

TEST(Scope, TheLinkThatAllBadPathsShareAndNoGoodOneIsTheCause) {
  const std::vector<PathState> paths = FivePaths();
  const Scope scope = FindScope(paths);
  EXPECT_EQ(scope.bad, 3U);
  EXPECT_EQ(scope.total, 5U);
  ASSERT_THAT(scope.causes, SizeIs(1));
  const CommonCause& cause = scope.causes.front();
  EXPECT_EQ(cause.kind, CauseKind::Link);
  EXPECT_THAT(cause.links, ElementsAre(Link(2)));
  EXPECT_THAT(cause.paths, ElementsAre(0U, 1U, 4U));
  EXPECT_DOUBLE_EQ(cause.votes, 1);
  EXPECT_THAT(scope.alone, IsEmpty());
  EXPECT_EQ(DescribeScope(scope, cause),
            "3 of 5 paths, all through 192.0.2.2-198.51.100.2; 2 not through it are fine");
}

TEST(Scope, AGoodPathWithFewSamplesClearsNothing) {
  std::vector<PathState> paths = FivePaths();
  paths[2].clean_samples = 58;
  paths[3].clean_samples = 58;
  EXPECT_THAT(FindScope(paths).causes.at(0).links, ElementsAre(Link(1), Link(2)));
  paths[3].clean_samples = 59;
  EXPECT_THAT(FindScope(paths).causes.at(0).links, ElementsAre(Link(2)));
}

TEST(Scope, AGoodPathOfAnotherFlowClassClearsNothing) {
  std::vector<PathState> paths = FivePaths();
  paths[2].flow_class = 1;
  paths[3].flow_class = 1;
  EXPECT_THAT(FindScope(paths).causes.at(0).links, ElementsAre(Link(1), Link(2)));
}

TEST(Scope, LinksThatCannotBeToldApartAreNamedTogether) {
  const std::vector<PathState> paths = {Path("a", {1, 2, 3, 4}, true),
                                        Path("b", {1, 2, 3, 5}, true), Path("c", {1, 6}, false),
                                        Path("d", {1, 7}, false)};
  const Scope scope = FindScope(paths);
  ASSERT_THAT(scope.causes, SizeIs(1));
  EXPECT_THAT(scope.causes.front().links, ElementsAre(Link(2), Link(3)));
  EXPECT_EQ(DescribeScope(scope, scope.causes.front()),
            "2 of 4 paths, all through 192.0.2.2-198.51.100.2 and 1 more in a row with it; "
            "2 not through it are fine");
}

TEST(Scope, ABadPathAloneHasNoCommonCause) {
  const std::vector<PathState> paths = {Path("a", {1, 2}, true), Path("b", {1, 3}, false),
                                        Path("c", {1, 4}, false)};
  const Scope scope = FindScope(paths);
  EXPECT_THAT(scope.causes, IsEmpty());
  EXPECT_THAT(scope.alone, ElementsAre(0U));
}

TEST(Scope, TwoBadLinksAreTwoCausesTheGreaterFirst) {
  const std::vector<PathState> paths = {Path("a", {1, 2, 10}, true), Path("b", {1, 2, 11}, true),
                                        Path("c", {1, 3, 12}, true), Path("d", {1, 3, 13}, true),
                                        Path("e", {1, 3, 14}, true), Path("f", {1, 4}, false),
                                        Path("g", {1, 5}, false)};
  const Scope scope = FindScope(paths);
  ASSERT_THAT(scope.causes, SizeIs(2));
  EXPECT_THAT(scope.causes[0].links, ElementsAre(Link(3)));
  EXPECT_THAT(scope.causes[1].links, ElementsAre(Link(2)));
}

TEST(Scope, WhenEverythingIsBadTheSourceIsLookedAtFirst) {
  const std::vector<PathState> paths = {Path("a", {1, 2}, true), Path("b", {1, 3}, true),
                                        Path("c", {1, 4}, true)};
  const Scope scope = FindScope(paths);
  ASSERT_THAT(scope.causes, SizeIs(1));
  EXPECT_EQ(scope.causes.front().kind, CauseKind::Source);
  EXPECT_EQ(scope.causes.front().at, "here");
  EXPECT_THAT(scope.causes.front().links, ElementsAre(Link(1)));
  EXPECT_EQ(DescribeScope(scope, scope.causes.front()),
            "3 of 3 paths, all from here, all through 192.0.2.1-198.51.100.1");
}

TEST(Scope, ALinkThatExplainsAllComesBeforeTheSourceWhenSomethingIsFine) {
  const std::vector<PathState> paths = {Path("a", {1, 2, 3}, true), Path("b", {1, 2, 4}, true),
                                        Path("c", {1, 2, 5}, true), Path("d", {1, 2, 6}, true),
                                        Path("e", {1, 7}, false)};
  const Scope scope = FindScope(paths);
  ASSERT_THAT(scope.causes, SizeIs(1));
  EXPECT_EQ(scope.causes.front().kind, CauseKind::Link);
  EXPECT_THAT(scope.causes.front().links, ElementsAre(Link(2)));
}

TEST(Scope, MostBadPathsWithoutASharedLinkAreTheSources) {
  const std::vector<PathState> paths = {Path("a", {1, 2}, true), Path("b", {1, 3}, true),
                                        Path("c", {1, 4}, true), Path("d", {1, 5}, true),
                                        Path("e", {1, 6}, false)};
  const Scope scope = FindScope(paths);
  ASSERT_THAT(scope.causes, SizeIs(1));
  EXPECT_EQ(scope.causes.front().kind, CauseKind::Source);
  EXPECT_THAT(scope.causes.front().links, IsEmpty());
}

TEST(Scope, ATargetThatMostSourcesSeeBadIsToBlameItself) {
  std::vector<PathState> paths;
  for (const char* const source : {"fra", "iad", "sin"}) {
    for (unsigned target = 0; target < 3; ++target) {
      PathState path =
          Path(std::to_string(target), {20 + static_cast<unsigned>(paths.size())}, target == 0);
      path.source = source;
      paths.push_back(path);
    }
  }
  const Scope scope = FindScope(paths);
  ASSERT_THAT(scope.causes, SizeIs(1));
  EXPECT_EQ(scope.causes.front().kind, CauseKind::Destination);
  EXPECT_EQ(scope.causes.front().at, "0");
}

TEST(Scope, NothingBadHasNoCause) {
  EXPECT_EQ(FindScope({Path("a", {1}, false)}), (Scope{.bad = 0, .total = 1}));
  EXPECT_EQ(FindScope({}), Scope{});
}

TEST(Scope, ABadPathOfWhichNoHopIsKnownIsAlone) {
  EXPECT_THAT(FindScope({Path("a", {}, true), Path("b", {}, true)}).alone, ElementsAre(0U, 1U));
}

TEST(LinksOf, SilentHopsAreInsideALink) {
  const std::vector<std::optional<IpAddress>> path = {Address("192.0.2.1"), std::nullopt,
                                                      Address("192.0.2.3"), Address("192.0.2.3")};
  EXPECT_THAT(LinksOf(Address("192.0.2.10"), path),
              ElementsAre(PathLink{Address("192.0.2.10"), Address("192.0.2.1")},
                          PathLink{Address("192.0.2.1"), Address("192.0.2.3")}));
}

TEST(OwnFault, AQuietObserverHasNone) {
  EXPECT_EQ(FindOwnFault({.gateway_answers = true, .anchors = 3, .anchors_down = 2, .lookups = 9}),
            OwnFault::None);
}

TEST(OwnFault, WhatSpoilsOtherSignsComesFirst) {
  OwnState state = {.lookups = 3, .lookups_failed = 3};
  EXPECT_EQ(FindOwnFault(state), OwnFault::Dns);
  state.gateway_answers = false;
  EXPECT_EQ(FindOwnFault(state), OwnFault::Uplink);
  state.receive_drops = 1;
  EXPECT_EQ(FindOwnFault(state), OwnFault::LocalDrops);
  state.clock_step = -seconds(1);
  EXPECT_EQ(FindOwnFault(state), OwnFault::ClockStep);
}

TEST(OwnFault, AllAnchorsDownIsTheUplinkButASingleOneIsNot) {
  EXPECT_EQ(FindOwnFault({.anchors = 2, .anchors_down = 2}), OwnFault::Uplink);
  EXPECT_EQ(FindOwnFault({.anchors = 1, .anchors_down = 1}), OwnFault::None);
}

class IncidentBookTest : public ::testing::Test {
 protected:
  const std::vector<IncidentBook::Incident>& Update(const std::vector<PathState>& paths,
                                                    Duration later = seconds(10)) {
    now_ += std::chrono::duration_cast<WallTime::duration>(later);
    return book_.Update(paths, FindScope(paths), now_);
  }

  IncidentBook book_;
  WallTime now_ = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) +
                  std::chrono::hours(16) + minutes(13) + seconds(10);
};

TEST_F(IncidentBookTest, ManyBadPathsOfOneCauseAreOneIncident) {
  const auto& open = Update(FivePaths());
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open.front().id, "20261121T161320Z-1");
  EXPECT_THAT(open.front().targets, ElementsAre("a", "b", "e"));
}

TEST_F(IncidentBookTest, AnIncidentKeepsItsNameWhileItGrowsAndTheLinkBecomesClearer) {
  std::vector<PathState> paths = FivePaths();
  paths[2].clean_samples = 10;
  paths[3].clean_samples = 10;
  const std::string id = Update(paths).at(0).id;
  EXPECT_EQ(Update(FivePaths()).at(0).id, id);
  paths = FivePaths();
  paths.push_back(Path("f", {1, 2, 9}, true));
  EXPECT_EQ(Update(paths).at(0).id, id);
  EXPECT_THAT(Update(paths), SizeIs(1));
}

TEST_F(IncidentBookTest, AShortPauseDoesNotEndAnIncident) {
  std::vector<PathState> fine = FivePaths();
  for (PathState& path : fine) {
    path.is_bad = false;
  }
  const std::string id = Update(FivePaths()).at(0).id;
  Update(fine);
  EXPECT_EQ(Update(FivePaths(), minutes(4)).at(0).id, id);
}

TEST_F(IncidentBookTest, AnIncidentThatWasNotSeenForLongIsOver) {
  Update(FivePaths());
  EXPECT_THAT(Update({}, minutes(6)), IsEmpty());
  EXPECT_EQ(Update(FivePaths()).at(0).id, "20261121T161930Z-2");
}

TEST_F(IncidentBookTest, TwoCausesAreTwoIncidents) {
  const std::vector<PathState> paths = {Path("a", {1, 2, 10}, true), Path("b", {1, 2, 11}, true),
                                        Path("c", {1, 3, 12}, true), Path("d", {1, 3, 13}, true),
                                        Path("e", {1, 4}, false),    Path("f", {1, 5}, false)};
  EXPECT_THAT(Update(paths), SizeIs(2));
  EXPECT_THAT(Update(paths), SizeIs(2));
}

}  // namespace
}  // namespace pathwitness
