#include "probes/pulse/pulse_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/dns_server.h"
#include "tests/support/drive.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"
#include "tests/support/scripted_server.h"

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr double kStart = 1767225600;  // FakeClock's
constexpr auto kInterval = std::chrono::seconds(30);

TargetConfig TargetWith(const std::string& name, PulseConfig pulse) {
  TargetConfig target;
  target.name = name;
  target.pulse = std::move(pulse);
  return target;
}

TargetConfig Pushed(const std::string& name) {
  return TargetWith(name, {.kind = PulseKind::Push});
}

TargetConfig HeaderAt(const std::string& name, const std::string& url) {
  PulseConfig pulse{.kind = PulseKind::HttpHeader};
  pulse.request.url = url;
  pulse.request.timeout = std::chrono::seconds(5);
  pulse.header = "Date";
  return TargetWith(name, std::move(pulse));
}

std::string Answer(const std::string& status, const std::string& headers, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nConnection: close\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

const std::string kFreshAnswer = Answer("200 OK", "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n", "");

class PulseEngineTest : public testing::Test {
 protected:
  PulseEngineTest() { std::filesystem::remove_all(directory_); }
  ~PulseEngineTest() override {
    engine_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Apply(std::vector<TargetConfig> targets) {
    auto config = std::make_shared<Config>();
    config->resolver.servers = {dns_server_.Address()};
    config->state_directory = directory_;
    config->targets = std::move(targets);
    engine_->Apply(std::move(config), clock_.Now());
  }

  void Restart() { engine_ = std::make_unique<PulseEngine>(dns_, board_, clock_, log_); }

  PulseSnapshot Snapshot(const std::string& target) const {
    const PulseBoard::Pointer found = board_.Find({target, ProberKind::Pulse, ProberFamily::None});
    return found == nullptr ? PulseSnapshot{} : *found;
  }

  std::uint64_t Failures(const std::string& target, PulseFailure failure) const {
    return Snapshot(target).failures.at(static_cast<std::size_t>(failure));
  }

  bool Drive(const std::function<bool()>& is_done) {
    return DriveUntil(
        *engine_, [this] { return clock_.Now(); }, is_done);
  }

  // Moves on to the target's next round and lets it finish.
  void AwaitRound(const std::string& target) {
    const std::uint64_t before = Snapshot(target).status.rounds;
    clock_.AdvanceTo(engine_->NextDeadline());
    EXPECT_TRUE(Drive([&] { return Snapshot(target).status.rounds > before; }));
  }

  std::string Url(const ScriptedServer& server, const std::string& host = "127.0.0.1") {
    return "http://" + host + ":" + std::to_string(server.Port()) + "/";
  }

  std::filesystem::path directory_ =
      testing::TempDir() + "/pathwitness_pulse_" + std::to_string(getpid());
  DnsServer dns_server_;
  FakeClock clock_;
  RecordingLog log_;
  DnsBoard dns_;
  PulseBoard board_;
  std::unique_ptr<PulseEngine> engine_ = std::make_unique<PulseEngine>(dns_, board_, clock_, log_);
};

TEST_F(PulseEngineTest, APulseIsOnTheBoardBeforeItsFirstLook) {
  Apply({Pushed("a"), TargetWith("without", {})});
  EXPECT_EQ(board_.All().size(), 1U);
  EXPECT_EQ(Snapshot("a").status.state, ProberState::Unknown);
  EXPECT_EQ(Snapshot("a").status.last_round, clock_.WallNow());
  EXPECT_EQ(Snapshot("a").status.interval, kInterval);
  EXPECT_EQ(Snapshot("a").expected_interval, std::chrono::minutes(5));
}

TEST_F(PulseEngineTest, TheFirstLookComesWithinTwoSecondsAndNotForAllAtOnce) {
  Apply({Pushed("a"), Pushed("b")});
  const MonoTime first = engine_->NextDeadline();
  EXPECT_LE(first, clock_.Now() + std::chrono::seconds(2));
  clock_.AdvanceTo(first);
  engine_->Turn(clock_.Now());
  EXPECT_EQ(Snapshot("a").status.rounds + Snapshot("b").status.rounds, 1U);
}

TEST_F(PulseEngineTest, APushedPulseIsDownUntilABeatCame) {
  Apply({Pushed("a")});
  AwaitRound("a");
  EXPECT_EQ(Snapshot("a").status.state, ProberState::Down);
  EXPECT_EQ(Failures("a", PulseFailure::Missing), 1U);
  EXPECT_EQ(Snapshot("a").timestamp, std::nullopt);
  EXPECT_TRUE(engine_->OnHeartbeat("a", clock_.WallNow()));
  EXPECT_EQ(Snapshot("a").status.state, ProberState::Up) << "at once";
  EXPECT_EQ(Snapshot("a").status.rounds, 1U) << "a beat is no round";
  EXPECT_EQ(Snapshot("a").timestamp, ToUnixSeconds(clock_.WallNow()));
  EXPECT_THAT(log_.Lines(), ElementsAre(StartsWith("pulse stopped target=a last_beat=never"),
                                        StartsWith("pulse is back target=a")));
}

TEST_F(PulseEngineTest, BeatsForOthersAreRefused) {
  Apply({Pushed("a"), TargetWith("file", {.kind = PulseKind::File, .path = "/dev/null"})});
  EXPECT_FALSE(engine_->OnHeartbeat("b", clock_.WallNow()));
  EXPECT_FALSE(engine_->OnHeartbeat("file", clock_.WallNow()));
}

TEST_F(PulseEngineTest, APushedPulseStopsAfterThreeExpectedIntervals) {
  Apply({Pushed("a")});
  engine_->OnHeartbeat("a", clock_.WallNow());
  const MonoTime beat = clock_.Now();
  while (Snapshot("a").status.state == ProberState::Up) {
    AwaitRound("a");
  }
  EXPECT_GT(clock_.Now(), beat + std::chrono::minutes(15));
  EXPECT_LE(clock_.Now(), beat + std::chrono::minutes(15) + kInterval);
  EXPECT_EQ(Snapshot("a").timestamp, kStart);
  EXPECT_EQ(Snapshot("a").status.state_changes, 1U);
}

TEST_F(PulseEngineTest, PushedBeatsSurviveARestart) {
  Apply({Pushed("a")});
  engine_->OnHeartbeat("a", clock_.WallNow());
  board_.NewWriter().Remove({"a", ProberKind::Pulse, ProberFamily::None});  // only the disk is left
  Restart();
  Apply({Pushed("a")});
  EXPECT_EQ(Snapshot("a").timestamp, kStart);
}

TEST_F(PulseEngineTest, ABeatRightBehindARoundIsWrittenAtOnce) {
  Apply({Pushed("a")});
  AwaitRound("a");
  engine_->OnHeartbeat("a", clock_.WallNow());
  EXPECT_EQ(HeartbeatStore(directory_, {}, log_).Last("a"), ToUnixSeconds(clock_.WallNow()));
}

TEST_F(PulseEngineTest, AStormOfBeatsIsWrittenOnceASecond) {
  Apply({Pushed("a")});
  engine_->OnHeartbeat("a", clock_.WallNow());
  clock_.Advance(std::chrono::milliseconds(1));
  engine_->OnHeartbeat("a", clock_.WallNow());
  EXPECT_EQ(HeartbeatStore(directory_, {}, log_).Last("a"), kStart);
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_LE(engine_->NextDeadline(), clock_.Now());
  engine_->Turn(clock_.Now());
  EXPECT_NEAR(HeartbeatStore(directory_, {}, log_).Last("a").value(), kStart + 0.001, 1e-6);
}

TEST_F(PulseEngineTest, BeatsThatCannotBeKeptCountAndStillWork) {
  std::ofstream(directory_.string()) << "in the way";
  Apply({Pushed("a")});
  EXPECT_TRUE(engine_->OnHeartbeat("a", clock_.WallNow()));
  EXPECT_EQ(Failures("a", PulseFailure::Io), 1U);
  EXPECT_EQ(Snapshot("a").status.state, ProberState::Up);
}

TEST_F(PulseEngineTest, AFileIsRead) {
  Apply({TargetWith("a", {.kind = PulseKind::File, .path = directory_.string()})});
  AwaitRound("a");
  EXPECT_EQ(Failures("a", PulseFailure::Missing), 1U);
  EXPECT_THAT(Snapshot("a").error, HasSubstr(directory_.string()));
  std::ofstream(directory_.string()) << "beat";
  using FileClock = std::filesystem::file_time_type::clock;
  std::filesystem::last_write_time(directory_, FileClock::from_sys(clock_.WallNow()));
  AwaitRound("a");
  EXPECT_EQ(Snapshot("a").status.state, ProberState::Up);
  EXPECT_EQ(Snapshot("a").error, "");
}

TEST_F(PulseEngineTest, AHeaderIsFetchedFromALiteralAddress) {
  const ScriptedServer server({.answer = kFreshAnswer, .rest = ""}, nullptr);
  Apply({HeaderAt("a", Url(server))});
  AwaitRound("a");
  EXPECT_EQ(Snapshot("a").timestamp, kStart) << Snapshot("a").error;
  EXPECT_EQ(Snapshot("a").status.state, ProberState::Up);
  EXPECT_EQ(Snapshot("a").status.address, "127.0.0.1");
  EXPECT_EQ(Snapshot("a").status.port, server.Port());
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(PulseEngineTest, ATimeFarFromNowIsNoLife) {
  const ScriptedServer server({.answer = kFreshAnswer, .rest = ""}, nullptr);
  clock_.Advance(std::chrono::minutes(16));
  Apply({HeaderAt("a", Url(server))});
  AwaitRound("a");
  EXPECT_EQ(Snapshot("a").timestamp, kStart);
  EXPECT_EQ(Snapshot("a").status.state, ProberState::Down);
}

TEST_F(PulseEngineTest, AnotherHostsNameIsLookedUp) {
  const ScriptedServer server({.answer = kFreshAnswer, .rest = ""}, nullptr);
  dns_server_.Script("pulse.example", {"127.0.0.1"});
  Apply({HeaderAt("a", Url(server, "pulse.example"))});
  AwaitRound("a");
  EXPECT_EQ(Snapshot("a").timestamp, kStart) << Snapshot("a").error;
}

TEST_F(PulseEngineTest, TheTargetsOwnHostIsReachedAtTheAddressThatOthersProbe) {
  const ScriptedServer server({.answer = kFreshAnswer, .rest = ""}, nullptr);
  dns_.NewWriter().Publish({"a", IpFamily::Ipv4}, std::make_shared<const DnsSnapshot>(DnsSnapshot{
                                                      .target = "a",
                                                      .host = "www.example",
                                                      .is_known = true,
                                                      .chosen = IpAddress::Parse("127.0.0.1"),
                                                  }));
  TargetConfig target = HeaderAt("a", Url(server, "WWW.example"));
  target.host = "www.example";
  Apply({target});
  AwaitRound("a");
  EXPECT_EQ(Snapshot("a").timestamp, kStart) << Snapshot("a").error;
  EXPECT_EQ(dns_server_.Asked("www.example", IpFamily::Ipv4), 0U);
}

TEST_F(PulseEngineTest, ANameThatDoesNotResolveIsADnsFailure) {
  Apply({HeaderAt("a", "http://absent.example/")});
  AwaitRound("a");
  EXPECT_EQ(Failures("a", PulseFailure::Dns), 1U);
  EXPECT_EQ(Snapshot("a").error, "no such name");
  EXPECT_EQ(dns_server_.Asked("absent.example", IpFamily::Ipv6), 1U) << "both families count";
}

TEST_F(PulseEngineTest, AJsonFieldIsRead) {
  const ScriptedServer server(
      {.answer = Answer("200 OK", "", R"({"last": "2026-01-01T00:00:00Z"})"), .rest = ""}, nullptr);
  TargetConfig target = HeaderAt("a", Url(server));
  target.pulse.kind = PulseKind::JsonField;
  target.pulse.json_pointer = "/last";
  Apply({target});
  AwaitRound("a");
  EXPECT_EQ(Snapshot("a").timestamp, kStart) << Snapshot("a").error;
}

TEST_F(PulseEngineTest, APrometheusSampleIsRead) {
  const ScriptedServer server(
      {.answer = Answer("200 OK", "", "beat_seconds{job=\"x\"} 1.7672256e+09\n"), .rest = ""},
      nullptr);
  TargetConfig target = HeaderAt("a", Url(server));
  target.pulse.kind = PulseKind::PrometheusSample;
  target.pulse.metric = "beat_seconds";
  target.pulse.labels = {{"job", "x"}};
  Apply({target});
  AwaitRound("a");
  EXPECT_EQ(Snapshot("a").timestamp, kStart) << Snapshot("a").error;
}

TEST_F(PulseEngineTest, AnErrorPageIsNoPulse) {
  const ScriptedServer server(
      {.answer = Answer("500 Oops", "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n", ""), .rest = ""},
      nullptr);
  Apply({HeaderAt("a", Url(server))});
  AwaitRound("a");
  EXPECT_EQ(Failures("a", PulseFailure::Status), 1U);
  EXPECT_EQ(Snapshot("a").error, "status 500");
  EXPECT_EQ(Snapshot("a").timestamp, std::nullopt);
}

TEST_F(PulseEngineTest, ARefusedConnectionIsAConnectFailure) {
  Apply({HeaderAt("a", "http://127.0.0.1:1/")});
  AwaitRound("a");
  EXPECT_EQ(Failures("a", PulseFailure::Connect), 1U);
  EXPECT_FALSE(Snapshot("a").error.empty());
}

TEST_F(PulseEngineTest, ARoundWhosePredecessorIsNotOverIsSkipped) {
  const ScriptedServer server({.before_answer = std::chrono::minutes(1)}, nullptr);
  Apply({HeaderAt("a", Url(server))});
  clock_.AdvanceTo(engine_->NextDeadline());
  engine_->Turn(clock_.Now());
  clock_.Advance(3 * kInterval);
  engine_->Turn(clock_.Now());
  EXPECT_EQ(Snapshot("a").status.rounds_skipped.at(0), 3U);
  EXPECT_EQ(Snapshot("a").status.rounds, 0U);
}

TEST_F(PulseEngineTest, ReloadingLeavesUnchangedTargetsAlone) {
  Apply({Pushed("a")});
  AwaitRound("a");
  const MonoTime due = engine_->NextDeadline();
  Apply({Pushed("a")});
  EXPECT_EQ(engine_->NextDeadline(), due);
  EXPECT_EQ(Snapshot("a").status.rounds, 1U);
  EXPECT_EQ(Snapshot("a").status.restarts, 0U);
}

TEST_F(PulseEngineTest, RemovedTargetsLeaveTheBoardAndLateLooksFindNobody) {
  const ScriptedServer server({.answer = kFreshAnswer, .rest = ""}, nullptr);
  Apply({HeaderAt("a", Url(server))});
  clock_.AdvanceTo(engine_->NextDeadline());
  engine_->Turn(clock_.Now());
  Apply({});
  EXPECT_TRUE(Drive([&] { return engine_->NextDeadline() == MonoTime::max(); }));
  EXPECT_THAT(board_.All(), IsEmpty());
}

TEST_F(PulseEngineTest, ARestartedEngineCountsItAndGoesOn) {
  Apply({Pushed("a"), Pushed("gone")});
  AwaitRound("a");
  const WallTime last_round = Snapshot("a").status.last_round;
  clock_.Advance(std::chrono::seconds(10));
  Restart();
  Apply({Pushed("a")});
  EXPECT_EQ(board_.All().size(), 1U);
  EXPECT_EQ(Snapshot("a").status.restarts, 1U);
  EXPECT_EQ(Snapshot("a").status.rounds, 1U);
  EXPECT_EQ(Snapshot("a").status.last_round, last_round) << "only a stored round moves it";
  EXPECT_EQ(Failures("a", PulseFailure::Missing), 1U);
}

TEST_F(PulseEngineTest, AnotherThingWatchedForgetsWhatTheOldOneDidButNotTheCounters) {
  Apply({Pushed("a")});
  AwaitRound("a");
  engine_->OnHeartbeat("a", clock_.WallNow());
  Apply({TargetWith("a", {.kind = PulseKind::File, .path = "/absent"})});
  EXPECT_EQ(Snapshot("a").timestamp, std::nullopt);
  EXPECT_EQ(Snapshot("a").status.state, ProberState::Unknown);
  EXPECT_EQ(Snapshot("a").status.rounds, 1U);
  EXPECT_EQ(Snapshot("a").status.restarts, 0U);
}

TEST_F(PulseEngineTest, AMeasurementIsGivenToItsCallerAlone) {
  const ScriptedServer server({.answer = kFreshAnswer, .rest = ""}, nullptr);
  std::shared_ptr<const PulseSnapshot> measured;
  engine_->Measure(HeaderAt("a", Url(server)), [&](auto snapshot) { measured = snapshot; });
  ASSERT_TRUE(Drive([&] { return measured != nullptr; }));
  EXPECT_EQ(measured->timestamp, kStart);
  EXPECT_EQ(measured->status.state, ProberState::Up);
  EXPECT_EQ(measured->status.rounds, 1U);
  EXPECT_THAT(board_.All(), IsEmpty());
}

TEST_F(PulseEngineTest, APushedPulseIsMeasuredByItsLastBeat) {
  Apply({Pushed("a")});
  engine_->OnHeartbeat("a", clock_.WallNow());
  std::shared_ptr<const PulseSnapshot> measured;
  engine_->Measure(Pushed("a"), [&](auto snapshot) { measured = snapshot; });
  ASSERT_NE(measured, nullptr);
  EXPECT_EQ(measured->timestamp, kStart);
}

}  // namespace
}  // namespace pathwitness
