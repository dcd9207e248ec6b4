#include "tests/support/internet_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

using Decoded = std::variant<ProbeReply, DecodeError>;

IpAddress Address(std::string_view text) {
  return *IpAddress::Parse(text);
}

Router RouterAt(std::string_view address) {
  Router router;
  router.address = Address(address);
  router.delay = milliseconds(1);
  return router;
}

/// Three routers 198.51.100.1 to .3, one millisecond apart, and 203.0.113.9 right behind them.
Scenario ThreeHops() {
  Scenario scenario;
  std::vector<RouterId> line;
  for (const char* address : {"198.51.100.1", "198.51.100.2", "198.51.100.3"}) {
    line.push_back(scenario.Add(RouterAt(address)));
  }
  Destination destination;
  destination.address = Address("203.0.113.9");
  destination.path = Line(line);
  scenario.destinations.push_back(destination);
  return scenario;
}

ProbePacket ProbeTo(std::string_view destination, unsigned ttl,
                    ProbeProtocol protocol = ProbeProtocol::Icmp) {
  ProbePacket probe;
  probe.protocol = protocol;
  probe.destination = Address(destination);
  probe.source =
      probe.destination.Family() == IpFamily::Ipv4 ? Address("192.0.2.1") : Address("2001:db8::1");
  probe.ttl = static_cast<std::uint8_t>(ttl);
  probe.flow_port = kFlowPortBase + 7;
  probe.destination_port = 33434;
  probe.token = 4711;
  probe.secret = 0x1122334455667788;
  return probe;
}

/// A model in virtual time, and what comes back decoded by the product's own decoder.
class Lab {
 public:
  explicit Lab(Scenario scenario) : model_(std::move(scenario), clock_.Now()) {}

  ProbeRecord Send(const ProbePacket& probe) {
    AnswerBuffer buffer;
    const std::size_t size = WriteProbe(probe, buffer);
    auto seen = ReadProbe(std::span<std::byte>(buffer).first(size));
    return model_.Handle(*seen, clock_.Now(), 0, answers_);
  }

  std::vector<Decoded> Replies() {
    std::vector<Decoded> replies;
    while (!answers_.Empty()) {
      const Answer answer = answers_.Pop();
      replies.push_back(Decode(answer.Packet()));
    }
    return replies;
  }

  /// The one reply to one probe.
  ProbeReply Ask(const ProbePacket& probe) {
    Send(probe);
    const auto replies = Replies();
    EXPECT_EQ(replies.size(), 1U);
    const auto* reply = replies.empty() ? nullptr : std::get_if<ProbeReply>(replies.data());
    EXPECT_NE(reply, nullptr);
    return reply == nullptr ? ProbeReply{} : *reply;
  }

  FakeClock& Time() { return clock_; }

 private:
  static Decoded Decode(std::span<const std::byte> packet) {
    const bool is_ipv4 = std::to_integer<unsigned>(packet[0]) >> 4U == 4;
    WireReply reply;
    reply.source = is_ipv4 ? IpAddress::FromBytes(IpFamily::Ipv4, packet.subspan(12, 4))
                           : IpAddress::FromBytes(IpFamily::Ipv6, packet.subspan(8, 16));
    reply.ttl = std::to_integer<std::uint8_t>(packet[is_ipv4 ? 8 : 7]);
    reply.message = packet.subspan(is_ipv4 ? 20 : 40);
    const auto protocol = std::to_integer<unsigned>(packet[is_ipv4 ? 9 : 6]);
    reply.protocol = protocol == 6 ? ProbeProtocol::Tcp : ProbeProtocol::Icmp;
    return DecodeReply(reply);
  }

  FakeClock clock_;
  InternetModel model_;
  AnswerQueue answers_;
};

double LostShare(Lab& lab, const ProbePacket& probe, int packets) {
  int lost = 0;
  for (int i = 0; i < packets; ++i) {
    lost += lab.Send(probe).fate == Fate::Answered ? 0 : 1;
  }
  return static_cast<double>(lost) / packets;
}

