#include "exporter/history/history_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/exporter/history/history_stage.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class HistoryEngineTest : public ::testing::Test {
 protected:
  std::uint64_t Sent(Resolution resolution = Resolution::Fine) {
    HistoryReader reader(folder_.Path());
    return SentInHistory(reader, stage_.Key(), resolution);
  }

  TestFolder folder_;
  HistoryStage stage_{folder_.Path(), {"a", "b"}};
  HistoryReader reader_{folder_.Path()};
  WallTime start_ = stage_.clock_.WallNow();
};

TEST_F(HistoryEngineTest, KeepsBucketsOfTenSeconds) {
  stage_.Live(31);
  const auto buckets = reader_.Traces(stage_.Key(), start_, start_ + minutes(1), Resolution::Fine);
  ASSERT_THAT(buckets, SizeIs(3));
  EXPECT_EQ(buckets[1].start, start_ + seconds(10));
  EXPECT_EQ(buckets[1].stats.end_to_end.sent, 10U);
  EXPECT_EQ(buckets[1].stats.end_to_end.lost, 1U);
  EXPECT_EQ(buckets[1].stats.hops.size(), 3U);
  EXPECT_NEAR(buckets[1].stats.hops[2].round_trips.mean, 0.003, 1e-6);
}

TEST_F(HistoryEngineTest, MakesMinutesOfThem) {
  stage_.Live(125);
  const auto buckets =
      reader_.Traces(stage_.Key(), start_, start_ + minutes(2), Resolution::Coarse);
  ASSERT_THAT(buckets, SizeIs(2));
  EXPECT_EQ(buckets[0].length, minutes(1));
  EXPECT_EQ(buckets[1].stats.end_to_end.sent, 60U);
  EXPECT_EQ(buckets[1].stats.rounds, 6U);
  EXPECT_THAT(buckets[1].stats.routes, SizeIs(1));
}

TEST_F(HistoryEngineTest, TheEndIsWrittenToo) {
  stage_.Live(17);
  stage_.End();
  EXPECT_EQ(Sent(), 17U);
}

TEST_F(HistoryEngineTest, AnEngineInPlaceOfAnotherCountsNothingTwice) {
  stage_.Live(35);
  stage_.Begin();  // the one before writes what it has at its end
  stage_.Live(35);
  stage_.End();
  EXPECT_EQ(Sent(), 70U);
}

TEST_F(HistoryEngineTest, NothingIsLostOrDoubledWhenTheClockGoesBack) {
  stage_.Live(95);
  stage_.clock_.StepWall(-hours(1));
  stage_.Live(125);
  stage_.clock_.StepWall(hours(1));  // so that all minutes get their turn
  stage_.Live(65);
  stage_.End();
  EXPECT_EQ(Sent(), 285U);
  EXPECT_EQ(Sent(Resolution::Coarse), 285U);
}

TEST_F(HistoryEngineTest, AMinuteThatTheClockShowsAgainIsReadWholeBeforeItIsOver) {
  stage_.Live(95);
  stage_.clock_.StepWall(-seconds(90));
  stage_.Live(20);
  stage_.End();
  EXPECT_EQ(Sent(Resolution::Coarse), 115U);
}

TEST_F(HistoryEngineTest, NothingIsLostOrDoubledWhenTheClockGoesForth) {
  stage_.Live(95);
  stage_.clock_.StepWall(hours(1));
  stage_.Live(125);
  stage_.End();
  EXPECT_EQ(Sent(), 220U);
  EXPECT_EQ(Sent(Resolution::Coarse), 220U);
}

TEST_F(HistoryEngineTest, AClockThatStandsStillStopsNoFlush) {
  for (int i = 0; i < 60; ++i) {
    stage_.Live(1);
    stage_.clock_.StepWall(-seconds(1));
  }
  EXPECT_GE(stage_.Self()->flushes, 4U);
  stage_.End();
  EXPECT_EQ(Sent(), 60U);
}

TEST_F(HistoryEngineTest, ARouteThatChangesIsSeenAtItsTime) {
  stage_.Live(60);
  stage_.path_ = "192.168.1.1 198.51.100.9 203.0.113.200";
  stage_.Live(61);
  const auto before = reader_.RoutesAt(stage_.Key(), start_ + seconds(60));
  const auto after = reader_.RoutesAt(stage_.Key(), start_ + seconds(121));
  ASSERT_THAT(before, SizeIs(1));
  EXPECT_EQ(before[0]->hops.at(1), Address("198.51.100.1"));
  ASSERT_FALSE(after.empty());
  EXPECT_EQ(after.back()->hops.at(1), Address("198.51.100.9"));
}

