#include "probes/dns/dns_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_server.h"
#include "tests/support/drive.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"

namespace pathwitness {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using Kind = DnsReply::Kind;

constexpr IpFamily kIpv4 = IpFamily::Ipv4;
constexpr IpFamily kIpv6 = IpFamily::Ipv6;

IpAddress Ip(std::string_view text) {
  return IpAddress::Parse(text).value();
}

TargetConfig TargetAt(const std::string& name, const std::string& host,
                      std::vector<IpFamily> families = {}) {
  TargetConfig target;
  target.name = name;
  target.host = host;
  target.families = std::move(families);
  return target;
}

// Virtual time; only c-ares' own retries need real time.
class DnsEngineTest : public testing::Test {
 protected:
  void Apply(std::vector<TargetConfig> targets) {
    auto config = std::make_shared<Config>();
    config->resolver.servers = {server_.Address()};
    config->targets = std::move(targets);
    engine_->Apply(std::move(config), clock_.Now());
  }

  void Restart() { engine_ = std::make_unique<DnsEngine>(board_, clock_, log_); }

  DnsSnapshot Snapshot(const std::string& target, IpFamily family = kIpv4) const {
    const DnsBoard::Pointer found = board_.Find({target, family});
    return found == nullptr ? DnsSnapshot{} : *found;
  }

  // Turns until the target has had `count` lookups in each of its families.
  void AwaitLookups(const std::string& target, std::uint64_t count) {
    EXPECT_TRUE(DriveUntil(
        *engine_, [&] { return clock_.Now(); },
        [&] {
          for (const IpFamily family : {kIpv4, kIpv6}) {
            const DnsBoard::Pointer found = board_.Find({target, family});
            if (found != nullptr && found->lookups < count) {
              return false;
            }
          }
          return true;
        }));
  }

  void AwaitNextLookup(const std::string& target) {
    const std::uint64_t before = Snapshot(target).lookups;
    clock_.AdvanceTo(engine_->NextDeadline());
    AwaitLookups(target, before + 1);
  }