TEST(InternetModel, ARouterAnswersTheProbeThatExpiresAtIt) {
  Lab lab(ThreeHops());
  const ProbeReply reply = lab.Ask(ProbeTo("203.0.113.9", 2));
  EXPECT_EQ(reply.kind, ReplyKind::TimeExceeded);
  EXPECT_EQ(reply.responder, Address("198.51.100.2"));
  EXPECT_EQ(reply.destination, Address("203.0.113.9"));
  EXPECT_EQ(reply.token, 4711U);
  EXPECT_EQ(reply.secret, 0x1122334455667788U);
  EXPECT_EQ(reply.quoted_ttl, 1);
  EXPECT_EQ(reply.reply_ttl, 254);
}

TEST(InternetModel, TheDelayIsThatOfAllLinksThereAndBack) {
  Lab lab(ThreeHops());
  EXPECT_EQ(lab.Send(ProbeTo("203.0.113.9", 3)).delay, milliseconds(6));
}

TEST(InternetModel, ADestinationAnswersEchoUdpAndTcp) {
  Lab lab(ThreeHops());
  for (const auto protocol : {ProbeProtocol::Icmp, ProbeProtocol::Udp, ProbeProtocol::Tcp}) {
    const ProbeReply reply = lab.Ask(ProbeTo("203.0.113.9", 64, protocol));
    EXPECT_EQ(reply.kind, ReplyKind::Reached);
    EXPECT_EQ(reply.protocol, protocol);
    EXPECT_EQ(reply.token, 4711U);
  }
}

TEST(InternetModel, AClosedTcpPortIsReachedToo) {
  Scenario scenario = ThreeHops();
  scenario.destinations[0].is_tcp_open = false;
  Lab lab(scenario);
  EXPECT_EQ(lab.Ask(ProbeTo("203.0.113.9", 64, ProbeProtocol::Tcp)).kind, ReplyKind::Reached);
}

TEST(InternetModel, AProhibitingDestinationSaysSo) {
  Scenario scenario = ThreeHops();
  scenario.destinations[0].answering = Answering::AdminProhibited;
  Lab lab(scenario);
  const ProbeReply reply = lab.Ask(ProbeTo("203.0.113.9", 64));
  EXPECT_EQ(reply.kind, ReplyKind::Unreachable);
  EXPECT_EQ(reply.code, UnreachableCode::Admin);
}

TEST(InternetModel, Ipv6IsAnsweredLikewise) {
  Scenario scenario;
  Destination destination;
  destination.address = Address("2001:db8:9::9");
  destination.path = Line({scenario.Add(RouterAt("2001:db8:1::1"))});
  scenario.destinations.push_back(destination);
  Lab lab(scenario);
  for (const auto protocol : {ProbeProtocol::Icmp, ProbeProtocol::Udp, ProbeProtocol::Tcp}) {
    const ProbeReply hop = lab.Ask(ProbeTo("2001:db8:9::9", 1, protocol));
    EXPECT_EQ(hop.kind, ReplyKind::TimeExceeded);
    EXPECT_EQ(hop.responder, Address("2001:db8:1::1"));
    EXPECT_EQ(hop.token, 4711U);
    EXPECT_EQ(lab.Ask(ProbeTo("2001:db8:9::9", 64, protocol)).kind, ReplyKind::Reached);
  }
}

TEST(InternetModel, MplsLabelsComeBehindTheQuote) {
  Scenario scenario = ThreeHops();
  const MplsLabel outer{.label = 24001, .traffic_class = 5, .is_bottom = false, .ttl = 1};
  const MplsLabel inner{.label = 0xFFFFF, .traffic_class = 0, .is_bottom = true, .ttl = 254};
  scenario.routers[1].mpls = {outer, inner};
  Lab lab(scenario);
  EXPECT_THAT(lab.Ask(ProbeTo("203.0.113.9", 2)).mpls, ElementsAre(outer, inner));
}

TEST(InternetModel, AShortQuoteCarriesNoSecret) {
  Scenario scenario = ThreeHops();
  scenario.routers[0].quote_bytes = 8;
  Lab lab(scenario);
  const ProbeReply reply = lab.Ask(ProbeTo("203.0.113.9", 1));
  EXPECT_EQ(reply.token, 4711U);
  EXPECT_FALSE(reply.secret.has_value());
}

