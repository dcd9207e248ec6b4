#include "exporter/evidence/report_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exporter/history/history_codec.h"
#include "exporter/history/history_store.h"
#include "tests/exporter/evidence/path_facts.h"
#include "tests/exporter/history/history_stage.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kPath = "192.168.1.1 203.0.113.1 198.51.100.1 198.51.100.2 198.18.0.9!";

/// A history of half an hour, and an engine that starts at 16:00 and is asked every second.
class ReportEngineTest : public ::testing::Test {
 protected:
  ReportEngineTest() {
    config_.history.directory = folder_.Path().string();
    for (int minute = -15; minute < 20; minute += 5) {
      Write(Minute(minute), StatsOf(kPath, {0, 0, 264, 31, 36}));
    }
    engine_.Apply(std::make_shared<const Config>(config_), clock_.Now());
  }

  void Write(WallTime start, const TraceStats& stats) {
    HistoryStore store(config_.history.directory);
    HistoryBatch batch{.start = start};
    batch.rows.push_back(
        {.prober = OfficeTrace(), .routes = stats.routes, .stats = EncodeStats(stats)});
    EXPECT_FALSE(store.Write(batch, start).has_value());
  }

  /// A minute of buckets that ends `end`; in the last `bad` of them the path is so.
  void WriteMinute(WallTime end, int bad, const TraceStats& stats) {
    for (int bucket = 6; bucket > 0; --bucket) {
      Write(end - bucket * kFineBucket, bucket <= bad ? stats : StatsOf(kPath, {0, 0, 0, 0, 0}));
    }
  }

  void Live(Duration length) {
    const WallTime end = clock_.WallNow() + length;
    while (clock_.WallNow() < end) {
      clock_.Advance(std::chrono::seconds(1));
      engine_.Turn(clock_.Now());
    }
  }

  void Fail(WallTime since) {
    auto snapshot = std::make_shared<VerdictSnapshot>();
    snapshot->status.key = OfficeTrace();
    snapshot->since = since;
    snapshot->verdict = std::make_shared<const Verdict>(
        Verdict{.state = VerdictState::Loss, .text = "Packets are lost."});
    verdict_writer_.Publish(OfficeTrace(), std::move(snapshot));
  }

  void ShowIncident(std::optional<WallTime> closed) {
    auto incident = std::make_shared<IncidentSnapshot>();
    const std::string id = "20260131T160100Z-0001";
    incident->id = id;
    incident->opened = Minute(1);
    incident->since = Minute(0);
    incident->closed = closed;
    incident->witness = OfficeTrace();
    incident_writer_.Publish(id, std::move(incident));
  }

  const TestFolder folder_;
  SteppedClock clock_{Minute(0)};
  TraceBoard traces_;
  RouteBoard routes_;
  VerdictBoard verdicts_;
  IncidentBoard incidents_;
  VerdictBoard::Writer verdict_writer_ = verdicts_.NewWriter();
  IncidentBoard::Writer incident_writer_ = incidents_.NewWriter();
  Config config_;
  std::vector<ReportFiles> kept_;
  ReportEngine engine_{
      {.traces = traces_, .routes = routes_, .verdicts = verdicts_, .incidents = incidents_},
      [this](ReportFiles report) { kept_.push_back(std::move(report)); },
      clock_};
};

TEST_F(ReportEngineTest, ATargetThatIsWellHasNoReports) {
  Live(std::chrono::minutes(12));

  EXPECT_THAT(kept_, IsEmpty());
}

TEST_F(ReportEngineTest, ATargetInTroubleHasOneEveryFiveMinutes) {
  Fail(Minute(0));

  Live(std::chrono::minutes(11));

  ASSERT_THAT(kept_, SizeIs(2));
  EXPECT_EQ(kept_.front().at, Minute(5));
  EXPECT_EQ(kept_.front().destination, "198.18.0.9");
  EXPECT_THAT(kept_.front().forms.at("txt"), HasSubstr("Packets are lost."));
  EXPECT_THAT(kept_.front().forms.at("json"), HasSubstr("pathwitness.report"));
}

