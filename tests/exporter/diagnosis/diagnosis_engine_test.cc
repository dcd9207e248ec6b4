#include "exporter/diagnosis/diagnosis_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/diagnosis/path_text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/mmdb_writer.h"
#include "tests/support/recording_log.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char* const kPath = "192.168.1.1 198.51.100.1 198.51.100.2 203.0.113.200";
const char* const kOther = "192.168.1.1 198.51.100.1 198.51.100.9 203.0.113.200";

std::string TwoNetworks() {
  return MmdbWriter()
      .AddAs("198.51.100.0/24", 64500, "Transit")
      .AddAs("203.0.113.0/24", 64501, "Destination")
      .Content();
}

class DiagnosisEngineTest : public ::testing::Test {
 protected:
  DiagnosisEngineTest() { config_.asn_database.path = folder_.Path() / "asn.mmdb"; }

  void Apply() { engine_.Apply(std::make_shared<const Config>(config_), clock_.Now()); }

  void Turn() {
    clock_.Advance(seconds(1));
    engine_.Turn(clock_.Now());
  }

  /// Puts rounds on the board as a trace engine does, and lets the engine look at each.
  void Trace(const std::string& path, unsigned rounds) {
    for (unsigned i = 0; i < rounds; ++i) {
      TraceSnapshot trace;
      trace.status.key = key_;
      for (const std::vector<IpAddress>& hop : PathOf(path)) {
        trace.hops.emplace_back();
        trace.hops.back().address = hop.empty() ? std::nullopt : std::optional(hop.front());
      }
      Round round = RoundOf(path);
      round.number = ++rounds_;
      round.started = clock_.WallNow();
      trace.last_round = std::make_shared<const Round>(round);
      trace_writer_.Publish(key_, std::make_shared<const TraceSnapshot>(std::move(trace)));
      Turn();
    }
  }

  RouteBoard::Pointer Route() const { return routes_.Find(key_); }

  TestFolder folder_;
  FakeClock clock_;
  RecordingLog log_;
  TraceBoard traces_;
  TraceBoard::Writer trace_writer_ = traces_.NewWriter();
  RouteBoard routes_;
  AsnBoard asn_;
  Config config_;
  TraceSelfBoard trace_self_;
  HttpsBoard https_;
  DnsBoard dns_;
  VerdictBoard verdicts_;
  IncidentBoard incidents_;
  OneWayBoard one_way_;
  DiagnosisBoards boards_{.traces = traces_,
                          .trace_self = trace_self_,
                          .https = https_,
                          .one_way = one_way_,
                          .dns = dns_,
                          .routes = routes_,
                          .asn = asn_,
                          .verdicts = verdicts_,
                          .incidents = incidents_};
  DiagnosisEngine engine_{boards_, clock_, log_};
  ProberKey key_{"here-to-there", ProberKind::TraceIcmp, ProberFamily::Ipv4};
  std::uint64_t rounds_ = 0;
};

TEST_F(DiagnosisEngineTest, ARouteHasZeroChangesFromItsFirstRound) {
  Apply();
  Trace(kPath, 1);
  ASSERT_NE(Route(), nullptr);
  EXPECT_THAT(Route()->changes, ElementsAre(0, 0, 0, 0));
  EXPECT_EQ(Route()->ecmp_width, 1U);
}

TEST_F(DiagnosisEngineTest, AChangeIsCountedInItsClassAndLoggedOnce) {
  folder_.Write("asn.mmdb", TwoNetworks());
  Apply();
  Trace(kPath, 20);
  Trace(kOther, 20);
  EXPECT_THAT(Route()->changes, ElementsAre(1, 0, 0, 0));
  EXPECT_EQ(Route()->last_change->ttl, 3);
  EXPECT_EQ(Route()->last_located.after.asn, 64500U);
  EXPECT_THAT(log_.Lines(),
              Contains("route changed target=here-to-there prober=trace_icmp family=ipv4 "
                       "class=intra_as from_hop=3 last_common=198.51.100.1 before=198.51.100.2 "
                       "after=198.51.100.9 loop=false")
                  .Times(1));
}