TEST(InternetModel, AZeroTtlRouterIsSkippedAndTheNextQuotesZero) {
  Scenario scenario = ThreeHops();
  scenario.routers[1].forwards_zero_ttl = true;
  Lab lab(scenario);
  const ProbeReply reply = lab.Ask(ProbeTo("203.0.113.9", 2));
  EXPECT_EQ(reply.responder, Address("198.51.100.3"));
  EXPECT_EQ(reply.quoted_ttl, 0);
}

TEST(InternetModel, LossOnALinkHitsAllThatPassesIt) {
  Scenario scenario = ThreeHops();
  scenario.routers[1].forward_loss.ratio = 0.2;
  Lab lab(scenario);
  EXPECT_EQ(LostShare(lab, ProbeTo("203.0.113.9", 1), 1000), 0);
  EXPECT_NEAR(LostShare(lab, ProbeTo("203.0.113.9", 2), 20000), 0.2, 0.01);
  EXPECT_NEAR(LostShare(lab, ProbeTo("203.0.113.9", 64), 20000), 0.2, 0.01);
}

TEST(InternetModel, LossOnTheWayBackHitsAllThatPassesIt) {
  Scenario scenario = ThreeHops();
  scenario.routers[2].return_loss.ratio = 0.3;
  Lab lab(scenario);
  EXPECT_EQ(LostShare(lab, ProbeTo("203.0.113.9", 2), 1000), 0);
  EXPECT_NEAR(LostShare(lab, ProbeTo("203.0.113.9", 64), 20000), 0.3, 0.013);
}

TEST(InternetModel, BurstsKeepTheRatio) {
  Scenario scenario = ThreeHops();
  scenario.routers[1].forward_loss = {.ratio = 0.2, .burst = 8};
  Lab lab(scenario);
  EXPECT_NEAR(LostShare(lab, ProbeTo("203.0.113.9", 64), 100000), 0.2, 0.015);
}

TEST(InternetModel, TheSameSeedAndOrderGiveTheSameLosses) {
  Scenario scenario = ThreeHops();
  scenario.routers[1].forward_loss.ratio = 0.5;
  Lab first(scenario);
  Lab second(scenario);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(first.Send(ProbeTo("203.0.113.9", 64)).fate,
              second.Send(ProbeTo("203.0.113.9", 64)).fate);
  }
}

TEST(InternetModel, AnIcmpLimitHoldsBackAnswersAndNotForwarding) {
  Scenario scenario = ThreeHops();
  scenario.routers[1].limit = IcmpLimit{.per_second = 2, .burst = 3};
  Lab lab(scenario);
  int answered = 0;
  for (int i = 0; i < 100; ++i) {
    answered += lab.Send(ProbeTo("203.0.113.9", 2)).fate == Fate::Answered ? 1 : 0;
    EXPECT_EQ(lab.Send(ProbeTo("203.0.113.9", 64)).fate, Fate::Answered);
    lab.Time().Advance(milliseconds(100));
  }
  EXPECT_NEAR(answered, 3 + 2 * 10, 1);
}

TEST(InternetModel, AFlowKeepsToItsBranchAndFlowsSpread) {
  Scenario scenario = ThreeHops();
  const RouterId other = scenario.Add(RouterAt("198.51.100.77"));
  scenario.destinations[0].path = {Stretch{{{0, 1}, {other}}}, Stretch{{{2}}}};
  Lab lab(scenario);
  int on_other = 0;
  for (unsigned flow = 0; flow < 64; ++flow) {
    ProbePacket probe = ProbeTo("203.0.113.9", 1, ProbeProtocol::Udp);
    probe.flow_port = static_cast<std::uint16_t>(kFlowPortBase + flow);
    const IpAddress responder = lab.Ask(probe).responder;
    probe.token = 99;
    EXPECT_EQ(lab.Ask(probe).responder, responder);
    on_other += responder == Address("198.51.100.77") ? 1 : 0;
  }
  EXPECT_GT(on_other, 16);
  EXPECT_LT(on_other, 48);
}