  DnsServer server_;
  FakeClock clock_;
  RecordingLog log_;
  DnsBoard board_;
  std::unique_ptr<DnsEngine> engine_ = std::make_unique<DnsEngine>(board_, clock_, log_);
};

TEST_F(DnsEngineTest, ANameIsOnTheBoardBeforeItIsKnown) {
  Apply({TargetAt("a", "www.example")});
  ASSERT_NE(board_.Find({"a", kIpv4}), nullptr);
  ASSERT_NE(board_.Find({"a", kIpv6}), nullptr);
  EXPECT_FALSE(Snapshot("a").is_known);
  EXPECT_THAT(ProbedFamilies(board_, "a", {}), IsEmpty());
  EXPECT_EQ(engine_->NextDeadline(), clock_.Now());
}

TEST_F(DnsEngineTest, ALiteralAddressIsNeverLookedUp) {
  Apply({TargetAt("a", "192.0.2.1"), TargetAt("b", "2001:db8::1")});
  EXPECT_TRUE(Snapshot("a").is_known);
  EXPECT_EQ(Snapshot("a").chosen, Ip("192.0.2.1"));
  EXPECT_EQ(board_.Find({"a", kIpv6}), nullptr);
  EXPECT_EQ(Snapshot("b", kIpv6).chosen, Ip("2001:db8::1"));
  EXPECT_EQ(engine_->NextDeadline(), MonoTime::max());
  EXPECT_THAT(ProbedFamilies(board_, "a", {}), ElementsAre(kIpv4));
  EXPECT_THAT(ProbedFamilies(board_, "a", {kIpv6}), ElementsAre(kIpv6)) << "down, not missing";
}

TEST_F(DnsEngineTest, ATargetWithoutHostIsNotOnTheBoard) {
  Apply({TargetAt("a", "")});
  EXPECT_THAT(board_.All(), IsEmpty());
}

TEST_F(DnsEngineTest, BothFamiliesAreLookedUp) {
  server_.Script("www.example", {"192.0.2.1"});
  server_.Script("www.example", {"2001:db8::1"});
  Apply({TargetAt("a", "www.example")});
  AwaitLookups("a", 1);
  EXPECT_EQ(Snapshot("a", kIpv4).chosen, Ip("192.0.2.1"));
  EXPECT_EQ(Snapshot("a", kIpv6).chosen, Ip("2001:db8::1"));
  EXPECT_THAT(ProbedFamilies(board_, "a", {}), ElementsAre(kIpv4, kIpv6));
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(DnsEngineTest, OnlyConfiguredFamiliesAreLookedUp) {
  server_.Script("www.example", {"2001:db8::1"});
  Apply({TargetAt("a", "www.example", {kIpv6})});
  AwaitLookups("a", 1);
  EXPECT_EQ(board_.Find({"a", kIpv4}), nullptr);
  EXPECT_EQ(server_.Asked("www.example", kIpv4), 0U);
  EXPECT_THAT(ProbedFamilies(board_, "a", {kIpv6}), ElementsAre(kIpv6));
}

TEST_F(DnsEngineTest, AFamilyWithoutAddressIsNoFailureWhileTheOtherHasOne) {
  server_.Script("www.example", {"192.0.2.1"});
  server_.Script("www.example", kIpv6, {});
  Apply({TargetAt("a", "www.example")});
  AwaitLookups("a", 1);
  EXPECT_EQ(Snapshot("a", kIpv6).failures, 0U);
  EXPECT_FALSE(Snapshot("a", kIpv6).is_failing);
  EXPECT_THAT(ProbedFamilies(board_, "a", {}), ElementsAre(kIpv4));
}

TEST_F(DnsEngineTest, ANameThatDoesNotExistFailsAndIsProbedAsIpv4) {
  Apply({TargetAt("a", "absent.example")});
  AwaitLookups("a", 1);
  EXPECT_TRUE(Snapshot("a").is_failing);
  EXPECT_EQ(Snapshot("a").failures, 1U);
  EXPECT_EQ(Snapshot("a").error, "no such name");
  EXPECT_THAT(ProbedFamilies(board_, "a", {}), ElementsAre(kIpv4));
  EXPECT_THAT(log_.Lines(),
              Contains("name does not resolve target=a host=absent.example family=ipv4 "
                       "error=no such name"));
}

TEST_F(DnsEngineTest, ANameWithoutTheOnlyConfiguredFamilyFails) {
  server_.Script("www.example", {"192.0.2.1"});
  server_.Script("www.example", kIpv6, {});
  Apply({TargetAt("a", "www.example", {kIpv6}), TargetAt("b", "www.example")});
  AwaitLookups("a", 1);
  EXPECT_TRUE(Snapshot("a", kIpv6).is_failing);
  EXPECT_FALSE(Snapshot("b", kIpv6).is_failing);
}

TEST_F(DnsEngineTest, ANameIsLookedUpAgainWhenItsTtlEnds) {
  server_.Script("www.example", {"192.0.2.1"}, 42);
  Apply({TargetAt("a", "www.example", {kIpv4})});
  AwaitLookups("a", 1);
  EXPECT_EQ(engine_->NextDeadline(), clock_.Now() + std::chrono::seconds(42));
  AwaitNextLookup("a");
  EXPECT_EQ(server_.Asked("www.example", kIpv4), 2U);
}

TEST_F(DnsEngineTest, TtlsAreClamped) {
  server_.Script("short.example", {"192.0.2.1"}, 0);
  server_.Script("long.example", {"192.0.2.1"}, 86'400);
  Apply({TargetAt("a", "short.example", {kIpv4})});
  AwaitLookups("a", 1);
  EXPECT_EQ(engine_->NextDeadline(), clock_.Now() + std::chrono::seconds(5));
  Apply({TargetAt("b", "long.example", {kIpv4})});
  AwaitLookups("b", 1);
  EXPECT_EQ(engine_->NextDeadline(), clock_.Now() + std::chrono::minutes(5));
}

TEST_F(DnsEngineTest, TheLastGoodAnswerIsKeptThroughFailures) {
  server_.Script("www.example", {"192.0.2.1"});
  Apply({TargetAt("a", "www.example", {kIpv4})});
  AwaitLookups("a", 1);
  server_.Script("www.example", kIpv4, {.kind = Kind::ServerFailure});
  AwaitNextLookup("a");
  EXPECT_TRUE(Snapshot("a").is_failing);
  EXPECT_EQ(Snapshot("a").chosen, Ip("192.0.2.1"));
  EXPECT_EQ(engine_->NextDeadline(), clock_.Now() + std::chrono::seconds(10)) << "retry_interval";
  EXPECT_THAT(ProbedFamilies(board_, "a", {}), ElementsAre(kIpv4));
}

TEST_F(DnsEngineTest, RecoveryIsLoggedOnceAndIsNoAddressChange) {
  server_.Script("www.example", {"192.0.2.1"});
  Apply({TargetAt("a", "www.example", {kIpv4})});
  AwaitLookups("a", 1);
  server_.Script("www.example", kIpv4, {.kind = Kind::ServerFailure});
  AwaitNextLookup("a");
  AwaitNextLookup("a");
  server_.Script("www.example", {"192.0.2.1"});
  AwaitNextLookup("a");
  AwaitNextLookup("a");
  EXPECT_FALSE(Snapshot("a").is_failing);
  EXPECT_EQ(Snapshot("a").error, "");
  EXPECT_EQ(Snapshot("a").failures, 2U);
  EXPECT_EQ(Snapshot("a").address_changes, 0U);
  EXPECT_THAT(log_.Lines(), ElementsAre(StartsWith("name does not resolve target=a"),
                                        "name resolves again target=a host=www.example "
                                        "family=ipv4"));
}

TEST_F(DnsEngineTest, SilenceFailsInVirtualTime) {
  server_.Script("www.example", kIpv4, {.kind = Kind::Silence});
  Apply({TargetAt("a", "www.example", {kIpv4})});
  engine_->Turn(clock_.Now());
  clock_.Advance(std::chrono::seconds(4));  // timeout * attempts
  engine_->Turn(clock_.Now());
  EXPECT_TRUE(Snapshot("a").is_failing);
  EXPECT_DOUBLE_EQ(Snapshot("a").last_lookup_seconds, 4);
}

TEST_F(DnsEngineTest, OneSilentFamilyDoesNotHoldUpTheOther) {
  server_.Script("www.example", {"192.0.2.1"});
  server_.Script("www.example", kIpv6, {.kind = Kind::Silence});
  Apply({TargetAt("a", "www.example")});
  ASSERT_TRUE(DriveUntil(
      *engine_, [&] { return clock_.Now(); }, [&] { return Snapshot("a").is_known; }));
  EXPECT_FALSE(Snapshot("a", kIpv6).is_known);
  EXPECT_THAT(ProbedFamilies(board_, "a", {}), ElementsAre(kIpv4));
  EXPECT_THAT(ProbedFamilies(board_, "a", {kIpv4, kIpv6}), ElementsAre(kIpv4));
}

TEST_F(DnsEngineTest, TheChosenAddressStaysWhileItIsAmongTheAnswers) {
  server_.Script("www.example", {"192.0.2.5"});
  Apply({TargetAt("a", "www.example", {kIpv4})});
  AwaitLookups("a", 1);
  server_.Script("www.example", {"192.0.2.1", "192.0.2.5"});
  AwaitNextLookup("a");
  EXPECT_EQ(Snapshot("a").chosen, Ip("192.0.2.5"));
  EXPECT_EQ(Snapshot("a").address_changes, 1U);
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(DnsEngineTest, ANewChosenAddressIsLogged) {
  server_.Script("www.example", {"192.0.2.5"});
  Apply({TargetAt("a", "www.example", {kIpv4})});
  AwaitLookups("a", 1);
  server_.Script("www.example", {"192.0.2.1"});
  AwaitNextLookup("a");
  EXPECT_EQ(Snapshot("a").chosen, Ip("192.0.2.1"));
  EXPECT_THAT(log_.Lines(), ElementsAre("address changed target=a host=www.example family=ipv4 "
                                        "before=192.0.2.5 now=192.0.2.1"));
}

TEST_F(DnsEngineTest, TargetsOfOneHostShareALookupButNotASnapshot) {
  server_.Script("www.example", {"192.0.2.1"});
  Apply({TargetAt("a", "www.example", {kIpv4}), TargetAt("b", "www.example", {kIpv4})});
  AwaitLookups("a", 1);
  AwaitLookups("b", 1);
  EXPECT_EQ(server_.Asked("www.example", kIpv4), 1U);
  EXPECT_EQ(Snapshot("b").target, "b");
}

TEST_F(DnsEngineTest, ReloadingLeavesUnchangedTargetsAlone) {
  server_.Script("www.example", {"192.0.2.1"}, 60);
  Apply({TargetAt("a", "www.example", {kIpv4})});
  AwaitLookups("a", 1);
  const MonoTime due = engine_->NextDeadline();
  clock_.Advance(std::chrono::seconds(1));
  Apply({TargetAt("a", "www.example", {kIpv4}), TargetAt("b", "192.0.2.7")});
  EXPECT_EQ(engine_->NextDeadline(), due);
  EXPECT_EQ(Snapshot("a").lookups, 1U);
}

TEST_F(DnsEngineTest, RemovedTargetsLeaveTheBoard) {
  Apply({TargetAt("a", "www.example"), TargetAt("b", "192.0.2.7")});
  engine_->Turn(clock_.Now());
  Apply({TargetAt("b", "192.0.2.7")});
  EXPECT_EQ(board_.All().size(), 1U);
  EXPECT_TRUE(DriveUntil(
      *engine_, [&] { return clock_.Now(); },
      [&] { return engine_->NextDeadline() == MonoTime::max(); }))
      << "answers that are still under way find nobody";
  EXPECT_EQ(board_.All().size(), 1U);
}

TEST_F(DnsEngineTest, AnotherHostIsLookedUpAfresh) {
  server_.Script("old.example", {"192.0.2.1"});
  server_.Script("new.example", {"192.0.2.2"});
  Apply({TargetAt("a", "old.example", {kIpv4})});
  AwaitLookups("a", 1);
  Apply({TargetAt("a", "new.example", {kIpv4})});
  EXPECT_FALSE(Snapshot("a").is_known);
  AwaitLookups("a", 1);
  EXPECT_EQ(Snapshot("a").chosen, Ip("192.0.2.2"));
}

TEST_F(DnsEngineTest, ARestartedEngineGoesOnWhereItsPredecessorStopped) {
  server_.Script("www.example", {"192.0.2.5"});
  Apply({TargetAt("a", "www.example", {kIpv4}), TargetAt("gone", "192.0.2.9")});
  AwaitLookups("a", 1);
  Restart();
  server_.Script("www.example", {"192.0.2.1", "192.0.2.5"});
  Apply({TargetAt("a", "www.example", {kIpv4})});
  EXPECT_EQ(board_.Find({"gone", kIpv4}), nullptr);
  AwaitLookups("a", 2);
  EXPECT_EQ(Snapshot("a").chosen, Ip("192.0.2.5"));
  EXPECT_EQ(Snapshot("a").address_changes, 1U);
}

TEST_F(DnsEngineTest, ManyNamesAreNotAskedForAllAtOnce) {
  std::vector<TargetConfig> targets;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "t" + std::to_string(i);
    server_.Script(name + ".example", {"192.0.2.1"});
    targets.push_back(TargetAt(name, name + ".example", {kIpv4}));
  }
  Apply(std::move(targets));
  engine_->Turn(clock_.Now());
  EXPECT_GT(engine_->NextDeadline(), clock_.Now()) << "200 are under way, the rest must wait";
  for (int i = 0; i < 1000; ++i) {
    AwaitLookups("t" + std::to_string(i), 1);
  }
}

}  // namespace
}  // namespace pathwitness
