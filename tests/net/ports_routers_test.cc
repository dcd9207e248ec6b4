#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "probes/net/datagram_port.h"
#include "probes/net/open_ports.h"
#include "probes/net/privileges.h"
#include "probes/net/raw_port.h"
#include "tests/net/port_driver.h"
#include "tests/support/recording_log.h"

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr unsigned kNobody = 65534;

bool RunScript(const std::string& shape, const std::string& prefix) {
  const std::string script = PATHWITNESS_SOURCE_DIR "/tests/net/router_chain.sh ";
  return std::system((script + shape + " " + prefix).c_str()) == 0;
}

// Real Linux routers around this thread's network namespace.
class Routers : public testing::TestWithParam<IpFamily> {
 protected:
  void Make(const std::string& shape) {
    if (const std::string why = EnterFreshNamespace(); !why.empty()) {
      GTEST_SKIP() << why;
    }
    ASSERT_TRUE(RunScript(shape, prefix_));
  }

  void TearDown() override { RunScript("down", prefix_); }

  /// The left (1) or right (2) end of a link.
  IpAddress EndOf(int link, int side) const {
    const std::string text = GetParam() == IpFamily::Ipv4
                                 ? "198.51.100." + std::to_string((4 * link) + side)
                                 : "2001:db8:" + std::to_string(link) + "::" + std::to_string(side);
    return *IpAddress::Parse(text);
  }
  IpAddress Destination() const { return EndOf(3, 2); }

  /// Four probes with TTL 1 to 4 and tokens 101 to 104 on one flow.
  std::vector<Outgoing> Ladder(ProbeProtocol protocol) const {
    std::vector<Outgoing> batch;
    for (std::uint8_t ttl = 1; ttl <= 4; ++ttl) {
      const ProbePacket probe{.protocol = protocol,
                              .source = EndOf(0, 1),
                              .destination = Destination(),
                              .ttl = ttl,
                              .flow_port = 0xF222,
                              .destination_port = 33434,
                              .token = 100U + ttl,
                              .secret = 0xABCD000000000000ULL + ttl};
      batch.push_back({.id = ttl, .probe = probe});
    }
    return batch;
  }

  /// Three routers tell of the probes they dropped, and the destination answers the fourth.
  void ExpectAllHops(const Heard& heard) const {
    std::map<std::uint32_t, ProbeReply> by_token;
    for (const HeardReply& answer : heard.answers) {
      by_token[answer.reply.token] = answer.reply;
    }
    ASSERT_THAT(by_token, SizeIs(4));
    for (std::uint32_t ttl = 1; ttl <= 4; ++ttl) {
      const ProbeReply& reply = by_token[100 + ttl];
      EXPECT_EQ(reply.kind, ttl == 4 ? ReplyKind::Reached : ReplyKind::TimeExceeded);
      EXPECT_EQ(reply.responder, EndOf(static_cast<int>(ttl) - 1, 2));
      EXPECT_EQ(reply.destination, Destination());
      EXPECT_EQ(reply.reply_ttl, 65 - ttl);
      EXPECT_EQ(reply.secret.value_or(0xABCD000000000000ULL + ttl), 0xABCD000000000000ULL + ttl);
    }
  }

  std::string prefix_ = "pw" + std::to_string(getpid()) + "-";
};

std::string NameOf(const testing::TestParamInfo<IpFamily>& family) {
  return std::string(FamilyName(family.param));
}

// Runs `body` on a thread of its own as nobody: the kernel's privileges belong to threads.
template <typename Body>
void AsNobody(Body body) {
  std::thread([&] {
    const gid_t no_groups = 0;
    ASSERT_EQ(syscall(SYS_setgroups, 0, &no_groups), 0);
    ASSERT_EQ(syscall(SYS_setresgid, kNobody, kNobody, kNobody), 0);
    ASSERT_EQ(syscall(SYS_setresuid, kNobody, kNobody, kNobody), 0);
    body();
  }).join();
}

void PermitPingSockets() {
  std::ofstream("/proc/sys/net/ipv4/ping_group_range") << kNobody << " " << kNobody << std::endl;
}

/// Value of "CapEff:" and the like of this thread.
std::string OwnStatus(const std::string& key) {
  std::ifstream status("/proc/thread-self/status");
  for (std::string word; status >> word;) {
    if (word == key) {
      status >> word;
      return word;
    }
  }
  return "";
}

class RawPortThroughRouters : public Routers {};