TEST_F(HistoryEngineTest, ChangesOfRoutesAreKeptOnce) {
  RouteSnapshot route;
  route.status.key = stage_.Key();
  route.last_change = RouteEvent{.round = 5, .at = start_, .ttl = 2, .after = PathOf("192.0.2.1")};
  RouteBoard::Writer writer = stage_.routes_.NewWriter();
  for (int i = 0; i < 3; ++i) {
    writer.Publish(stage_.Key(), std::make_shared<const RouteSnapshot>(route));
    stage_.Live(11);
  }
  const auto changes = reader_.RouteChanges(stage_.Key(), start_, start_ + minutes(1));
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].event, *route.last_change);
}

TEST_F(HistoryEngineTest, NamesAndOwnersAreThoseOfTheTime) {
  const IpAddress hop = Address("198.51.100.1");
  RouteSnapshot route;
  route.status.key = stage_.Key();
  route.path = {hop};
  route.networks = {{.kind = AddressKind::Network, .asn = 64500, .name = "AS64500"}};
  RouteBoard::Writer routes = stage_.routes_.NewWriter();
  routes.Publish(stage_.Key(), std::make_shared<const RouteSnapshot>(route));
  stage_.Live(125);
  PtrBoard::Writer names = stage_.names_.NewWriter();
  names.Publish(0, std::make_shared<const PtrSnapshot>(
                       PtrSnapshot{.names = {{hop, "core1.transit.example"}}}));
  stage_.Live(125);
  EXPECT_EQ(reader_.Responder(hop, start_ + minutes(1))->host_name, "");
  EXPECT_EQ(reader_.Responder(hop, start_)->asn, 64500U);
  EXPECT_EQ(reader_.Responder(hop, start_ + minutes(5))->host_name, "core1.transit.example");
}

TEST_F(HistoryEngineTest, WhoStoodOnAPathForSecondsIsKnown) {
  RouteSnapshot route;
  route.status.key = stage_.Key();
  route.networks = {{.kind = AddressKind::Network, .asn = 64500, .name = "AS64500"}};
  RouteBoard::Writer routes = stage_.routes_.NewWriter();
  stage_.Live(15);
  for (const char* const address : {"198.51.100.1", "198.51.100.2"}) {
    route.path = {Address(address)};
    routes.Publish(stage_.Key(), std::make_shared<const RouteSnapshot>(route));
    stage_.Live(11);
  }
  const auto gone = reader_.Responder(Address("198.51.100.1"), start_ + seconds(40));
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->asn, 64500U);
}

TEST_F(HistoryEngineTest, ServicesAreKeptToo) {
  HttpsSnapshot https;
  https.status.key = {"a", ProberKind::Https, ProberFamily::Ipv4};
  https.requests = 3;
  https.last = HttpResult{.duration = 0.25, .status = 200};
  stage_.https_.NewWriter().Publish(https.status.key, std::make_shared<const HttpsSnapshot>(https));
  stage_.Live(11);
  const auto stats = reader_.HttpsBetween(https.status.key, start_, start_ + minutes(1));
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->requests, 3U);
  EXPECT_EQ(stats->last_status, 200);
}

TEST_F(HistoryEngineTest, WhatAReflectorTellsIsKeptByMinutesToo) {
  OneWaySnapshot reflected;
  reflected.status.key = {"a", ProberKind::Reflector, ProberFamily::Ipv4};
  OneWayBoard::Writer writer = stage_.one_way_.NewWriter();
  for (int minute = 0; minute < 3; ++minute) {
    reflected.totals.forward.packets += 100;
    reflected.totals.forward.lost += 10;
    reflected.totals.backward.packets += 90;
    writer.Publish(reflected.status.key, std::make_shared<const OneWaySnapshot>(reflected));
    stage_.Live(60);
  }
  const std::vector<OneWayBucket> buckets =
      reader_.OneWay(reflected.status.key, start_, start_ + minutes(2), Resolution::Coarse);
  const OneWayStats minute{.forward = {.packets = 100, .lost = 10}, .backward = {.packets = 90}};
  ASSERT_EQ(buckets.size(), 2U);
  EXPECT_EQ(buckets[0].stats, minute);
  EXPECT_EQ(buckets[1].stats, minute);
  EXPECT_THAT(reader_.Probers(), ::testing::Contains(reflected.status.key));
}

