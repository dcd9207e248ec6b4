#include "exporter/diagnosis/verdict_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "exporter/diagnosis/seen_causes.h"
#include "tests/diagnosis/path_text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"

namespace pathwitness {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const char* const kPath = "192.168.1.1 198.51.100.1 198.51.100.2 203.0.113.200";
const char* const kBroken = "192.168.1.1 198.51.100.1 * *";

/// A trace that publishes every five seconds and ends a round every ten.
class VerdictDeskTest : public ::testing::Test {
 protected:
  VerdictDeskTest() {
    trace_.status.key = key_;
    trace_.flows.resize(1);
  }

  void Trace(const char* path, Duration duration, bool is_lost) {
    for (Duration past{}; past < duration; past += seconds(5)) {
      clock_.Advance(seconds(5));
      trace_.flows[0].probes += 5;
      trace_.flows[0].lost += is_lost ? 5 : 0;
      if (past % seconds(10) == Duration()) {
        Round round = RoundOf(path);
        round.started = clock_.WallNow() - seconds(10);
        trace_.last_round = std::make_shared<const Round>(std::move(round));
      }
      desk_.OnTrace(trace_, owners_);
    }
  }

  VerdictBoard::Pointer Said() const { return board_.Find(key_); }

  FakeClock clock_;
  RecordingLog log_;
  HttpsBoard https_;
  VerdictBoard board_;
  OwnerTable owners_{{}, {}, nullptr};
  OneWayBoard one_way_;
  OneWayBoard::Writer one_way_writer_ = one_way_.NewWriter();
  VerdictDesk desk_{https_, one_way_, board_, clock_, log_};
  ProberKey key_{"here-to-there", ProberKind::TraceIcmp, ProberFamily::Ipv4};
  TraceSnapshot trace_;
};

TEST_F(VerdictDeskTest, OfAGoodPathKnowsHowMuchItLosesAtMost) {
  Trace(kPath, minutes(6), false);
  ASSERT_NE(Said(), nullptr);
  EXPECT_EQ(Said()->verdict, nullptr);
  EXPECT_EQ(Said()->loss->low, 0);
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(VerdictDeskTest, AnOutageIsSaidAndLoggedOnce) {
  Trace(kPath, minutes(40), false);
  Trace(kBroken, minutes(3), true);
  ASSERT_TRUE(Said()->verdict);
  EXPECT_EQ(Said()->verdict->state, VerdictState::Loss);
  EXPECT_NEAR(ToSeconds(clock_.WallNow() - Said()->since), 180, 15);
  EXPECT_THAT(log_.Lines(),
              Contains(AllOf(HasSubstr("verdict target=here-to-there prober=trace_icmp"),
                             HasSubstr("state=loss"), HasSubstr("text=")))
                  .Times(::testing::Ge(1)));
}

TEST_F(VerdictDeskTest, AReflectorTellsTheDirection) {
  OneWaySnapshot reflected;
  const ProberKey reflector{key_.target, ProberKind::Reflector, key_.family};
  for (int i = 0; i < 72; ++i) {
    const bool is_lossy = i >= 36;
    trace_.flows[0].lost += is_lossy ? 1 : 0;
    reflected.totals.forward.packets += 10;
    reflected.totals.forward.lost += is_lossy ? 2 : 0;
    reflected.totals.backward.packets += is_lossy ? 8 : 10;
    one_way_writer_.Publish(reflector, std::make_shared<const OneWaySnapshot>(reflected));
    Trace(kPath, seconds(5), false);
  }
  ASSERT_TRUE(Said()->verdict);
  EXPECT_EQ(Said()->verdict->state, VerdictState::Loss);
  EXPECT_EQ(Said()->verdict->direction, Direction::Forward);
  EXPECT_THAT(Said()->verdict->text, HasSubstr("Forward direction (reflector: forward "));
}

TEST_F(VerdictDeskTest, RoundsThatEndTogetherAllCount) {
  for (int minute = 0; minute < 6; ++minute) {
    trace_.rounds_before.clear();
    for (int i = 0; i < 10; ++i) {
      Round round = RoundOf("192.168.1.1 * 198.51.100.2 203.0.113.200");
      round.started = clock_.WallNow();
      trace_.rounds_before.push_back(
          {.at = {}, .round = std::make_shared<const Round>(std::move(round))});
    }
    Trace(kPath, minutes(1), false);
  }
  EXPECT_THAT(Said()->hops, ElementsAre(HopClass::Clean, HopClass::Masked, HopClass::Clean));
}

TEST_F(VerdictDeskTest, HopsAreJudgedAsSoonAsThereAreAny) {
  clock_.Advance(seconds(5));
  desk_.OnTrace(trace_, owners_);
  ASSERT_THAT(Said()->hops, IsEmpty());
  Trace(kPath, seconds(10), false);
  EXPECT_EQ(Said()->hops.size(), 3U);
}

TEST_F(VerdictDeskTest, WithItsFirstVerdictAPathsHopsAreJudgedAnew) {
  Trace(kPath, minutes(40) + seconds(20), false);
  ASSERT_EQ(Said()->hops.back(), HopClass::Clean);
  for (int i = 0; i < 10 && !Said()->verdict; ++i) {
    Trace(kBroken, seconds(5), true);
  }
  ASSERT_TRUE(Said()->verdict);
  EXPECT_NE(Said()->hops.back(), HopClass::Clean);
}

TEST_F(VerdictDeskTest, WithoutAReflectorNoDirectionIsKnown) {
  Trace(kPath, minutes(40), false);
  Trace(kBroken, minutes(3), true);
  ASSERT_TRUE(Said()->verdict);
  EXPECT_EQ(Said()->verdict->direction, Direction::Unknown);
  EXPECT_THAT(Said()->verdict->text, Not(HasSubstr("reflector")));
}

TEST_F(VerdictDeskTest, TheEndOfAVerdictIsLogged) {
  Trace(kPath, minutes(40), false);
  Trace(kBroken, minutes(3), true);
  Trace(kPath, minutes(12), false);
  EXPECT_EQ(Said()->verdict, nullptr);
  EXPECT_THAT(log_.Lines(), Contains(HasSubstr("verdict is over")).Times(1));
}

TEST_F(VerdictDeskTest, WhatWasCountedBeforeItCameTellsNothing) {
  trace_.flows[0] = {.probes = 1000, .lost = 1000};
  Trace(kPath, minutes(5), false);
  EXPECT_EQ(Said()->loss->low, 0);
}

TEST_F(VerdictDeskTest, CountersThatBeginAnewAreNoEvidence) {
  Trace(kPath, minutes(5), false);
  trace_.flows[0] = {.probes = 0, .lost = 0};
  Trace(kPath, minutes(5), false);
  EXPECT_EQ(Said()->loss->low, 0);
}

TEST_F(VerdictDeskTest, ProbesThatCannotBeSentAreNoFaultOfThePath) {
  Trace(kPath, minutes(5), false);
  for (int i = 0; i < 4; ++i) {
    ++trace_.unsent[static_cast<std::size_t>(UnsentReason::NoRoute)];
    Trace(kPath, seconds(5), false);
  }
  ASSERT_TRUE(Said()->verdict);
  EXPECT_EQ(Said()->verdict->state, VerdictState::Local);
  EXPECT_THAT(Said()->verdict->text, HasSubstr("no_route"));
}

TEST_F(VerdictDeskTest, AFaultOfItsOwnComesFirst) {
  Trace(kPath, minutes(40), false);
  desk_.SetOwnFault(OwnFault::Uplink);
  Trace(kBroken, minutes(1), true);
  ASSERT_TRUE(Said()->verdict);
  EXPECT_EQ(Said()->verdict->state, VerdictState::Local);
}

/// An HTTPS prober whose newest request failed so.
HttpsSnapshot Failing(std::uint64_t request, HttpFailure failure) {
  HttpsSnapshot https;
  https.status.key = {"here-to-there", ProberKind::Https, ProberFamily::Ipv4};
  https.requests = request;
  https.last = HttpResult{.failure = failure};
  return https;
}

TEST_F(VerdictDeskTest, AServiceThatFailsBehindAGoodPathIsToBlameItself) {
  Trace(kPath, minutes(5), false);
  HttpsBoard::Writer writer = https_.NewWriter();
  for (std::uint64_t request = 1; request <= 2; ++request) {
    const HttpsSnapshot https = Failing(request, HttpFailure::TlsVerify);
    writer.Publish(https.status.key, std::make_shared<const HttpsSnapshot>(https));
    desk_.LookAtServices();
    desk_.LookAtServices();  // of one request only once
    EXPECT_EQ(board_.Find(https.status.key)->verdict != nullptr, request == 2);
  }
  const VerdictBoard::Pointer said = board_.Find(Failing(2, {}).status.key);
  EXPECT_EQ(said->verdict->attribution.owner->segment, Segment::Tls);
  EXPECT_THAT(said->verdict->text, HasSubstr("path of 4 hops"));
  writer.Remove(said->status.key);
  desk_.LookAtServices();
  EXPECT_EQ(board_.Find(said->status.key), nullptr);
}

TEST_F(VerdictDeskTest, AServiceBehindABrokenPathIsNotBlamed) {
  Trace(kPath, minutes(40), false);
  Trace(kBroken, minutes(2), true);
  HttpsBoard::Writer writer = https_.NewWriter();
  for (std::uint64_t request = 1; request <= 3; ++request) {
    const HttpsSnapshot https = Failing(request, HttpFailure::ConnectTimeout);
    writer.Publish(https.status.key, std::make_shared<const HttpsSnapshot>(https));
    desk_.LookAtServices();
  }
  EXPECT_EQ(board_.Find(Failing(1, {}).status.key)->verdict, nullptr);
}

/// A service that is asked every 30 s; `later`: that its first byte takes longer than 60 ms.
class AskedService {
 public:
  AskedService(HttpsBoard& board, VerdictDesk& desk, FakeClock& clock)
      : writer_(board.NewWriter()), desk_(desk), clock_(clock) {
    https_.status.key = {"here-to-there", ProberKind::Https, ProberFamily::Ipv4};
  }

  void Live(Duration duration, double later) {
    for (Duration past{}; past < duration; past += seconds(30)) {
      clock_.Advance(seconds(30));
      ++https_.requests;
      https_.last = HttpResult{};
      https_.last->phases = {0.001, 0.020, 0.030, 0.060 + later, 0.002};
      writer_.Publish(https_.status.key, std::make_shared<const HttpsSnapshot>(https_));
      desk_.LookAtServices();
    }
  }

 private:
  HttpsBoard::Writer writer_;
  VerdictDesk& desk_;
  FakeClock& clock_;
  HttpsSnapshot https_;
};

TEST_F(VerdictDeskTest, AServiceThatAnswersLaterBehindAPathAsEverIsToBlameItself) {
  AskedService service(https_, desk_, clock_);
  service.Live(minutes(40), 0);
  service.Live(minutes(3), 0.080);
  const VerdictBoard::Pointer said =
      board_.Find({"here-to-there", ProberKind::Https, ProberFamily::Ipv4});
  ASSERT_TRUE(said->verdict);
  EXPECT_EQ(said->verdict->state, VerdictState::Latency);
  EXPECT_EQ(said->verdict->kind, LatencyKind::Server);
  EXPECT_THAT(log_.Lines(), Contains(AllOf(HasSubstr("prober=https"), HasSubstr("state=latency"),
                                           HasSubstr("owner=application"))));
}

TEST_F(VerdictDeskTest, AServiceThatAnswersLaterIsTheCauseOfAnIncident) {
  AskedService service(https_, desk_, clock_);
  service.Live(minutes(40), 0);
  service.Live(minutes(3), 0.080);
  const std::vector<SeenCause> causes = SeeCauses({}, desk_.Services(), clock_.WallNow());
  ASSERT_EQ(causes.size(), 1U);
  EXPECT_EQ(causes[0].sighting.kind, CauseKind::Service);
}

TEST_F(VerdictDeskTest, OfAServiceBehindAProxyNothingIsSaidAboutItsTime) {
  Config config;
  config.targets.emplace_back().name = "here-to-there";
  config.targets.back().https.request.proxy = "http://proxy.example:3128";
  desk_.Apply(config);
  AskedService service(https_, desk_, clock_);
  service.Live(minutes(40), 0);
  service.Live(minutes(10), 0.080);
  EXPECT_EQ(board_.Find({"here-to-there", ProberKind::Https, ProberFamily::Ipv4})->verdict,
            nullptr);
}

TEST_F(VerdictDeskTest, AForgottenPathLeavesTheBoard) {
  Trace(kPath, minutes(1), false);
  desk_.Forget(key_);
  EXPECT_EQ(Said(), nullptr);
}

}  // namespace
}  // namespace pathwitness