TEST_P(RawPortThroughRouters, EveryHopAnswersEveryProtocol) {
  Make("chain");
  if (IsSkipped() || HasFatalFailure()) {
    return;
  }
  RawPort port(OpenRawSockets(1U << 20U, {}));
  for (const ProbeProtocol protocol :
       {ProbeProtocol::Icmp, ProbeProtocol::Udp, ProbeProtocol::Tcp}) {
    const Heard heard = SendAndHear(port, Ladder(protocol), 4, 4);
    ExpectAllHops(heard);
    EXPECT_THAT(heard.sends, SizeIs(4));
    for (const HeardReply& answer : heard.answers) {
      EXPECT_GE(answer.received, heard.SendOf(answer.reply.token - 100).sent);
      if (answer.reply.kind == ReplyKind::TimeExceeded) {
        EXPECT_EQ(answer.reply.quoted_ttl, 1);
      }
    }
  }
}

TEST_P(RawPortThroughRouters, SocketsGoOnWorkingWithoutCapabilities) {
  Make("chain");
  if (IsSkipped() || HasFatalFailure()) {
    return;
  }
  RecordingLog log;
  std::thread([&] {
    const PacketPorts ports = OpenPacketPorts(Config(), log);
    DropCapabilities(KeptCapability::None);
    for (const char* set : {"CapInh:", "CapPrm:", "CapEff:", "CapAmb:"}) {
      EXPECT_EQ(OwnStatus(set), "0000000000000000") << set;
    }
    EXPECT_EQ(OwnStatus("NoNewPrivs:"), "1");
    EXPECT_TRUE(ports.is_privileged);
    EXPECT_THROW(OpenRawSockets(1U << 20U, {}), std::system_error);
    const auto port = ports.factory();
    ExpectAllHops(SendAndHear(*port, Ladder(ProbeProtocol::Icmp), 4, 4));
  }).join();
}

TEST_P(RawPortThroughRouters, NetRawCanBeKept) {
  Make("chain");
  if (IsSkipped() || HasFatalFailure()) {
    return;
  }
  std::thread([] {
    DropCapabilities(KeptCapability::NetRaw);
    EXPECT_EQ(OwnStatus("CapEff:"), "0000000000002000");
    EXPECT_EQ(OwnStatus("CapPrm:"), "0000000000002000");
  }).join();
}

TEST_P(RawPortThroughRouters, InterfaceAndMarkChooseTheUplink) {
  Make("uplinks");
  if (IsSkipped() || HasFatalFailure()) {
    return;
  }
  RawPort port(OpenRawSockets(1U << 20U, {7}));
  const PacketRoute by_default;
  const PacketRoute by_interface{.interface = "up2", .mark = 0};
  const PacketRoute by_mark{.interface = "", .mark = 7};
  const IpAddress destination =
      *IpAddress::Parse(GetParam() == IpFamily::Ipv4 ? "203.0.113.80" : "2001:db8:ff::80");
  std::vector<IpAddress> responders;
  for (const PacketRoute* route : {&by_default, &by_interface, &by_mark}) {
    std::error_code error;
    const IpAddress source = port.SourceFor(destination, *route, error);
    const ProbePacket probe{.source = source,
                            .destination = destination,
                            .ttl = 1,
                            .flow_port = 0xF333,
                            .token = 1,
                            .secret = 1};
    const Heard heard = SendAndHear(port, {{.id = 1, .probe = probe, .route = route}}, 1, 1);
    ASSERT_THAT(heard.answers, SizeIs(1))
        << route->interface << route->mark << " " << heard.SendOf(1).error.message();
    responders.push_back(heard.answers[0].reply.responder);
    EXPECT_EQ(source, EndOf(route == &by_default ? 0 : 1, 1));
  }
  EXPECT_THAT(responders, ElementsAre(EndOf(0, 2), EndOf(1, 2), EndOf(1, 2)));
}

INSTANTIATE_TEST_SUITE_P(Families, RawPortThroughRouters,
                         testing::Values(IpFamily::Ipv4, IpFamily::Ipv6), NameOf);

class DatagramPortThroughRouters : public Routers {};