TEST_F(HistoryEngineTest, ATargetThatIsRemovedAndComesBackCountsFromZero) {
  stage_.Live(5);
  TraceBoard::Writer writer = stage_.trace_board_.NewWriter();
  writer.Remove(stage_.Key());
  stage_.Turn();
  TraceSnapshot again;
  again.status.key = stage_.Key();
  again.probes = 4;
  writer.Publish(stage_.Key(), std::make_shared<const TraceSnapshot>(again));
  stage_.Turn();
  stage_.End();
  EXPECT_EQ(Sent(), 9U);
}

TEST_F(HistoryEngineTest, WhatPassesWhileItIsSwitchedOffIsNotKept) {
  stage_.Live(5);
  stage_.config_.history.is_enabled = false;
  stage_.Apply();
  EXPECT_EQ(stage_.Self(), nullptr);
  stage_.Live(50);
  stage_.config_.history.is_enabled = true;
  stage_.Apply();
  stage_.Live(7);
  stage_.End();
  EXPECT_EQ(Sent(), 12U);
}

TEST_F(HistoryEngineTest, ADirectoryThatCannotBeMadeIsToldOnceAndLosesTwoMinutesAtMost) {
  stage_.End();
  const std::string file = folder_.Write("file", "no folder");
  HistoryStage stage(file + "/history", {"a"});
  stage.Live(60);
  EXPECT_EQ(stage.Self()->pending, 6U);
  EXPECT_GE(stage.Self()->failures[static_cast<std::size_t>(HistoryFailure::CannotOpen)], 6U);
  EXPECT_THAT(stage.log_.Lines(), ElementsAre(HasSubstr("history cannot be written")));
  stage.Live(120);
  EXPECT_EQ(stage.Self()->pending, HistoryEngine::kMostPending);
  EXPECT_EQ(stage.Self()->rows_dropped, 6U);

  std::filesystem::remove(file);
  stage.Live(11);
  EXPECT_EQ(stage.Self()->pending, 0U);
  EXPECT_THAT(stage.log_.Lines(), Contains(HasSubstr("history is written again")));
}

IncidentSnapshot SomeIncident(WallTime opened) {
  IncidentSnapshot incident;
  incident.id = "20260101T000100Z-0001";
  incident.opened = opened;
  incident.since = opened;
  incident.last_seen = opened;
  incident.scope = {.bad = 2, .total = 5, .via = "192.0.2.1-192.0.2.2"};
  incident.targets = {"a", "b"};
  incident.witness = {"a", ProberKind::TraceIcmp, ProberFamily::Ipv4};
  incident.verdict.state = VerdictState::Loss;
  incident.owner = HopOwner{.segment = Segment::Transit, .asn = 64500, .name = "AS64500"};
  incident.text = "2 of 5 paths.";
  return incident;
}

class IncidentHistoryTest : public HistoryEngineTest {
 protected:
  void Publish() {
    writer_.Publish(incident_.id, std::make_shared<const IncidentSnapshot>(incident_));
  }

  IncidentBoard::Writer writer_ = stage_.incidents_.NewWriter();
  IncidentSnapshot incident_ = SomeIncident(start_ + minutes(1));
};

TEST_F(IncidentHistoryTest, AnIncidentIsKeptWithItsScopeOverTime) {
  stage_.Live(60);
  Publish();
  stage_.Live(11);
  incident_.scope.bad = 3;
  Publish();
  stage_.Live(11);
  incident_.closed = incident_.last_seen = stage_.clock_.WallNow();
  Publish();
  stage_.Live(11);
  const auto incident = reader_.Incident(incident_.id);
  ASSERT_TRUE(incident);
  EXPECT_EQ(incident->closed, incident_.closed);
  EXPECT_THAT(incident->targets, ElementsAre("a", "b"));
  EXPECT_EQ(incident->cause, "path");
  ASSERT_THAT(incident->updates, SizeIs(2));
  EXPECT_EQ(incident->updates[0].bad, 2U);
  EXPECT_EQ(incident->updates[0].owner, "AS64500");
  EXPECT_EQ(incident->updates[0].segment, "transit");
  EXPECT_EQ(incident->updates[1].bad, 3U);
}