TEST_F(ReportEngineTest, EachFlowIsToldOfWithItsPort) {
  TraceStats stats = StatsOf(kPath, {0, 0, 0, 0, 36});
  stats.flows = {{.sent = 150, .lost = 36}, {.sent = 150, .lost = 0}};
  Write(Minute(1), stats);
  TraceSnapshot trace;
  trace.status.key = OfficeTrace();
  trace.flow_ports = {49153, 49154};
  traces_.NewWriter().Publish(OfficeTrace(), std::make_shared<const TraceSnapshot>(trace));
  Fail(Minute(0));

  Live(std::chrono::minutes(6));

  ASSERT_THAT(kept_, SizeIs(1));
  EXPECT_THAT(kept_.front().forms.at("txt"),
              HasSubstr("Flow 0       port 49153, 36 of 150 lost  <- more than the others"));
  EXPECT_THAT(kept_.front().forms.at("txt"), HasSubstr("Flow 1       port 49154, 0 of 150 lost\n"));
}

TEST_F(ReportEngineTest, BeforeIsBeforeTheFirstSignOfTheFault) {
  Fail(Minute(2));

  Live(std::chrono::minutes(11));

  ASSERT_THAT(kept_, SizeIs(2));
  EXPECT_THAT(kept_.back().forms.at("txt"), HasSubstr("before: 2026-01-31 15:47:00 - 16:02:00"));
}

TEST_F(ReportEngineTest, BeforeHoldsNothingOfWhatWasLostBeforeTheFirstSign) {
  WriteMinute(Minute(2), 2, StatsOf(kPath, {0, 0, 0, 31, 36}));
  Fail(Minute(2));

  Live(std::chrono::minutes(11));

  ASSERT_THAT(kept_, SizeIs(2));
  EXPECT_THAT(kept_.back().forms.at("txt"), HasSubstr("before: 2026-01-31 15:46:40 - 16:01:40"));
}

TEST_F(ReportEngineTest, BeforeHoldsNothingOfTheNewRoute) {
  WriteMinute(Minute(2), 1,
              StatsOf("192.168.1.1 203.0.113.1 198.51.100.3 198.18.0.9!", {0, 0, 0, 0}));
  Fail(Minute(2));

  Live(std::chrono::minutes(11));

  ASSERT_THAT(kept_, SizeIs(2));
  EXPECT_THAT(kept_.back().forms.at("txt"), HasSubstr("before: 2026-01-31 15:46:50 - 16:01:50"));
}

TEST_F(ReportEngineTest, BeforeHoldsNoBucketThatTheFirstSignIsIn) {
  WriteMinute(Minute(2), 0, {});
  Fail(Minute(2) - std::chrono::seconds(4));

  Live(std::chrono::minutes(11));

  ASSERT_THAT(kept_, SizeIs(2));
  EXPECT_THAT(kept_.back().forms.at("txt"), HasSubstr("before: 2026-01-31 15:46:50 - 16:01:50"));
}

TEST_F(ReportEngineTest, AnIncidentHasOneWhenItOpens) {
  Live(std::chrono::minutes(1));
  ShowIncident(std::nullopt);

  Live(std::chrono::seconds(3));

  EXPECT_THAT(kept_, SizeIs(1));
}

TEST_F(ReportEngineTest, AnIncidentHasOneOfAllOfItAQuarterOfAnHourAfterItsEnd) {
  Live(std::chrono::minutes(1));
  ShowIncident(std::nullopt);
  Live(std::chrono::minutes(2));
  ShowIncident(Minute(3));

  Live(std::chrono::minutes(17));

  ASSERT_THAT(kept_, SizeIs(2));
  EXPECT_EQ(kept_.back().at, Minute(3));
  EXPECT_THAT(kept_.back().forms.at("txt"), HasSubstr("after: 2026-01-31 16:03:00 - 16:18:00"));
}

TEST_F(ReportEngineTest, WithoutAHistoryThereAreNoReports) {
  config_.history.is_enabled = false;
  engine_.Apply(std::make_shared<const Config>(config_), clock_.Now());
  Fail(Minute(0));

  Live(std::chrono::minutes(6));

  EXPECT_THAT(kept_, IsEmpty());
}

}  // namespace
}  // namespace pathwitness