TEST_P(DatagramPortThroughRouters, NobodySeesTheSameHops) {
  Make("chain");
  if (IsSkipped() || HasFatalFailure()) {
    return;
  }
  PermitPingSockets();
  RecordingLog log;
  AsNobody([&] {
    const PacketPorts ports = OpenPacketPorts(Config(), log);
    EXPECT_FALSE(ports.is_privileged);
    EXPECT_THAT(log.Lines(), SizeIs(1));
    const auto port = ports.factory();
    EXPECT_FALSE(port->Supports(ProbeProtocol::Tcp, GetParam()));
    for (const ProbeProtocol protocol : {ProbeProtocol::Icmp, ProbeProtocol::Udp}) {
      ASSERT_TRUE(port->Supports(protocol, GetParam()));
      const MonoTime before = std::chrono::steady_clock::now();
      const Heard heard = SendAndHear(*port, Ladder(protocol), 4, 0);
      ExpectAllHops(heard);
      for (const HeardReply& answer : heard.answers) {
        EXPECT_GE(answer.received, before);
        EXPECT_EQ(answer.reply.quoted_ttl, std::nullopt);
      }
    }
  });
}

TEST_P(DatagramPortThroughRouters, ManyProbesOfOneFlowAreToldApart) {
  Make("chain");
  if (IsSkipped() || HasFatalFailure()) {
    return;
  }
  PermitPingSockets();
  AsNobody([&] {
    DatagramPort port;
    for (int round = 0; round < 20; ++round) {
      ExpectAllHops(SendAndHear(port, Ladder(ProbeProtocol::Udp), 4, 0));
    }
    EXPECT_EQ(port.Unmatched(), 0U);
  });
}

TEST_P(DatagramPortThroughRouters, ASecondPortTakesTheFlowOver) {
  Make("chain");
  if (IsSkipped() || HasFatalFailure()) {
    return;
  }
  PermitPingSockets();
  AsNobody([&] {
    DatagramPort abandoned;
    ExpectAllHops(SendAndHear(abandoned, Ladder(ProbeProtocol::Udp), 4, 0));
    DatagramPort port;
    ExpectAllHops(SendAndHear(port, Ladder(ProbeProtocol::Udp), 4, 0));
  });
}

TEST_P(DatagramPortThroughRouters, WhatItCannotSendIsReported) {
  Make("chain");
  if (IsSkipped() || HasFatalFailure()) {
    return;
  }
  DatagramPort port;
  const std::vector<Outgoing> ladder = Ladder(ProbeProtocol::Tcp);
  port.Send(ladder);
  EXPECT_TRUE(IsReadable(port.Descriptor()));
  const Arrivals arrivals = port.Receive();
  ASSERT_THAT(arrivals.sends, SizeIs(4));
  EXPECT_EQ(arrivals.sends[0].error, std::errc::protocol_not_supported);
  EXPECT_FALSE(IsReadable(port.Descriptor()));
}

Config Tracing(std::vector<TraceProtocol> protocols) {
  Config config;
  config.targets.push_back({.name = "here-to-there", .host = "203.0.113.1"});
  config.targets[0].trace.protocols = std::move(protocols);
  return config;
}

TEST_P(DatagramPortThroughRouters, WithoutAnyPermissionTheRemedyIsNamed) {
  Make("chain");
  if (IsSkipped() || HasFatalFailure()) {
    return;
  }
  AsNobody([] {
    RecordingLog log;
    try {
      OpenPacketPorts(Tracing({TraceProtocol::Icmp, TraceProtocol::Tcp}), log);
      FAIL() << "ports were opened";
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("setcap cap_net_raw+p"));
      EXPECT_THAT(error.what(), HasSubstr("net.ipv4.ping_group_range=\"65534 65534\""));
    }
  });
}

TEST_P(DatagramPortThroughRouters, UdpNeedsNoPermission) {
  Make("chain");
  if (IsSkipped() || HasFatalFailure()) {
    return;
  }
  AsNobody([] {
    RecordingLog log;
    const PacketPorts ports =
        OpenPacketPorts(Tracing({TraceProtocol::Icmp, TraceProtocol::Udp}), log);
    EXPECT_FALSE(ports.factory()->Supports(ProbeProtocol::Icmp, GetParam()));
    EXPECT_TRUE(ports.factory()->Supports(ProbeProtocol::Udp, GetParam()));
    ASSERT_THAT(log.Lines(), SizeIs(1));
    EXPECT_THAT(log.Lines()[0], HasSubstr("missing=ICMP probes, TCP probes"));
  });
}

INSTANTIATE_TEST_SUITE_P(Families, DatagramPortThroughRouters,
                         testing::Values(IpFamily::Ipv4, IpFamily::Ipv6), NameOf);

}  // namespace
}  // namespace pathwitness
