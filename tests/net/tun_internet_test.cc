#include "tests/support/tun_internet.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <variant>
#include <vector>

#include "tests/support/namespaces.h"

namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

IpAddress Address(std::string_view text) {
  return *IpAddress::Parse(text);
}

Router RouterAt(std::string_view address, Duration delay) {
  Router router;
  router.address = Address(address);
  router.delay = delay;
  return router;
}

/// Three routers 198.51.100.1 to .3 and 203.0.113.9, 2 ms apart.
Scenario ThreeHops() {
  Scenario scenario;
  std::vector<RouterId> line;
  for (const char* address : {"198.51.100.1", "198.51.100.2", "198.51.100.3"}) {
    line.push_back(scenario.Add(RouterAt(address, milliseconds(2))));
  }
  Destination destination;
  destination.address = Address("203.0.113.9");
  destination.path = Line(line);
  destination.delay = milliseconds(2);
  scenario.destinations.push_back(destination);
  return scenario;
}

/// A raw ICMP socket, in the plainest way: one packet a call.
class PlainIcmpSocket {
 public:
  PlainIcmpSocket() : socket_(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP)) {}

  void Send(unsigned ttl, std::uint16_t token) {
    ProbePacket probe;
    probe.source = Address("192.0.2.1");
    probe.destination = Address("203.0.113.9");
    probe.flow_port = kFlowPortBase;
    probe.token = token;
    std::array<std::byte, kMaxProbeBytes> buffer{};
    const std::size_t size = EncodeProbe(probe, buffer);
    const int ip_ttl = static_cast<int>(ttl);
    ASSERT_EQ(setsockopt(socket_.Get(), IPPROTO_IP, IP_TTL, &ip_ttl, sizeof(ip_ttl)), 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    std::memcpy(&to.sin_addr, probe.destination.Bytes().data(), sizeof(to.sin_addr));
    sockaddr generic{};
    std::memcpy(&generic, &to, sizeof(generic));
    ASSERT_EQ(sendto(socket_.Get(), buffer.data(), size, 0, &generic, sizeof(to)),
              static_cast<ssize_t>(size));
  }

  /// Empty: nothing came within five seconds.
  std::optional<ProbeReply> Receive() {
    pollfd readable{.fd = socket_.Get(), .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, 5000) != 1) {
      return std::nullopt;
    }
    std::array<std::byte, 2048> buffer{};
    const ssize_t size = recv(socket_.Get(), buffer.data(), buffer.size(), 0);
    const std::span<const std::byte> packet(buffer.data(), static_cast<std::size_t>(size));
    WireReply wire;
    wire.source = IpAddress::FromBytes(IpFamily::Ipv4, packet.subspan(12, 4));
    wire.message = packet.subspan(20);
    const auto decoded = DecodeReply(wire);
    const auto* reply = std::get_if<ProbeReply>(&decoded);
    return reply == nullptr ? std::nullopt : std::optional(*reply);
  }

 private:
  OwnedDescriptor socket_;
};

class TunInternetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string obstacle = EnterFreshNamespace();
    if (!obstacle.empty()) {
      GTEST_SKIP() << obstacle;
    }
  }
};

TEST_F(TunInternetTest, HopsAndDestinationAnswerARealSocket) {
  TunInternet internet(ThreeHops());
  PlainIcmpSocket prober;
  const std::array<const char*, 4> expected = {"198.51.100.1", "198.51.100.2", "198.51.100.3",
                                               "203.0.113.9"};
  for (unsigned ttl = 1; ttl <= expected.size(); ++ttl) {
    prober.Send(ttl, static_cast<std::uint16_t>(100 + ttl));
    const auto reply = prober.Receive();
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->responder, Address(expected[ttl - 1]));
    EXPECT_EQ(reply->token, 100 + ttl);
  }
}

TEST_F(TunInternetTest, EveryProbeIsRecordedWithItsFate) {
  TunInternet internet(ThreeHops());
  PlainIcmpSocket prober;
  for (std::uint16_t token = 1; token <= 10; ++token) {
    prober.Send(2, token);
    ASSERT_TRUE(prober.Receive().has_value());
  }
  const InternetTruth truth = internet.Stop();
  ASSERT_EQ(truth.probes.size(), 10U);
  for (std::size_t i = 0; i < truth.probes.size(); ++i) {
    EXPECT_EQ(truth.probes[i].token, i + 1);
    EXPECT_EQ(truth.probes[i].ttl, 2);
    EXPECT_EQ(truth.probes[i].fate, Fate::Answered);
    EXPECT_EQ(truth.probes[i].responder, Address("198.51.100.2"));
  }
}

TEST_F(TunInternetTest, AnswersAreNeverEarlyAndMostlyOnTime) {
  TunInternet internet(ThreeHops());
  PlainIcmpSocket prober;
  for (std::uint16_t token = 1; token <= 101; ++token) {
    prober.Send(1 + token % 4, token);
    ASSERT_TRUE(prober.Receive().has_value());
  }
  std::vector<Duration> lateness;
  for (const ProbeRecord& probe : internet.Stop().probes) {
    lateness.push_back(probe.answered - probe.arrived - probe.delay);
  }
  ASSERT_EQ(lateness.size(), 101U);
  std::ranges::sort(lateness);
  EXPECT_GE(lateness.front(), Duration::zero());
  EXPECT_LT(lateness[50], milliseconds(1));
}

TEST_F(TunInternetTest, AnswersComeInTheOrderOfTheirDelays) {
  TunInternet internet(ThreeHops());
  PlainIcmpSocket prober;
  for (const unsigned ttl : {4U, 3U, 2U, 1U}) {
    prober.Send(ttl, static_cast<std::uint16_t>(ttl));
  }
  std::vector<std::uint32_t> received;
  for (int i = 0; i < 4; ++i) {
    const auto reply = prober.Receive();
    ASSERT_TRUE(reply.has_value());
    received.push_back(reply->token);
  }
  std::vector<ProbeRecord> probes = internet.Stop().probes;
  std::ranges::sort(probes, {},
                    [](const ProbeRecord& probe) { return probe.arrived + probe.delay; });
  ASSERT_EQ(probes.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(received[i], probes[i].token);
  }
}

}  // namespace
}  // namespace pathwitness