TEST_F(IncidentHistoryTest, FiguresOfTheTextAreKeptOnceAMinute) {
  stage_.Live(60);
  for (int i = 0; i < 24; ++i) {
    incident_.text = std::to_string(i) + " probes lost.";
    Publish();
    stage_.Live(5);
  }
  stage_.Live(11);
  EXPECT_THAT(reader_.Incident(incident_.id)->updates, SizeIs(2));
}

TEST_F(IncidentHistoryTest, OneThatAPredecessorLeftOpenEndsWhenItWasLastSeen) {
  stage_.Live(60);
  Publish();
  stage_.Live(11);
  stage_.End();
  HistoryStage next(folder_.Path(), {"a"}, stage_.clock_.WallNow());
  next.Live(70);
  EXPECT_THAT(reader_.OpenIncidents(), IsEmpty());
  EXPECT_EQ(reader_.Incident(incident_.id)->closed, incident_.last_seen);
}

TEST_F(IncidentHistoryTest, OneThatASuccessorTakesUpGoesOnAndIsNotDoubled) {
  stage_.Live(60);
  Publish();
  stage_.Live(11);
  stage_.End();
  HistoryStage next(folder_.Path(), {"a"}, stage_.clock_.WallNow());
  next.incidents_.NewWriter().Publish(incident_.id,
                                      std::make_shared<const IncidentSnapshot>(incident_));
  next.Live(70);
  EXPECT_THAT(reader_.OpenIncidents(), SizeIs(1));
  EXPECT_THAT(reader_.Incidents(start_, start_ + hours(1)), SizeIs(1));
}

TEST_F(IncidentHistoryTest, FollowUpsStandBesideIt) {
  stage_.Live(60);
  Publish();
  stage_.Live(1);
  const FollowUp note{.at = start_ + minutes(9), .author = "ops", .text = "Ticket 1 <b>opened</b>"};
  EXPECT_EQ(stage_.engine_->AddFollowUp("20260101T000100Z-0009", note),
            FollowUpOutcome::NoIncident);
  stage_.Live(10);
  EXPECT_EQ(stage_.engine_->AddFollowUp(incident_.id, note), FollowUpOutcome::Kept);
  EXPECT_THAT(reader_.Incident(incident_.id)->follow_ups, ElementsAre(note));
}

TEST_F(IncidentHistoryTest, WhatIsNoFollowUpIsRefused) {
  Publish();
  stage_.Live(11);
  const auto outcome_of = [this](const std::string& author, const std::string& text) {
    return stage_.engine_->AddFollowUp(incident_.id,
                                       {.at = start_, .author = author, .text = text});
  };
  EXPECT_EQ(outcome_of("ops", ""), FollowUpOutcome::Empty);
  EXPECT_EQ(outcome_of("ops", std::string(kLongestFollowUp + 1, 'x')), FollowUpOutcome::TooLong);
  EXPECT_EQ(outcome_of(std::string(kLongestAuthor + 1, 'x'), "text"), FollowUpOutcome::TooLong);
  EXPECT_EQ(outcome_of("ops", "half of a letter: \xC3"), FollowUpOutcome::NotText);
  EXPECT_EQ(outcome_of(std::string("o\0ps", 5), "text"), FollowUpOutcome::NotText);
  EXPECT_THAT(reader_.Incident(incident_.id)->follow_ups, IsEmpty());
}

TEST_F(IncidentHistoryTest, FollowUpsOfAnIncidentAreBounded) {
  Publish();
  stage_.Live(11);
  const FollowUp note{.at = start_, .author = "ops", .text = "again"};
  for (std::size_t i = 0; i < kMostFollowUps; ++i) {
    ASSERT_EQ(stage_.engine_->AddFollowUp(incident_.id, note), FollowUpOutcome::Kept);
  }
  EXPECT_EQ(stage_.engine_->AddFollowUp(incident_.id, note), FollowUpOutcome::TooMany);
}

TEST_F(IncidentHistoryTest, WithoutAHistoryNoFollowUpIsKept) {
  stage_.config_.history.is_enabled = false;
  stage_.Apply();
  EXPECT_EQ(stage_.engine_->AddFollowUp(incident_.id, {.at = start_, .author = "", .text = "x"}),
            FollowUpOutcome::NotWritten);
}

}  // namespace
}  // namespace pathwitness
