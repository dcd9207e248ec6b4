#include "exporter/history/restore_incidents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "exporter/history/history_store.h"
#include "tests/exporter/history/history_stage.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RestoreIncidentsTest : public ::testing::Test {
 protected:
  IncidentRecord Record(const std::string& id) const {
    return {.id = id,
            .opened = seen_ - minutes(5),
            .since = seen_ - minutes(6),
            .last_seen = seen_,
            .closed = std::nullopt,
            .merged_into = "",
            .cause = "link",
            .at = "198.51.100.1 - 198.51.100.2",
            .witness = {"office-to-a", ProberKind::TraceUdp, ProberFamily::Ipv6},
            .targets = {"office-to-a", "office-to-b"},
            .updates = {{.at = seen_ - minutes(5),
                         .bad = 1,
                         .total = 9,
                         .via = "",
                         .state = "loss",
                         .text = "One path."},
                        {.at = seen_,
                         .bad = 2,
                         .total = 9,
                         .via = "198.51.100.1",
                         .state = "latency",
                         .text = "Two paths."}}};
  }

  void Keep(const IncidentRecord& incident) {
    HistoryBatch batch{.start = seen_};
    batch.incidents = {incident};
    ASSERT_FALSE(HistoryStore(folder_.Path()).Write(batch, seen_));
  }

  std::vector<IncidentBoard::Pointer> RestoredAt(WallTime now) {
    RestoreIncidents(folder_.Path(), board_, now);
    return board_.All();
  }

  TestFolder folder_;
  IncidentBoard board_;
  const WallTime seen_ = SteppedClock().WallNow();
};

TEST_F(RestoreIncidentsTest, OneThatWasOpenAMomentAgoIsOpenAgain) {
  Keep(Record("20260101T000000Z-0001"));

  const auto restored = RestoredAt(seen_ + seconds(40));

  ASSERT_THAT(restored, SizeIs(1));
  const IncidentSnapshot& incident = *restored.front();
  EXPECT_EQ(incident.id, "20260101T000000Z-0001");
  EXPECT_TRUE(incident.IsOpen());
  EXPECT_EQ(incident.opened, seen_ - minutes(5));
  EXPECT_EQ(incident.since, seen_ - minutes(6));
  EXPECT_EQ(incident.last_seen, seen_);
  EXPECT_EQ(incident.cause, CauseKind::Link);
  EXPECT_EQ(incident.at, "198.51.100.1 - 198.51.100.2");
  EXPECT_EQ(incident.witness, (ProberKey{"office-to-a", ProberKind::TraceUdp, ProberFamily::Ipv6}));
  EXPECT_THAT(incident.targets, ElementsAre("office-to-a", "office-to-b"));
}

TEST_F(RestoreIncidentsTest, WhatWasSaidLastIsSaidStill) {
  Keep(Record("20260101T000000Z-0001"));

  const auto restored = RestoredAt(seen_);

  ASSERT_THAT(restored, SizeIs(1));
  EXPECT_EQ(restored.front()->scope.bad, 2U);
  EXPECT_EQ(restored.front()->scope.total, 9U);
  EXPECT_EQ(restored.front()->scope.via, "198.51.100.1");
  EXPECT_EQ(restored.front()->verdict.state, VerdictState::Latency);
  EXPECT_EQ(restored.front()->text, "Two paths.");
}

TEST_F(RestoreIncidentsTest, OneThatNobodySawForLongIsNotOpenedAgain) {
  Keep(Record("20260101T000000Z-0001"));

  EXPECT_THAT(RestoredAt(seen_ + kRestoredWithin + seconds(1)), IsEmpty());
}

TEST_F(RestoreIncidentsTest, OneThatWasClosedStaysClosed) {
  IncidentRecord incident = Record("20260101T000000Z-0001");
  incident.closed = seen_;
  Keep(incident);

  EXPECT_THAT(RestoredAt(seen_ + seconds(40)), IsEmpty());
}

TEST_F(RestoreIncidentsTest, WithoutAHistoryThereIsNothingToRestore) {
  EXPECT_THAT(RestoredAt(seen_), IsEmpty());
}

TEST_F(RestoreIncidentsTest, AFileThatIsNoHistoryRestoresNothing) {
  folder_.Write("history.sqlite", "no history");

  EXPECT_THAT(RestoredAt(seen_), IsEmpty());
}

TEST_F(RestoreIncidentsTest, WhatNoVersionEverWroteBecomesTheLeastThatCanBeSaid) {
  IncidentRecord incident = Record("20260101T000000Z-0001");
  incident.cause = "sunspots";
  incident.updates.back().state = "haunted";
  Keep(incident);

  const auto restored = RestoredAt(seen_);

  ASSERT_THAT(restored, SizeIs(1));
  EXPECT_EQ(restored.front()->cause, CauseKind::Path);
  EXPECT_EQ(restored.front()->verdict.state, VerdictState::Undecided);
}

}  // namespace
}  // namespace pathwitness
