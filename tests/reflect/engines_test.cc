#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <memory>

#include "probes/reflect/one_way_engine.h"
#include "probes/reflect/reflector_engine.h"
#include "tests/reflect/keys.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"
#include "tests/support/test_folder.h"

// Both engines on loopback: real sockets, time of our own.
namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::HasSubstr;

class Engines : public testing::Test {
 protected:
  Engines() {
    WriteKeys(kLineOfOnes);
    Listen("127.0.0.1");
  }

  void WriteKeys(const std::string& text) const { folder_.Write("key", text); }
  std::string KeyFile() const { return (folder_.Path() / "key").string(); }

  void Listen(const std::string& host) {
    FileDescriptor socket = OpenReflectorSocket(host, 0);
    port_ = BoundPort(socket);
    reflector_ = std::make_unique<ReflectorEngine>(std::move(socket), KeyFile(), reflector_board_,
                                                   clock_, log_);
    reflector_->Apply(std::make_shared<const Config>(), clock_.Now());
  }

  void Watch(const std::string& address) {
    auto config = std::make_shared<Config>();
    TargetConfig target{.name = "here-to-peer"};
    target.reflector = {.key_file = KeyFile(),
                        .addresses = {*IpAddress::Parse(address)},
                        .port = port_,
                        .interval = milliseconds(100)};
    config->targets.push_back(target);
    one_way_.Apply(config, clock_.Now());
  }

  static void Await(const Engine& engine, Duration longest) {
    pollfd readable{.fd = engine.Descriptor(), .events = POLLIN, .revents = 0};
    poll(&readable, 1, static_cast<int>(longest / milliseconds(1)));
  }

  /// Lets a request come and its answer go back, where there is one.
  void TurnBoth(Duration longest) {
    one_way_.Turn(clock_.Now());
    Await(*reflector_, longest);
    reflector_->Turn(clock_.Now());
    Await(one_way_, longest);
    one_way_.Turn(clock_.Now());
  }

  void Run(Duration time) {
    const MonoTime end = clock_.Now() + time;
    while (clock_.Now() < end) {
      TurnBoth(milliseconds(2));
      clock_.AdvanceTo(std::min(end, one_way_.NextDeadline()));
    }
    TurnBoth(milliseconds(50));
    clock_.Advance(milliseconds(1));
    TurnBoth(milliseconds(50));
  }

  OneWayBoard::Pointer Seen(ProberFamily family = ProberFamily::Ipv4) const {
    return board_.Find({"here-to-peer", ProberKind::Reflector, family});
  }

  std::uint64_t Refused(ReflectRefusal refusal) const {
    return reflector_board_.Find(0)->refused.at(static_cast<std::size_t>(refusal));
  }

  TestFolder folder_;
  FakeClock clock_;
  RecordingLog log_;
  DnsBoard dns_;
  OneWayBoard board_;
  ReflectorBoard reflector_board_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ReflectorEngine> reflector_;
  OneWayEngine one_way_{dns_, board_, clock_, log_};
};

TEST_F(Engines, CountEachOthersPackets) {
  Watch("127.0.0.1");
  Run(std::chrono::seconds(10));
  clock_.Advance(ReflectorEngine::kPublishesEvery);
  reflector_->Turn(clock_.Now());
  ASSERT_NE(Seen(), nullptr);
  EXPECT_EQ(Seen()->status.state, ProberState::Up);
  EXPECT_EQ(Seen()->status.rounds, 2U);
  EXPECT_EQ(Seen()->status.source_address, "127.0.0.1");
  EXPECT_GT(Seen()->totals.forward.packets, 80U);
  EXPECT_EQ(Seen()->totals.forward.lost, 0U);
  EXPECT_EQ(Seen()->totals.backward.lost, 0U);
  EXPECT_GE(reflector_board_.Find(0)->answers, Seen()->requests);
  EXPECT_EQ(reflector_board_.Find(0)->sessions, 1U);
}