TEST_F(DiagnosisEngineTest, ARoundIsTakenOnceHoweverOftenTheEngineTurns) {
  Apply();
  Trace(kPath, 20);
  Trace(kOther, 1);
  for (unsigned i = 0; i < 20; ++i) {
    Turn();
  }
  EXPECT_THAT(Route()->changes, ElementsAre(0, 0, 0, 0));
}

TEST_F(DiagnosisEngineTest, RoundsThatEndTogetherAreAllTakenOnce) {
  folder_.Write("asn.mmdb", TwoNetworks());
  Apply();
  Trace(kPath, 20);
  TraceSnapshot trace = *traces_.Find(key_);
  const auto add = [&](const char* path) {
    Round round = RoundOf(path);
    round.number = ++rounds_;
    trace.rounds_before.push_back({.at = {}, .round = trace.last_round});
    trace.last_round = std::make_shared<const Round>(round);
  };
  for (int i = 0; i < 20; ++i) {
    add(kOther);
  }
  for (int look = 0; look < 2; ++look) {
    trace_writer_.Publish(key_, std::make_shared<const TraceSnapshot>(trace));
    Turn();
  }
  EXPECT_THAT(Route()->changes, ElementsAre(1, 0, 0, 0));
}

TEST_F(DiagnosisEngineTest, HopsHaveOwnersByDatabaseAndConfiguration) {
  folder_.Write("asn.mmdb", TwoNetworks());
  config_.owners = {{.prefixes = {*IpPrefix::Parse("192.168.0.0/16")},
                     .name = "office-lan",
                     .segment = OwnerSegment::SourceLan}};
  Apply();
  Trace(kPath, 1);
  ASSERT_EQ(Route()->owners.size(), 4U);
  EXPECT_EQ(Route()->owners[0].name, "office-lan");
  EXPECT_EQ(Route()->owners[1].segment, Segment::SourceIsp);
  EXPECT_EQ(Route()->owners[3].segment, Segment::Interconnect);
  EXPECT_EQ(Route()->networks[3].as_name, "Destination");
}

TEST_F(DiagnosisEngineTest, ChangedOwnersAreTakenUpWithoutANewRound) {
  Apply();
  Trace(kPath, 1);
  config_.owners = {{.prefixes = {*IpPrefix::Parse("198.51.100.0/24")}, .name = "lab-isp"}};
  Apply();
  Turn();
  EXPECT_EQ(Route()->owners[1].name, "lab-isp");
}

TEST_F(DiagnosisEngineTest, ADatabaseThatIsMissingIsToldAndTakenUpWhenItComes) {
  Apply();
  Trace(kPath, 1);
  ASSERT_NE(asn_.Find(0), nullptr);
  EXPECT_EQ(asn_.Find(0)->failure, MmdbFailure::Missing);
  EXPECT_EQ(Route()->networks[1].asn, 0U);
  folder_.Write("asn.mmdb", TwoNetworks());
  clock_.Advance(config_.asn_database.check_interval);
  Turn();
  EXPECT_EQ(asn_.Find(0)->failure, std::nullopt);
  EXPECT_EQ(Route()->networks[1].asn, 64500U);
  EXPECT_THAT(log_.Lines(), ElementsAre(HasSubstr("reason=missing"), HasSubstr("in use")));
}

TEST_F(DiagnosisEngineTest, WithoutADatabaseNothingIsSaidOfOne) {
  config_.asn_database.path.clear();
  Apply();
  Trace(kPath, 2);
  EXPECT_EQ(asn_.Find(0), nullptr);
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(DiagnosisEngineTest, TheRouteOfARemovedTargetLeavesTheBoard) {
  Apply();
  Trace(kPath, 1);
  trace_writer_.Remove(key_);
  Turn();
  EXPECT_EQ(Route(), nullptr);
}

TEST_F(DiagnosisEngineTest, ASuccessorGoesOnCounting) {
  Apply();
  Trace(kPath, 20);
  Trace(kOther, 20);
  DiagnosisEngine successor(boards_, clock_, log_);
  successor.Apply(std::make_shared<const Config>(config_), clock_.Now());
  successor.Turn(clock_.Now());
  EXPECT_THAT(Route()->changes, ElementsAre(0, 0, 0, 1));  // without a database: unknown
}

}  // namespace
}  // namespace pathwitness
