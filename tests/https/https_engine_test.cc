#include "probes/https/https_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"
#include "tests/support/scripted_server.h"

namespace pathwitness {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Duration kInterval = seconds(30);

/// The engine in virtual time, with a real server on loopback.
class HttpsEngineTest : public testing::Test {
 protected:
  static TargetConfig TargetOf(const std::string& name, std::uint16_t port) {
    TargetConfig target;
    target.name = name;
    target.host = "service.invalid";
    target.families = {IpFamily::Ipv4};
    target.https.request.url = "http://service.invalid:" + std::to_string(port) + "/";
    target.https.interval = kInterval;
    return target;
  }

  void Resolve(const std::string& target, const char* address = "127.0.0.1") {
    DnsSnapshot dns{.target = target, .host = "service.invalid", .is_known = true};
    dns.chosen = address == nullptr ? std::nullopt : IpAddress::Parse(address);
    dns.error = address == nullptr ? "no such name" : "";
    dns.last_lookup_seconds = 0.25;
    dns_writer_.Publish({target, IpFamily::Ipv4}, std::make_shared<const DnsSnapshot>(dns));
  }

  void Apply(const std::vector<TargetConfig>& targets) {
    Config config = config_;
    config.targets = targets;
    engine_.Apply(std::make_shared<const Config>(config), clock_.Now());
  }

  /// Turns the engine without moving time, until `is_done` or 20 s of real time have gone.
  template <typename Question>
  void TurnUntil(Question is_done) {
    const SystemClock real;
    const MonoTime limit = real.Now() + seconds(20);
    engine_.Turn(clock_.Now());
    while (!is_done() && real.Now() < limit) {
      pollfd event{engine_.Descriptor(), POLLIN, 0};
      poll(&event, 1, engine_.NextDeadline() <= clock_.Now() ? 0 : 100);
      engine_.Turn(clock_.Now());
    }
    ASSERT_TRUE(is_done());
  }

  HttpsBoard::Pointer Find(const std::string& target) const {
    return board_.Find({target, ProberKind::Https, ProberFamily::Ipv4});
  }

  std::uint64_t Requests(const std::string& target) const { return Find(target)->requests; }

  /// Goes on by one interval and waits for the round's result.
  void RunRound(const std::string& target) {
    const std::uint64_t before = Requests(target);
    clock_.Advance(kInterval);
    TurnUntil([&] { return Requests(target) > before; });
  }

  std::uint64_t Skipped(const std::string& target, SkipReason reason) const {
    return Find(target)->status.rounds_skipped[static_cast<std::size_t>(reason)];
  }