TEST(InternetModel, APathChangesWhenItIsTime) {
  Scenario scenario = ThreeHops();
  scenario.destinations[0].new_path = Line({2, 1});
  scenario.destinations[0].changes_after = seconds(20);
  Lab lab(scenario);
  EXPECT_EQ(lab.Ask(ProbeTo("203.0.113.9", 1)).responder, Address("198.51.100.1"));
  lab.Time().Advance(seconds(20));
  EXPECT_EQ(lab.Ask(ProbeTo("203.0.113.9", 1)).responder, Address("198.51.100.3"));
}

TEST(InternetModel, AForgedAnswerOvertakesTheTrueOne) {
  Scenario scenario = ThreeHops();
  scenario.routers[0].misbehaviour = {{.kind = Mischief::WrongSecret}};
  Lab lab(scenario);
  EXPECT_EQ(lab.Send(ProbeTo("203.0.113.9", 1)).fate, Fate::Answered);
  const auto replies = lab.Replies();
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_NE(std::get<ProbeReply>(replies[0]).secret, 0x1122334455667788U);
  EXPECT_EQ(std::get<ProbeReply>(replies[1]).secret, 0x1122334455667788U);
}

TEST(InternetModel, AWrongTokenIsWellFormed) {
  Scenario scenario = ThreeHops();
  scenario.routers[0].misbehaviour = {{.kind = Mischief::WrongToken}};
  Lab lab(scenario);
  lab.Send(ProbeTo("203.0.113.9", 1));
  const auto replies = lab.Replies();
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_NE(std::get<ProbeReply>(replies[0]).token, 4711U);
  EXPECT_EQ(std::get<ProbeReply>(replies[1]).token, 4711U);
}

TEST(InternetModel, SpoiledAnswersAreNoTrueOnes) {
  for (const auto kind : {Mischief::BadChecksum, Mischief::Truncated, Mischief::Garbage}) {
    Scenario scenario = ThreeHops();
    scenario.routers[0].misbehaviour = {{.kind = kind}};
    Lab lab(scenario);
    EXPECT_EQ(lab.Send(ProbeTo("203.0.113.9", 1)).fate, Fate::Spoiled);
    const auto replies = lab.Replies();
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<DecodeError>(replies[0]));
  }
}

TEST(InternetModel, ALyingRouterQuotesAnotherDestination) {
  Scenario scenario = ThreeHops();
  scenario.routers[0].misbehaviour = {{.kind = Mischief::WrongDestination}};
  Lab lab(scenario);
  EXPECT_NE(lab.Ask(ProbeTo("203.0.113.9", 1)).destination, Address("203.0.113.9"));
}

TEST(InternetModel, AnAliasAnswersInTheRoutersPlace) {
  Scenario scenario = ThreeHops();
  scenario.routers[0].misbehaviour = {
      {.kind = Mischief::OtherAddress, .ratio = 1, .delay = {}, .alias = Address("192.0.2.99")}};
  Lab lab(scenario);
  EXPECT_EQ(lab.Ask(ProbeTo("203.0.113.9", 1)).responder, Address("192.0.2.99"));
}

TEST(InternetModel, ADuplicateIsTheSameAnswerTwice) {
  Scenario scenario = ThreeHops();
  scenario.destinations[0].misbehaviour = {{.kind = Mischief::Duplicate}};
  Lab lab(scenario);
  lab.Send(ProbeTo("203.0.113.9", 64));
  const auto replies = lab.Replies();
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0], replies[1]);
}

TEST(InternetModel, ALateAnswerIsDelayedOnPurpose) {
  Scenario scenario = ThreeHops();
  scenario.routers[0].misbehaviour = {{.kind = Mischief::Late, .ratio = 1, .delay = seconds(8)}};
  Lab lab(scenario);
  EXPECT_EQ(lab.Send(ProbeTo("203.0.113.9", 1)).delay, seconds(8) + milliseconds(2));
}

TEST(InternetModel, ScaleMakesPathsOfThirteenToSeventeenRouters) {
  const Scenario scenario = Scale(1000, 1);
  ASSERT_EQ(scenario.destinations.size(), 1000U);
  for (const Destination& destination : scenario.destinations) {
    EXPECT_GE(destination.path[0].branches[0].size(), 13U);
    EXPECT_LE(destination.path[0].branches[0].size(), 17U);
  }
}

}  // namespace
}  // namespace pathwitness
