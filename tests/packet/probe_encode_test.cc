#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/packet/answers.h"
#include "tests/packet/hex_file.h"

namespace pathwitness {
namespace {

using testing::ElementsAreArray;

ProbePacket V4(ProbeProtocol protocol) {
  return ProbePacket{.protocol = protocol,
                     .source = *IpAddress::Parse("192.0.2.10"),
                     .destination = *IpAddress::Parse("203.0.113.80"),
                     .flow_port = 0xF001,
                     .destination_port = 443,
                     .token = 42,
                     .secret = 0x0123456789abcdefULL,
                     .payload_bytes = 16};
}

ProbePacket V6(ProbeProtocol protocol) {
  ProbePacket probe = V4(protocol);
  probe.source = *IpAddress::Parse("2001:db8::10");
  probe.destination = *IpAddress::Parse("2001:db8:1::80");
  return probe;
}

std::uint16_t WordAt(const std::vector<std::byte>& message, std::size_t offset) {
  return ByteReader(std::span(message).subspan(offset)).U16();
}

// 0xFFFF: the checksum is right.
std::uint16_t SumOf(const ProbePacket& probe, std::uint8_t protocol) {
  const auto message = Encoded(probe);
  return ChecksumSum()
      .AddPseudoHeader(probe.source, probe.destination, protocol, message.size())
      .Add(message)
      .Folded();
}

TEST(EncodeProbe, AnEchoRequestIsAsRfc792SaysWithABalancedPayload) {
  EXPECT_THAT(Encoded(V4(ProbeProtocol::Icmp)), ElementsAreArray(BytesOfHex(R"(
      08 00 7001 f001 002a     # echo, checksum of flow f001, identifier, sequence 42
      0123 4567 89ab cdef      # key
      9d79                     # what makes the checksum 7001
      7061 7468 7769           # filler "pathwi"
  )")));
}

TEST(EncodeProbe, ASynHasOneOptionAndNoPayload) {
  ProbePacket probe = V4(ProbeProtocol::Tcp);
  probe.token = 0xdeadbeef;
  EXPECT_THAT(Encoded(probe), ElementsAreArray(BytesOfHex(R"(
      f001 01bb deadbeef 00000000   # ports, sequence, no acknowledgement
      60 02 faf0 0f80 0000          # 24 bytes, SYN, window 64240, checksum
      0204 05b4                     # MSS 1460
  )")));
}

TEST(EncodeProbe, TheChecksumOfAnIcmpFlowIsTheSameForEveryToken) {
  for (const ProbePacket& first : {V4(ProbeProtocol::Icmp), V6(ProbeProtocol::Icmp)}) {
    std::set<std::uint16_t> checksums;
    for (std::uint32_t token = 0; token < 70000; token += 7) {
      ProbePacket probe = first;
      probe.token = token & 0xFFFFU;
      probe.secret = token * 0x9e3779b97f4a7c15ULL;
      checksums.insert(WordAt(Encoded(probe), 2));
    }
    EXPECT_EQ(checksums.size(), 1U);
  }
}

TEST(EncodeProbe, FlowsDifferInTheirIcmpChecksum) {
  ProbePacket other = V4(ProbeProtocol::Icmp);
  other.flow_port = 0xF002;
  EXPECT_NE(WordAt(Encoded(V4(ProbeProtocol::Icmp)), 2), WordAt(Encoded(other), 2));
}

TEST(EncodeProbe, TheTokenIsTheUdpChecksumAndItIsRight) {
  for (ProbePacket probe : {V4(ProbeProtocol::Udp), V6(ProbeProtocol::Udp)}) {
    for (const std::uint32_t token : {0x0001U, 0x002aU, 0x8000U, 0xFFFEU, 0xFFFFU}) {
      probe.token = token;
      EXPECT_EQ(WordAt(Encoded(probe), 6), token);
      EXPECT_EQ(SumOf(probe, 17), 0xFFFF);
    }
  }
}

TEST(EncodeProbe, Icmpv6AndTcpSumUpWithTheirPseudoHeader) {
  EXPECT_EQ(SumOf(V6(ProbeProtocol::Icmp), 58), 0xFFFF);
  EXPECT_EQ(SumOf(V4(ProbeProtocol::Tcp), 6), 0xFFFF);
  EXPECT_EQ(SumOf(V6(ProbeProtocol::Tcp), 6), 0xFFFF);
}

TEST(EncodeProbe, APayloadSizeOutOfBoundsIsClamped) {
  ProbePacket probe = V4(ProbeProtocol::Udp);
  probe.payload_bytes = 0;
  EXPECT_EQ(Encoded(probe).size(), 8U + kMinPayloadBytes);
  probe.payload_bytes = 65535;
  EXPECT_LE(Encoded(probe).size(), kMaxProbeBytes);
  EXPECT_EQ(WordAt(Encoded(probe), 4), Encoded(probe).size());
}

}  // namespace
}  // namespace pathwitness
