#include "diagnosis/incident_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/diagnosis/path_text.h"

namespace pathwitness {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

PathLink Link(unsigned n) {
  return {.near_end = Address("192.0.2." + std::to_string(n)),
          .far_end = Address("198.51.100." + std::to_string(n))};
}

CauseSighting Shared(std::vector<PathLink> links, std::vector<std::string> targets) {
  return {.kind = CauseKind::Link,
          .at = {},
          .links = std::move(links),
          .targets = std::move(targets),
          .since = {},
          .last_seen = {}};
}

CauseSighting Alone(const std::string& target) {
  CauseSighting sighting = Shared({}, {target});
  sighting.kind = CauseKind::Path;
  return sighting;
}

CauseSighting Of(CauseKind kind, const std::string& at, std::vector<std::string> targets) {
  CauseSighting sighting = Shared({}, std::move(targets));
  sighting.kind = kind;
  sighting.at = at;
  return sighting;
}

class IncidentBookTest : public ::testing::Test {
 protected:
  const std::vector<IncidentBook::Incident>& Update(std::vector<CauseSighting> sightings,
                                                    Duration later = seconds(10)) {
    now_ += std::chrono::duration_cast<WallTime::duration>(later);
    for (CauseSighting& sighting : sightings) {
      sighting.since = now_ - seconds(20);
      sighting.last_seen = now_ - seconds(1);
    }
    return book_.Update(sightings, now_);
  }

  IncidentBook book_;
  WallTime now_ = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) +
                  std::chrono::hours(16) + std::chrono::minutes(13) + seconds(10);
};

TEST_F(IncidentBookTest, IsNamedByWhenItOpened) {
  const auto& open = Update({Shared({Link(2)}, {"a", "b"}), Alone("c")});
  ASSERT_THAT(open, SizeIs(2));
  EXPECT_EQ(open[0].id, "20261121T161320Z-0001");
  EXPECT_EQ(open[1].id, "20261121T161320Z-0002");
}

TEST_F(IncidentBookTest, KeepsItsNameWhileItGrowsAndTheLinkBecomesClearer) {
  const std::string id = Update({Shared({Link(1), Link(2)}, {"a", "b"})}).at(0).id;
  EXPECT_EQ(Update({Shared({Link(2)}, {"a", "b", "c"})}).at(0).id, id);
  EXPECT_EQ(Update({Shared({Link(2)}, {"a"})}).at(0).id, id);
  EXPECT_THAT(Update({Shared({Link(2)}, {"a"})}).at(0).targets, ElementsAre("a", "b", "c"));
}

TEST_F(IncidentBookTest, APathThatOthersJoinStaysOneIncident) {
  const std::string id = Update({Alone("a")}).at(0).id;
  const auto& open = Update({Shared({Link(2)}, {"a", "b", "c"})});
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open[0].id, id);
}

TEST_F(IncidentBookTest, IncidentsThatTurnOutToHaveOneCauseAreMerged) {
  const std::string id = Update({Alone("a"), Alone("b")}).at(0).id;
  const auto& merged = Update({Shared({Link(2)}, {"a", "b"})});
  ASSERT_THAT(merged, SizeIs(2));
  EXPECT_FALSE(merged[0].closed);
  EXPECT_TRUE(merged[1].closed);
  EXPECT_EQ(merged[1].merged_into, id);
  EXPECT_THAT(Update({Shared({Link(2)}, {"a", "b"})}), SizeIs(1));
}

TEST_F(IncidentBookTest, FaultsOfPathsMayTurnOutToBeOurOwn) {
  const std::string id = Update({Of(CauseKind::Source, "192.0.2.10", {"a", "b"})}).at(0).id;
  const auto& open = Update({Of(CauseKind::Own, "uplink", {"a", "b", "c"})});
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open[0].id, id);
}

TEST_F(IncidentBookTest, AnOwnFaultIsNeverBlamedOnOthersLater) {
  Update({Of(CauseKind::Own, "uplink", {"a", "b", "c"})});
  EXPECT_THAT(Update({Alone("a")}), SizeIs(2));
}

TEST_F(IncidentBookTest, AServiceThatFailsIsNotThePathToIt) {
  EXPECT_THAT(Update({Of(CauseKind::Service, "", {"a"}), Alone("a")}), SizeIs(2));
  EXPECT_THAT(Update({Of(CauseKind::Service, "", {"a"}), Alone("a")}), SizeIs(2));
}

TEST_F(IncidentBookTest, AShortPauseDoesNotEndIt) {
  const std::string id = Update({Alone("a")}).at(0).id;
  EXPECT_THAT(Update({}), SizeIs(1));
  EXPECT_EQ(Update({Alone("a")}, seconds(100)).at(0).id, id);
}

TEST_F(IncidentBookTest, EndsWhenItWasSeenLast) {
  Update({Alone("a")});
  Update({Alone("a")});
  const WallTime seen = now_ - seconds(1);
  EXPECT_EQ(Update({}, seconds(121)).at(0).closed, seen);
  EXPECT_THAT(Update({}), IsEmpty());
  EXPECT_EQ(Update({Alone("a")}).at(0).id, "20261121T161551Z-0002");
}

TEST_F(IncidentBookTest, TwoCausesStayTwoIncidents) {
  const std::vector<CauseSighting> two = {Shared({Link(2)}, {"a", "b"}),
                                          Shared({Link(3)}, {"c", "d"})};
  EXPECT_THAT(Update(two), SizeIs(2));
  EXPECT_THAT(Update(two), SizeIs(2));
}

TEST_F(IncidentBookTest, AClockThatWasSetBackEndsNothing) {
  Update({Alone("a")});
  EXPECT_FALSE(Update({}, -std::chrono::hours(2)).at(0).closed);
}

TEST_F(IncidentBookTest, GoesOnWithWhatWasOpenBefore) {
  const IncidentBook::Incident before = Update({Alone("a")}).at(0);
  IncidentBook successor;
  successor.Resume(before);
  EXPECT_TRUE(successor.HasOpen());
  EXPECT_EQ(successor.Update({Alone("a")}, now_).at(0).id, before.id);
}

}  // namespace
}  // namespace pathwitness
