#include "probes/dns/ptr_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/dns_server.h"
#include "tests/support/drive.h"
#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using Kind = DnsReply::Kind;

IpAddress Ip(std::string_view text) {
  return IpAddress::Parse(text).value();
}

// Virtual time; the name server is real.
class PtrEngineTest : public testing::Test {
 protected:
  PtrEngineTest() { Configure({.enabled = true, .lookups_per_second = 1000, .max_names = 100}); }

  void Configure(const PtrConfig& ptr) {
    auto config = std::make_shared<Config>();
    config->resolver.servers = {server_.Address()};
    config->resolver.timeout = std::chrono::hours(1);  // virtual time flies while the server thinks
    config->ptr = ptr;
    engine_.Apply(std::move(config), clock_.Now());
  }

  void Name(const char* address, const std::string& name, std::uint32_t ttl = 3600) {
    server_.ScriptName(Ip(address), {.name = name, .ttl = ttl});
  }

  /// A second passes with each turn, so that all that is pending is published.
  void AwaitLookups(std::uint64_t count) {
    EXPECT_TRUE(DriveUntil(
        engine_,
        [&] {
          clock_.Advance(seconds(1));
          return clock_.Now();
        },
        [&] { return board_.Find(0) != nullptr && Snapshot().lookups >= count; }));
  }

  void Pass(Duration time) {
    clock_.Advance(time);
    engine_.Turn(clock_.Now());
  }

  PtrSnapshot Snapshot() const {
    const PtrBoard::Pointer found = board_.Find(0);
    return found == nullptr ? PtrSnapshot{} : *found;
  }

  DnsServer server_;
  FakeClock clock_;
  PtrBoard board_;
  std::vector<IpAddress> routers_;
  PtrEngine engine_{[this] { return routers_; }, board_};
};

TEST_F(PtrEngineTest, RoutersOfBothFamiliesGetTheirNames) {
  Name("192.0.2.1", "ae1.core.example");
  Name("2001:db8::1", "v6.example");
  routers_ = {Ip("192.0.2.1"), Ip("2001:db8::1"), Ip("192.0.2.1")};
  AwaitLookups(2);
  EXPECT_THAT(Snapshot().names,
              testing::UnorderedElementsAre(Pair(Ip("192.0.2.1"), "ae1.core.example"),
                                            Pair(Ip("2001:db8::1"), "v6.example")));
}

TEST_F(PtrEngineTest, ANameBehindADelegationIsFound) {
  server_.ScriptName(Ip("192.0.2.1"), {.name = "r.example", .is_delegated = true});
  routers_ = {Ip("192.0.2.1")};
  AwaitLookups(1);
  EXPECT_THAT(Snapshot().names, ElementsAre(Pair(Ip("192.0.2.1"), "r.example")));
}

TEST_F(PtrEngineTest, AHostileNameIsNoNameAndNoFailure) {
  Name("192.0.2.1", "<script>alert(1)</script>");
  routers_ = {Ip("192.0.2.1")};
  AwaitLookups(1);
  EXPECT_THAT(Snapshot().names, IsEmpty());
  EXPECT_EQ(Snapshot().failures, 0U);
}

TEST_F(PtrEngineTest, ANameIsAskedForAgainWhenItsTtlEndsAndNotBefore) {
  Name("192.0.2.1", "old.example", 600);
  routers_ = {Ip("192.0.2.1")};
  AwaitLookups(1);
  Name("192.0.2.1", "new.example");
  Pass(minutes(9));
  EXPECT_EQ(server_.AskedName(Ip("192.0.2.1")), 1U);
  Pass(minutes(1));
  AwaitLookups(2);
  EXPECT_THAT(Snapshot().names, ElementsAre(Pair(Ip("192.0.2.1"), "new.example")));
}

TEST_F(PtrEngineTest, ATtlOfNothingIsFiveMinutes) {
  Name("192.0.2.1", "r.example", 0);
  routers_ = {Ip("192.0.2.1")};
  AwaitLookups(1);
  Pass(minutes(4));
  EXPECT_EQ(server_.AskedName(Ip("192.0.2.1")), 1U);
}

TEST_F(PtrEngineTest, ANameStaysWhileLookupsFail) {
  Name("192.0.2.1", "r.example", 300);
  routers_ = {Ip("192.0.2.1")};
  AwaitLookups(1);
  server_.ScriptName(Ip("192.0.2.1"), {.kind = Kind::ServerFailure});
  Pass(minutes(6));
  AwaitLookups(2);
  EXPECT_EQ(Snapshot().failures, 1U);
  EXPECT_THAT(Snapshot().names, ElementsAre(Pair(Ip("192.0.2.1"), "r.example")));
}

TEST_F(PtrEngineTest, ARouterWithoutNameIsAskedAgainAfterAnHour) {
  server_.ScriptName(Ip("192.0.2.1"), {.kind = Kind::NoName});
  routers_ = {Ip("192.0.2.1")};
  AwaitLookups(1);
  Pass(minutes(50));
  EXPECT_EQ(server_.AskedName(Ip("192.0.2.1")), 1U);
  Pass(minutes(10));
  AwaitLookups(2);
  EXPECT_EQ(Snapshot().failures, 0U);
}

TEST_F(PtrEngineTest, ARouterThatNoPathShowsIsForgottenWhenItsTtlEnds) {
  Name("192.0.2.1", "r.example", 300);
  routers_ = {Ip("192.0.2.1")};
  AwaitLookups(1);
  routers_.clear();
  Pass(minutes(4));
  EXPECT_EQ(Snapshot().names.size(), 1U);
  Pass(minutes(2));
  EXPECT_THAT(Snapshot().names, IsEmpty());
  EXPECT_EQ(server_.AskedName(Ip("192.0.2.1")), 1U);
}

TEST_F(PtrEngineTest, LookupsAreNoMoreThanAreAllowedASecond) {
  Configure({.enabled = true, .lookups_per_second = 2, .max_names = 100});
  for (int i = 0; i < 10; ++i) {
    routers_.push_back(Ip("192.0.2." + std::to_string(i)));
  }
  const MonoTime begin = clock_.Now();
  EXPECT_TRUE(DriveUntil(
      engine_,
      [&] {
        clock_.Advance(std::chrono::milliseconds(100));
        return clock_.Now();
      },
      [&] { return Snapshot().lookups >= 9; }));
  EXPECT_GE(clock_.Now() - begin, seconds(4));
}

TEST_F(PtrEngineTest, RoutersBeyondTheMostAreRefusedAndCounted) {
  Configure({.enabled = true, .lookups_per_second = 1000, .max_names = 2});
  routers_ = {Ip("192.0.2.1"), Ip("192.0.2.2"), Ip("192.0.2.3"), Ip("192.0.2.3")};
  AwaitLookups(2);
  EXPECT_EQ(Snapshot().refused, 1U);
  EXPECT_EQ(server_.AskedName(Ip("192.0.2.3")), 0U);
}

TEST_F(PtrEngineTest, TurnedOffItAsksNobodyAndKnowsNothing) {
  Name("192.0.2.1", "r.example");
  routers_ = {Ip("192.0.2.1")};
  AwaitLookups(1);
  Configure({.enabled = false, .lookups_per_second = 1000, .max_names = 100});
  EXPECT_EQ(board_.Find(0), nullptr);
  routers_ = {Ip("192.0.2.2")};
  Pass(hours(30));
  EXPECT_EQ(engine_.NextDeadline(), MonoTime::max());
  EXPECT_EQ(server_.AskedName(Ip("192.0.2.2")), 0U);
}

}  // namespace
}  // namespace pathwitness
