#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "probes/net/raw_port.h"
#include "tests/net/port_driver.h"
#include "tests/support/child_process.h"

namespace pathwitness {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class RawPortOnLoopback : public testing::TestWithParam<IpFamily> {
 protected:
  void SetUp() override {
    if (const std::string why = EnterFreshNamespace(); !why.empty()) {
      GTEST_SKIP() << why;
    }
    port_ = std::make_unique<RawPort>(OpenRawSockets(1U << 20U, {}));
  }

  IpAddress Loopback() const {
    return *IpAddress::Parse(GetParam() == IpFamily::Ipv4 ? "127.0.0.1" : "::1");
  }

  ProbePacket Probe(ProbeProtocol protocol, std::uint16_t destination_port = 0) const {
    return ProbePacket{.protocol = protocol,
                       .source = Loopback(),
                       .destination = Loopback(),
                       .flow_port = 0xF123,
                       .destination_port = destination_port,
                       .token = 4711,
                       .secret = 0xFEEDFACECAFEBEEFULL};
  }

  std::unique_ptr<RawPort> port_;
};

TEST_P(RawPortOnLoopback, AnEchoIsAnsweredWithBothStamps) {
  const MonoTime before = std::chrono::steady_clock::now();
  const Heard heard = SendAndHear(*port_, {{.id = 7, .probe = Probe(ProbeProtocol::Icmp)}}, 1, 1);
  const MonoTime after = std::chrono::steady_clock::now();
  ASSERT_THAT(heard.answers, SizeIs(1));
  ASSERT_THAT(heard.sends, SizeIs(1));
  EXPECT_EQ(heard.answers[0].reply.kind, ReplyKind::Reached);
  EXPECT_EQ(heard.answers[0].reply.responder, Loopback());
  EXPECT_EQ(heard.answers[0].reply.token, 4711U);
  EXPECT_EQ(heard.answers[0].reply.secret, 0xFEEDFACECAFEBEEFULL);
  EXPECT_EQ(heard.answers[0].reply.reply_ttl, 64);
  EXPECT_EQ(heard.sends[0].id, 7U);
  EXPECT_FALSE(heard.sends[0].error);
  EXPECT_LE(before, heard.sends[0].sent);
  EXPECT_LE(heard.sends[0].sent, heard.answers[0].received);
  EXPECT_LE(heard.answers[0].received, after);
}

TEST_P(RawPortOnLoopback, AClosedUdpPortIsReached) {
  const Heard heard =
      SendAndHear(*port_, {{.id = 1, .probe = Probe(ProbeProtocol::Udp, 33434)}}, 1, 1);
  ASSERT_THAT(heard.answers, SizeIs(1));
  EXPECT_EQ(heard.answers[0].reply.kind, ReplyKind::Reached);
  EXPECT_EQ(heard.answers[0].reply.protocol, ProbeProtocol::Udp);
  EXPECT_EQ(heard.answers[0].reply.token, 4711U);
  EXPECT_EQ(heard.answers[0].reply.destination_port, 33434);
}

TEST_P(RawPortOnLoopback, AClosedTcpPortRefusesAndAnOpenOneAnswers) {
  const Listener listener(Loopback());
  const Heard heard = SendAndHear(*port_,
                                  {{.id = 1, .probe = Probe(ProbeProtocol::Tcp, 9)},
                                   {.id = 2, .probe = Probe(ProbeProtocol::Tcp, listener.Port())}},
                                  2, 2);
  ASSERT_THAT(heard.answers, SizeIs(2));
  for (const HeardReply& answer : heard.answers) {
    EXPECT_EQ(answer.reply.kind, ReplyKind::Reached);
    EXPECT_EQ(answer.reply.protocol, ProbeProtocol::Tcp);
    EXPECT_EQ(answer.reply.token, 4711U);
  }
  EXPECT_NE(heard.answers[0].reply.destination_port, heard.answers[1].reply.destination_port);
}

TEST_P(RawPortOnLoopback, EveryProbeOfALargeBatchGetsItsStampAndAnswer) {
  std::vector<Outgoing> batch;
  for (std::uint32_t i = 0; i < 500; ++i) {
    ProbePacket probe = Probe(ProbeProtocol::Icmp);
    probe.token = i;
    batch.push_back({.id = 1000 + i, .probe = probe});
  }
  const Heard heard = SendAndHear(*port_, batch, batch.size(), batch.size());
  ASSERT_THAT(heard.answers, SizeIs(500));
  ASSERT_THAT(heard.sends, SizeIs(500));
  for (std::size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(heard.sends[i].id, 1000 + i);
    EXPECT_EQ(heard.answers[i].reply.token, i);
    EXPECT_LE(heard.sends[i].sent, heard.answers[i].received);
  }
  EXPECT_EQ(port_->ReceiveDrops(), 0U);
}

TEST_P(RawPortOnLoopback, OneThatCannotLeaveIsReportedAndTheOthersLeave) {
  ProbePacket unroutable = Probe(ProbeProtocol::Icmp);
  unroutable.destination =
      *IpAddress::Parse(GetParam() == IpFamily::Ipv4 ? "192.0.2.1" : "2001:db8::1");
  unroutable.source = IpAddress::Any(GetParam());
  ProbePacket second = Probe(ProbeProtocol::Icmp);
  second.token = 4712;
  const Heard heard = SendAndHear(*port_,
                                  {{.id = 1, .probe = Probe(ProbeProtocol::Icmp)},
                                   {.id = 2, .probe = unroutable},
                                   {.id = 3, .probe = second}},
                                  2, 3);
  EXPECT_THAT(heard.answers, SizeIs(2));
  ASSERT_THAT(heard.sends, SizeIs(3));
  EXPECT_FALSE(heard.SendOf(1).error);
  EXPECT_EQ(heard.SendOf(2).error, std::errc::network_unreachable);
  EXPECT_FALSE(heard.SendOf(3).error);
}

TEST_P(RawPortOnLoopback, AFailureToSendMakesTheDescriptorReadable) {
  const PacketRoute unknown_mark{.interface = "", .mark = 99};
  const std::vector<Outgoing> batch = {
      {.id = 5, .probe = Probe(ProbeProtocol::Icmp), .route = &unknown_mark}};
  port_->Send(batch);
  EXPECT_TRUE(IsReadable(port_->Descriptor()));
  const Arrivals arrivals = port_->Receive();
  ASSERT_THAT(arrivals.sends, SizeIs(1));
  EXPECT_EQ(arrivals.sends[0].error, std::errc::operation_not_permitted);
  EXPECT_FALSE(IsReadable(port_->Descriptor()));
}

TEST_P(RawPortOnLoopback, WhatAQueueOfTheKernelHasNoRoomForIsReported) {
  ChildProcess tool({"tc", "qdisc", "replace", "dev", "lo", "root", "pfifo", "limit", "0"});
  ASSERT_EQ(tool.AwaitExit(std::chrono::seconds(10)), 0) << tool.Output();
  const Heard heard = SendAndHear(*port_, {{.id = 5, .probe = Probe(ProbeProtocol::Icmp)}}, 0, 1);
  ASSERT_THAT(heard.sends, SizeIs(1));
  EXPECT_EQ(heard.sends[0].error, std::errc::no_buffer_space);
}

TEST_P(RawPortOnLoopback, AnInterfaceThatIsGoneIsNotReplacedByAnother) {
  const PacketRoute gone{.interface = "gone0", .mark = 0};
  const Heard heard =
      SendAndHear(*port_, {{.id = 5, .probe = Probe(ProbeProtocol::Icmp), .route = &gone}}, 0, 1);
  ASSERT_THAT(heard.sends, SizeIs(1));
  EXPECT_EQ(heard.sends[0].error, std::errc::no_such_device);
}

TEST_P(RawPortOnLoopback, OtherPeoplesPacketsDoNotComeThrough) {
  ProbePacket foreign = Probe(ProbeProtocol::Icmp);
  foreign.flow_port = 0x1234;
  ProbePacket foreign_udp = Probe(ProbeProtocol::Udp, 33434);
  foreign_udp.flow_port = 40000;
  ProbePacket foreign_tcp = Probe(ProbeProtocol::Tcp, 9);
  foreign_tcp.flow_port = 40000;
  const Heard heard = SendAndHear(*port_,
                                  {{.id = 1, .probe = foreign},
                                   {.id = 2, .probe = foreign_udp},
                                   {.id = 3, .probe = foreign_tcp},
                                   {.id = 4, .probe = Probe(ProbeProtocol::Icmp)}},
                                  1, 4);
  ASSERT_THAT(heard.answers, SizeIs(1));
  EXPECT_EQ(heard.answers[0].reply.flow_port, 0xF123);
  EXPECT_THAT(heard.undecodable, IsEmpty());
}

TEST_P(RawPortOnLoopback, TwoPortsOverTheSameSocketsBothStampTheirProbes) {
  RawSockets sockets = OpenRawSockets(1U << 20U, {});
  RawPort first(sockets.Duplicate());
  SendAndHear(first, {{.id = 1, .probe = Probe(ProbeProtocol::Icmp)}}, 1, 1);
  RawPort second(sockets.Duplicate());
  const Heard heard = SendAndHear(second, {{.id = 2, .probe = Probe(ProbeProtocol::Icmp)}}, 1, 1);
  ASSERT_THAT(heard.sends, SizeIs(1));
  EXPECT_EQ(heard.sends[0].id, 2U);
}

TEST_P(RawPortOnLoopback, TheSourceTowardsLoopbackIsLoopback) {
  std::error_code error;
  EXPECT_EQ(port_->SourceFor(Loopback(), {}, error), Loopback());
  EXPECT_FALSE(error);
}

TEST_P(RawPortOnLoopback, WithoutARouteThereIsNoSourceButAReason) {
  std::error_code error;
  const IpAddress nowhere =
      *IpAddress::Parse(GetParam() == IpFamily::Ipv4 ? "192.0.2.1" : "2001:db8::1");
  EXPECT_TRUE(port_->SourceFor(nowhere, {}, error).IsAny());
  EXPECT_EQ(error, std::errc::network_unreachable);
}

INSTANTIATE_TEST_SUITE_P(Families, RawPortOnLoopback,
                         testing::Values(IpFamily::Ipv4, IpFamily::Ipv6),
                         [](const auto& family) { return std::string(FamilyName(family.param)); });

}  // namespace
}  // namespace pathwitness