  FakeClock clock_;
  DnsBoard dns_;
  DnsBoard::Writer dns_writer_ = dns_.NewWriter();
  HttpsBoard board_;
  RecordingLog log_;
  Config config_;
  HttpsEngine engine_{dns_, board_, clock_, log_};
};

TEST_F(HttpsEngineTest, AProberIsOnTheBoardBeforeItsFirstRound) {
  const WallTime start = clock_.WallNow();
  Resolve("a");
  Apply({TargetOf("a", 1)});
  const auto snapshot = Find("a");
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(snapshot->status.last_round, start);
  EXPECT_EQ(snapshot->status.interval, kInterval);
  EXPECT_EQ(snapshot->requests, 0U);
  EXPECT_EQ(snapshot->status.state, ProberState::Unknown);
  EXPECT_EQ(snapshot->durations.bounds, config_.metrics.https_buckets);
}

TEST_F(HttpsEngineTest, ARequestInWhichTheProgramStoodStillTellsNothing) {
  const ScriptedServer server({.before_answer = std::chrono::milliseconds(100)}, nullptr);
  Resolve("a");
  Apply({TargetOf("a", server.Port())});
  for (int second = 0; Find("a")->status.address.empty(); ++second) {
    ASSERT_LT(second, 60);
    clock_.Advance(seconds(1));
    engine_.Turn(clock_.Now());
  }
  clock_.Advance(seconds(10));
  TurnUntil([&] { return Skipped("a", SkipReason::Overrun) == 1; });
  EXPECT_EQ(Requests("a"), 0U);
  EXPECT_EQ(Find("a")->status.state, ProberState::Unknown);
  RunRound("a");
  EXPECT_EQ(Find("a")->status.state, ProberState::Up);
}

TEST_F(HttpsEngineTest, ARoundIsCountedAndStored) {
  const ScriptedServer server({}, nullptr);
  Resolve("a");
  Apply({TargetOf("a", server.Port())});
  RunRound("a");
  const auto snapshot = Find("a");
  EXPECT_EQ(snapshot->status.state, ProberState::Up);
  EXPECT_EQ(snapshot->status.rounds, 1U);
  EXPECT_EQ(snapshot->status.last_round, clock_.WallNow());
  EXPECT_EQ(snapshot->status.address, "127.0.0.1");
  EXPECT_EQ(snapshot->status.source_address, "127.0.0.1");
  EXPECT_EQ(snapshot->status.port, server.Port());
  EXPECT_EQ(snapshot->responses.at(200), 1U);
  EXPECT_EQ(snapshot->durations.Count(), 1U);
  EXPECT_EQ(snapshot->phases[0].sum, 0.25);
  EXPECT_EQ(snapshot->phases[static_cast<std::size_t>(HttpPhase::Tls)].count, 0U);
  EXPECT_EQ(snapshot->phases[static_cast<std::size_t>(HttpPhase::Processing)].count, 1U);
  EXPECT_EQ(snapshot->last->body, "");
  EXPECT_EQ(snapshot->last->body_bytes, 5U);
}

TEST_F(HttpsEngineTest, AnUnresolvedTargetIsAFailedRequest) {
  Resolve("a", nullptr);
  Apply({TargetOf("a", 1)});
  RunRound("a");
  const auto snapshot = Find("a");
  EXPECT_EQ(snapshot->failures[static_cast<std::size_t>(HttpFailure::Dns)], 1U);
  EXPECT_EQ(snapshot->status.state, ProberState::Down);
  EXPECT_EQ(snapshot->last->error, "no such name");
  for (const PhaseTotals& phase : snapshot->phases) {
    EXPECT_EQ(phase.count, 0U);
  }
}

TEST_F(HttpsEngineTest, AFamilyThatTheHostCannotHaveIsAFailedRequest) {
  TargetConfig target = TargetOf("a", 1);
  target.families = {IpFamily::Ipv6};
  Resolve("a");  // the host is an IPv4 address: there is no snapshot of IPv6
  Apply({target});
  clock_.Advance(kInterval);
  engine_.Turn(clock_.Now());
  const auto snapshot = board_.Find({"a", ProberKind::Https, ProberFamily::Ipv6});
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(snapshot->failures[static_cast<std::size_t>(HttpFailure::Dns)], 1U);
}

TEST_F(HttpsEngineTest, ALiteralAddressInTheUrlIsUsedAsItIs) {
  const ScriptedServer server({}, nullptr);
  TargetConfig target = TargetOf("a", server.Port());
  target.https.request.url = "http://127.0.0.1:" + std::to_string(server.Port()) + "/";
  target.families = {};
  Resolve("a", "192.0.2.1");
  Apply({target});
  RunRound("a");
  EXPECT_EQ(Find("a")->last->address, "127.0.0.1");
  EXPECT_EQ(Find("a")->status.state, ProberState::Up);
}

TEST_F(HttpsEngineTest, GoingDownAndUpIsLoggedOnceEach) {
  const ScriptedServer server({}, nullptr);
  TargetConfig target = TargetOf("a", server.Port());
  target.https.expect.status = {200};
  Resolve("a");
  Apply({target});
  RunRound("a");
  EXPECT_THAT(log_.Lines(), ElementsAre());
  Resolve("a", "127.0.0.7");  // nobody listens there
  RunRound("a");
  RunRound("a");
  EXPECT_THAT(log_.Lines(), ElementsAre(HasSubstr("target is down target=a prober=https "
                                                  "family=ipv4 reason=connect_refused")));
  Resolve("a");
  RunRound("a");
  EXPECT_THAT(log_.Lines(), Contains(HasSubstr("target is up target=a")));
  EXPECT_EQ(Find("a")->status.state_changes, 2U);
}

TEST_F(HttpsEngineTest, RetryAfterIsHonouredAndSkippedRoundsAreCounted) {
  const ScriptedServer server(
      {.answer = "HTTP/1.1 429 Slow\r\nRetry-After: 70\r\nContent-Length: 5\r\n\r\nhe"}, nullptr);
  Resolve("a");
  Apply({TargetOf("a", server.Port())});
  RunRound("a");
  EXPECT_EQ(Find("a")->failures[static_cast<std::size_t>(HttpFailure::RateLimited)], 1U);
  for (const std::uint64_t skipped : {1U, 2U}) {
    clock_.Advance(kInterval);
    engine_.Turn(clock_.Now());
    EXPECT_EQ(Skipped("a", SkipReason::RateLimited), skipped);
    EXPECT_EQ(Requests("a"), 1U);
  }
  RunRound("a");
  EXPECT_EQ(Requests("a"), 2U);
}

TEST_F(HttpsEngineTest, ARoundThatIsNotOverSkipsTheNext) {
  const ScriptedServer server({.before_answer = minutes(1)}, nullptr);
  Resolve("a");
  Apply({TargetOf("a", server.Port())});
  clock_.Advance(kInterval);
  engine_.Turn(clock_.Now());
  clock_.Advance(kInterval);
  engine_.Turn(clock_.Now());
  EXPECT_EQ(Skipped("a", SkipReason::Overrun), 1U);
}

TEST_F(HttpsEngineTest, AHostIsAskedNoFasterThanItsRate) {
  const ScriptedServer server({}, nullptr);
  config_.probing.https_requests_per_second_per_host = 0.5;
  Resolve("a");
  Resolve("b");
  Apply({TargetOf("a", server.Port()), TargetOf("b", server.Port())});
  clock_.Advance(kInterval);
  const auto sum = [&] { return Requests("a") + Requests("b"); };
  TurnUntil([&] { return sum() == 1; });
  EXPECT_EQ(engine_.NextDeadline(), clock_.Now() + seconds(2));
  clock_.Advance(seconds(2));
  TurnUntil([&] { return sum() == 2; });
}

TEST_F(HttpsEngineTest, NoMoreRequestsRunAtOnceThanConfigured) {
  const ScriptedServer server({.before_answer = minutes(1)}, nullptr);
  config_.probing.https_concurrency = 1;
  config_.probing.https_requests_per_second_per_host = 1000;
  Resolve("a");
  Resolve("b");
  Apply({TargetOf("a", server.Port()), TargetOf("b", server.Port())});
  const WallTime start = clock_.WallNow();
  clock_.Advance(kInterval);
  engine_.Turn(clock_.Now());
  clock_.Advance(seconds(1));
  engine_.Turn(clock_.Now());
  const bool a_has_begun = Find("a")->status.last_attempt > start;
  const bool b_has_begun = Find("b")->status.last_attempt > start;
  EXPECT_NE(a_has_begun, b_has_begun);
}

TEST_F(HttpsEngineTest, AnUnchangedTargetKeepsItsCountersThroughAReload) {
  const ScriptedServer server({}, nullptr);
  TargetConfig target = TargetOf("a", server.Port());
  Resolve("a");
  Apply({target});
  RunRound("a");
  target.labels = {{"team", "build"}};
  Apply({target});
  EXPECT_EQ(Requests("a"), 1U);
  EXPECT_EQ(Find("a")->status.restarts, 0U);
}

TEST_F(HttpsEngineTest, NewBucketsRestartTheHistogramAlone) {
  const ScriptedServer server({}, nullptr);
  Resolve("a");
  Apply({TargetOf("a", server.Port())});
  RunRound("a");
  config_.metrics.https_buckets = {1, 2};
  Apply({TargetOf("a", server.Port())});
  EXPECT_EQ(Requests("a"), 1U);
  EXPECT_EQ(Find("a")->durations, Histogram({1, 2}));
}

TEST_F(HttpsEngineTest, ARemovedTargetLeavesTheBoardForGood) {
  const ScriptedServer server({.before_answer = minutes(1)}, nullptr);
  Resolve("a");
  Apply({TargetOf("a", server.Port())});
  clock_.Advance(kInterval);
  engine_.Turn(clock_.Now());
  Apply({});
  clock_.Advance(kInterval);
  engine_.Turn(clock_.Now());
  EXPECT_TRUE(board_.All().empty());
}

TEST_F(HttpsEngineTest, ASuccessorGoesOnFromItsPredecessorsCounters) {
  const ScriptedServer server({}, nullptr);
  Resolve("a");
  Apply({TargetOf("a", server.Port())});
  RunRound("a");
  HttpsEngine successor(dns_, board_, clock_, log_);
  Config config = config_;
  config.targets = {TargetOf("a", server.Port())};
  successor.Apply(std::make_shared<const Config>(config), clock_.Now());
  EXPECT_EQ(Requests("a"), 1U);
  EXPECT_EQ(Find("a")->status.restarts, 1U);
}

TEST_F(HttpsEngineTest, ASuccessorRemovesWhatIsNoLongerConfigured) {
  Resolve("a");
  Apply({TargetOf("a", 1)});
  EXPECT_EQ(board_.All().size(), 1U);
  HttpsEngine successor(dns_, board_, clock_, log_);
  successor.Apply(std::make_shared<const Config>(), clock_.Now());
  EXPECT_TRUE(board_.All().empty());
}

TEST_F(HttpsEngineTest, MeasuringOnTheSideLeavesTheSeriesAlone) {
  const ScriptedServer server({}, nullptr);
  const TargetConfig target = TargetOf("a", server.Port());
  Resolve("a");
  Apply({target});
  std::shared_ptr<const HttpsSnapshot> measured;
  engine_.Measure(target, IpFamily::Ipv4, *IpAddress::Parse("127.0.0.1"),
                  [&](auto snapshot) { measured = std::move(snapshot); });
  TurnUntil([&] { return measured != nullptr; });
  EXPECT_EQ(measured->requests, 1U);
  EXPECT_EQ(measured->status.state, ProberState::Up);
  EXPECT_EQ(Requests("a"), 0U);
}

TEST_F(HttpsEngineTest, AnExpectationThatIsNotMetIsDown) {
  const ScriptedServer server({}, nullptr);
  TargetConfig target = TargetOf("a", server.Port());
  target.https.expect.body_matches = "bye";
  Resolve("a");
  Apply({target});
  RunRound("a");
  EXPECT_EQ(Find("a")->failures[static_cast<std::size_t>(HttpFailure::Body)], 1U);
  EXPECT_EQ(Find("a")->status.state, ProberState::Down);
}

}  // namespace
}  // namespace pathwitness
