#include "diagnosis/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/diagnosis/path_text.h"

namespace pathwitness {
namespace {

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
            "3 of 5 targets, all through 192.0.2.2-198.51.100.2; 2 not through it are fine");
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
            "2 of 4 targets, all through 192.0.2.2-198.51.100.2 and 1 more in a row with it; "
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
            "3 of 3 targets, all from here, all through 192.0.2.1-198.51.100.1");
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

TEST(Scope, ALargeLossIsExcludedByFewCleanSamples) {
  std::vector<PathState> paths = FivePaths();
  for (PathState& path : paths) {
    path.least_loss = .88;  // all of 30 probes were lost
    path.clean_samples = path.is_bad ? 0 : 3;
  }
  EXPECT_THAT(FindScope(paths).causes.at(0).links, ElementsAre(Link(2)));
  paths[2].clean_samples = 2;
  paths[3].clean_samples = 2;
  EXPECT_THAT(FindScope(paths).causes.at(0).links, ElementsAre(Link(1), Link(2)));
}

TEST(Scope, WhatAGoodPathShowedBeforeTheFaultClearsNothing) {
  std::vector<PathState> paths = FivePaths();
  for (PathState& path : paths) {
    path.bad_for = seconds(30);
    path.clean_samples = 100;
    path.clean_for = seconds(100);
  }
  EXPECT_THAT(FindScope(paths).causes.at(0).links, ElementsAre(Link(1), Link(2)));
  for (PathState& path : paths) {
    path.bad_for = seconds(60);
  }
  EXPECT_THAT(FindScope(paths).causes.at(0).links, ElementsAre(Link(2)));
}

TEST(Scope, ThreeBadPathsOfOneTargetDoNotAccuseTheSource) {
  const Scope scope =
      FindScope({Path("a", {1, 2}, true), Path("a", {1, 2}, true), Path("a", {1, 2}, true)});
  ASSERT_THAT(scope.causes, SizeIs(1));
  EXPECT_EQ(scope.causes.front().kind, CauseKind::Link);
  EXPECT_EQ(scope.bad, 1U);
  EXPECT_EQ(scope.total, 1U);
}

TEST(Scope, ATargetWithAGoodAndABadPathIsNotFineElsewhere) {
  std::vector<PathState> paths = FivePaths();
  paths.push_back(Path("a", {20}, false));
  EXPECT_EQ(FindScope(paths).causes.at(0).good_elsewhere, 2U);
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

}  // namespace
}  // namespace pathwitness