TEST_F(Engines, AnswerFromTheAddressThatWasAsked) {
  Listen("");
  Watch("127.0.0.2");  // a connected socket takes nothing from elsewhere
  Run(std::chrono::seconds(5));
  EXPECT_EQ(Seen()->status.state, ProberState::Up);
}

TEST_F(Engines, SpeakIpv6) {
  Listen("");
  Watch("::1");
  Run(std::chrono::seconds(5));
  ASSERT_NE(Seen(ProberFamily::Ipv6), nullptr);
  EXPECT_EQ(Seen(ProberFamily::Ipv6)->status.state, ProberState::Up);
}

TEST_F(Engines, ChangeTheirKeyWithoutAGap) {
  Watch("127.0.0.1");
  Run(std::chrono::seconds(5));
  const std::string next = "8 " + std::string(64, '2') + "\n";
  for (const std::string& keys : {kLineOfOnes + next, next + kLineOfOnes, next}) {
    WriteKeys(keys);
    Run(2 * ReflectorEngine::kReadsKeysEvery);
  }
  EXPECT_EQ(reflector_board_.Find(0)->refused, decltype(ReflectorSnapshot::refused){});
  EXPECT_GT(Seen()->totals.backward.packets, 600U);
  EXPECT_EQ(Seen()->totals.forward.lost + Seen()->totals.backward.lost, 0U);
}

TEST_F(Engines, SendNothingWithoutAKey) {
  WriteKeys("none");
  Watch("127.0.0.1");
  Run(std::chrono::seconds(5));
  EXPECT_EQ(Seen()->requests, 0U);
  EXPECT_GT(Seen()->unsent.at(static_cast<std::size_t>(UnsentRequest::Key)), 0U);
}

TEST_F(Engines, SayThatAReflectorDoesNotAnswer) {
  reflector_ = nullptr;
  Watch("127.0.0.1");
  const MonoTime end = clock_.Now() + std::chrono::seconds(6);
  while (clock_.Now() < end) {
    one_way_.Turn(clock_.Now());
    clock_.Advance(milliseconds(100));
  }
  EXPECT_EQ(Seen()->status.state, ProberState::Down);
  EXPECT_THAT(log_.Lines(), Contains(HasSubstr("reflector does not answer target=here-to-peer")));
}

TEST_F(Engines, RefuseWhoHasAnotherKey) {
  WriteKeys("7 " + std::string(64, '2') + "\n");
  Listen("127.0.0.1");
  WriteKeys(kLineOfOnes);
  Watch("127.0.0.1");
  Run(std::chrono::seconds(5));
  EXPECT_GT(Refused(ReflectRefusal::Mac), 0U);
  EXPECT_EQ(reflector_board_.Find(0)->answers, 0U);
}

TEST_F(Engines, ForgetATargetThatIsGone) {
  Watch("127.0.0.1");
  one_way_.Apply(std::make_shared<const Config>(), clock_.Now());
  EXPECT_EQ(Seen(), nullptr);
  Run(std::chrono::seconds(5));
  EXPECT_EQ(Seen(), nullptr);
}

TEST_F(Engines, CountOnAfterARestart) {
  Watch("127.0.0.1");
  Run(std::chrono::seconds(10));
  const std::uint64_t packets = Seen()->totals.forward.packets;
  OneWayEngine successor(dns_, board_, clock_, log_);
  auto config = std::make_shared<Config>();
  config->targets.push_back({.name = "here-to-peer"});
  config->targets[0].reflector = {.key_file = KeyFile(),
                                  .addresses = {*IpAddress::Parse("127.0.0.1")}};
  successor.Apply(config, clock_.Now());
  EXPECT_EQ(Seen()->status.restarts, 1U);
  EXPECT_EQ(Seen()->totals.forward.packets, packets);
}

}  // namespace
}  // namespace pathwitness
