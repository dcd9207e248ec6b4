#include "probes/dns/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

#include "tests/support/dns_server.h"
#include "tests/support/drive.h"

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using Kind = DnsReply::Kind;
using Status = DnsAnswer::Status;

MonoTime Now() {
  return SystemClock().Now();
}

IpAddress Ip(std::string_view text) {
  return IpAddress::Parse(text).value();
}

class ResolverTest : public testing::Test {
 protected:
  ResolverTest() {
    config_.servers = {server_.Address()};
    config_.timeout = std::chrono::milliseconds(200);
    resolver_.Configure(config_);
  }

  DnsAnswer Ask(const std::string& name, IpFamily family = IpFamily::Ipv4) {
    std::optional<DnsAnswer> answer;
    resolver_.Lookup(name, family, Now(), [&](DnsAnswer given) { answer = std::move(given); });
    EXPECT_FALSE(answer) << "an answer must wait for a Turn";
    EXPECT_TRUE(DriveUntil(resolver_, Now, [&] { return answer.has_value(); }));
    return answer.value_or(DnsAnswer{});
  }

  DnsServer server_;
  ResolverConfig config_;
  Resolver resolver_;
};

TEST_F(ResolverTest, AddressesComeSortedWithTheShortestTtl) {
  server_.Script("www.example", {"192.0.2.2", "192.0.2.1"}, 30);
  const DnsAnswer answer = Ask("www.example");
  EXPECT_EQ(answer.status, Status::Addresses);
  EXPECT_THAT(answer.addresses, ElementsAre(Ip("192.0.2.1"), Ip("192.0.2.2")));
  EXPECT_EQ(answer.ttl, std::chrono::seconds(30));
}

TEST_F(ResolverTest, Ipv6AddressesAreAskedForApart) {
  server_.Script("www.example", {"2001:db8::1"}, 7);
  const DnsAnswer answer = Ask("www.example", IpFamily::Ipv6);
  EXPECT_THAT(answer.addresses, ElementsAre(Ip("2001:db8::1")));
  EXPECT_EQ(answer.ttl, std::chrono::seconds(7));
  EXPECT_EQ(server_.Asked("www.example", IpFamily::Ipv4), 0U);
}

TEST_F(ResolverTest, ANameThatDoesNotExistIsToldFromOneWithoutAddress) {
  server_.Script("empty.example", IpFamily::Ipv4, {});
  EXPECT_EQ(Ask("absent.example").status, Status::NoName);
  EXPECT_EQ(Ask("empty.example").status, Status::NoAddress);
}

TEST_F(ResolverTest, AServerFailureIsAFailure) {
  server_.Script("www.example", IpFamily::Ipv4, {.kind = Kind::ServerFailure});
  const DnsAnswer answer = Ask("www.example");
  EXPECT_EQ(answer.status, Status::Failed);
  EXPECT_FALSE(answer.error.empty());
}

TEST_F(ResolverTest, SilenceFailsAfterTimeoutTimesAttempts) {
  server_.Script("www.example", IpFamily::Ipv4, {.kind = Kind::Silence});
  const DnsAnswer answer = Ask("www.example");
  EXPECT_EQ(answer.status, Status::Failed);
  EXPECT_GE(answer.seconds, 0.4);
}

TEST_F(ResolverTest, AnAnswerWithAnotherIdIsNoAnswer) {
  server_.Script("www.example", IpFamily::Ipv4,
                 {.kind = Kind::WrongId, .addresses = {Ip("192.0.2.66")}});
  EXPECT_EQ(Ask("www.example").status, Status::Failed);
}

TEST_F(ResolverTest, GarbageIsAFailure) {
  server_.Script("www.example", IpFamily::Ipv4, {.kind = Kind::Garbage});
  EXPECT_EQ(Ask("www.example").status, Status::Failed);
}

TEST_F(ResolverTest, AddressesThatMustNotBeProbedAreLeftOut) {
  server_.Script("blocked.example", {"0.0.0.0"});
  server_.Script("group.example", {"224.0.0.1", "255.255.255.255", "192.0.2.1"});
  server_.Script("group.example", {"ff02::1"});
  EXPECT_EQ(Ask("blocked.example").status, Status::NoAddress);
  EXPECT_THAT(Ask("group.example").addresses, ElementsAre(Ip("192.0.2.1")));
  EXPECT_EQ(Ask("group.example", IpFamily::Ipv6).status, Status::NoAddress);
}

TEST_F(ResolverTest, AnAnswerTooLongForUdpComesByTcpAndAtMost64AddressesAreTaken) {
  std::vector<std::string> many;
  for (int last = 1; last <= 100; ++last) {
    many.push_back("192.0.2." + std::to_string(last));
  }
  server_.Script("many.example", many);
  EXPECT_THAT(Ask("many.example").addresses, SizeIs(64));
}

TEST_F(ResolverTest, LocalhostIsAnsweredFromTheHostsFile) {
  const DnsAnswer answer = Ask("localhost");
  EXPECT_THAT(answer.addresses, ElementsAre(Ip("127.0.0.1")));
  EXPECT_NE(Ask("localhost", IpFamily::Ipv6).status, Status::Failed);
  EXPECT_EQ(server_.Asked("localhost", IpFamily::Ipv4), 0U);
  EXPECT_EQ(server_.Asked("localhost", IpFamily::Ipv6), 0U);
}

TEST_F(ResolverTest, ANameThatCannotBeAskedForIsAFailure) {
  EXPECT_EQ(Ask(std::string(64, 'a') + ".example").status, Status::Failed);
  EXPECT_EQ(Ask("two..dots.example").status, Status::Failed);
}

TEST_F(ResolverTest, NobodyListeningIsAFailureAtOnce) {
  config_.servers = {"127.0.0.1:1"};
  resolver_.Configure(config_);
  EXPECT_EQ(Ask("www.example").status, Status::Failed);
}

TEST_F(ResolverTest, AServerThatIsNoAddressIsRefused) {
  config_.servers = {"ns.example"};
  EXPECT_THROW(resolver_.Configure(config_), std::runtime_error);
}

TEST_F(ResolverTest, QuestionsUnderWayAreAskedOfNewServers) {
  server_.Script("www.example", IpFamily::Ipv4, {.kind = Kind::Silence});
  DnsServer other;
  other.Script("www.example", {"192.0.2.9"});
  std::optional<DnsAnswer> answer;
  resolver_.Lookup("www.example", IpFamily::Ipv4, Now(),
                   [&](DnsAnswer given) { answer = std::move(given); });
  config_.servers = {other.Address()};
  resolver_.Configure(config_);
  ASSERT_TRUE(DriveUntil(resolver_, Now, [&] { return answer.has_value(); }));
  EXPECT_THAT(answer->addresses, ElementsAre(Ip("192.0.2.9")));
}

TEST_F(ResolverTest, ItMayBeDestroyedWhileAsking) {
  server_.Script("www.example", IpFamily::Ipv4, {.kind = Kind::Silence});
  bool was_called = false;
  {
    Resolver resolver;
    resolver.Configure(config_);
    resolver.Lookup("www.example", IpFamily::Ipv4, Now(),
                    [&](const DnsAnswer&) { was_called = true; });
    EXPECT_EQ(resolver.InFlight(), 1U);
  }
  EXPECT_FALSE(was_called);
}

TEST_F(ResolverTest, AnIdleResolverHasNoDeadline) {
  EXPECT_EQ(resolver_.NextDeadline(), MonoTime::max());
}

}  // namespace
}  // namespace pathwitness
