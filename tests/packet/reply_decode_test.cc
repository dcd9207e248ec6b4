#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "tests/packet/answers.h"
#include "tests/packet/hex_file.h"

namespace pathwitness {
namespace {

const IpAddress kRouterV4 = *IpAddress::Parse("198.51.100.1");
const IpAddress kRouterV6 = *IpAddress::Parse("2001:db8:f::1");
const IpAddress kTargetV4 = *IpAddress::Parse("203.0.113.80");
const IpAddress kTargetV6 = *IpAddress::Parse("2001:db8:1::80");
constexpr std::uint64_t kSecret = 0x0123456789abcdefULL;

using Decoded = std::variant<ProbeReply, DecodeError>;

Decoded Decode(ProbeProtocol protocol, const IpAddress& from, std::span<const std::byte> message) {
  return DecodeReply({.protocol = protocol, .source = from, .ttl = 61, .message = message});
}

Decoded DecodeFile(const std::string& name, const IpAddress& from,
                   ProbeProtocol protocol = ProbeProtocol::Icmp) {
  return Decode(protocol, from, BytesOfPacketFile(name));
}

/// A reply of one that quotes a probe to `destination`, as in the packet files.
ProbeReply EchoQuoted(const IpAddress& responder, const IpAddress& destination) {
  return ProbeReply{.kind = ReplyKind::TimeExceeded,
                    .responder = responder,
                    .reply_ttl = 61,
                    .destination = destination,
                    .flow_port = 0xF001,
                    .token = 42,
                    .quoted_ttl = 1};
}

const std::vector<MplsLabel> kTwoLabels = {
    {.label = 24015, .traffic_class = 5, .is_bottom = false, .ttl = 1},
    {.label = 16, .traffic_class = 0, .is_bottom = true, .ttl = 254}};

TEST(DecodeReply, EightQuotedBytesNameTheProbe) {
  EXPECT_EQ(DecodeFile("v4_time_exceeded_short", kRouterV4),
            Decoded(EchoQuoted(kRouterV4, kTargetV4)));
}

TEST(DecodeReply, ReadsMplsLabelsBehindALongQuote) {
  ProbeReply expected = EchoQuoted(kRouterV4, kTargetV4);
  expected.secret = kSecret;
  expected.mpls = kTwoLabels;
  EXPECT_EQ(DecodeFile("v4_time_exceeded_mpls", kRouterV4), Decoded(expected));
  EXPECT_EQ(DecodeFile("v4_time_exceeded_mpls_old", kRouterV4), Decoded(expected));
}

TEST(DecodeReply, PaddingIsNoKey) {
  ProbeReply expected = EchoQuoted(kRouterV4, kTargetV4);
  expected.mpls = kTwoLabels;
  EXPECT_EQ(DecodeFile("v4_time_exceeded_padded", kRouterV4), Decoded(expected));
}

TEST(DecodeReply, ReadsMplsLabelsOfIcmpv6) {
  ProbeReply expected = EchoQuoted(kRouterV6, kTargetV6);
  expected.secret = kSecret;
  expected.mpls = {{.label = 299776, .traffic_class = 0, .is_bottom = true, .ttl = 1}};
  EXPECT_EQ(DecodeFile("v6_time_exceeded_mpls", kRouterV6), Decoded(expected));
}

TEST(DecodeReply, ADamagedExtensionIsDroppedAndTheReplyKept) {
  auto message = BytesOfPacketFile("v4_time_exceeded_mpls");
  message.back() ^= std::byte{1};
  FixIcmpChecksum(message, IpFamily::Ipv4);
  ProbeReply expected = EchoQuoted(kRouterV4, kTargetV4);
  expected.secret = kSecret;
  EXPECT_EQ(Decode(ProbeProtocol::Icmp, kRouterV4, message), Decoded(expected));
}

TEST(DecodeReply, AClosedUdpPortAtTheDestinationIsReached) {
  ProbeReply expected = EchoQuoted(kTargetV4, kTargetV4);
  expected.kind = ReplyKind::Reached;
  expected.protocol = ProbeProtocol::Udp;
  expected.flow_port = 0xF002;
  expected.destination_port = 33434;
  expected.token = 0xBEEF;
  expected.secret = kSecret;
  expected.quoted_ttl = 3;
  EXPECT_EQ(DecodeFile("v4_port_unreachable_options", kTargetV4), Decoded(expected));

  expected.responder = kRouterV4;
  expected.kind = ReplyKind::Unreachable;
  expected.code = UnreachableCode::Port;
  EXPECT_EQ(DecodeFile("v4_port_unreachable_options", kRouterV4), Decoded(expected));
}

TEST(DecodeReply, AQuotedSynIsNamedByItsSequenceNumber) {
  ProbeReply expected = EchoQuoted(kRouterV4, kTargetV4);
  expected.kind = ReplyKind::Unreachable;
  expected.code = UnreachableCode::FragNeeded;
  expected.protocol = ProbeProtocol::Tcp;
  expected.flow_port = 0xF003;
  expected.destination_port = 443;
  expected.token = 0xDEADBEEF;
  expected.quoted_ttl = 60;
  EXPECT_EQ(DecodeFile("v4_frag_needed_tcp", kRouterV4), Decoded(expected));

  expected.responder = kRouterV6;
  expected.destination = kTargetV6;
  expected.code = UnreachableCode::Admin;
  expected.quoted_ttl = 55;
  EXPECT_EQ(DecodeFile("v6_admin_tcp", kRouterV6), Decoded(expected));
}

TEST(DecodeReply, LooksBehindTheExtensionHeadersOfAQuote) {
  ProbeReply expected = EchoQuoted(kRouterV6, kTargetV6);
  expected.kind = ReplyKind::Unreachable;
  expected.code = UnreachableCode::FragNeeded;
  expected.protocol = ProbeProtocol::Udp;
  expected.flow_port = 0xF002;
  expected.destination_port = 33434;
  expected.token = 0xBEEF;
  expected.secret = kSecret;
  expected.quoted_ttl = 9;
  EXPECT_EQ(DecodeFile("v6_packet_too_big_udp", kRouterV6), Decoded(expected));
}

TEST(DecodeReply, ALaterFragmentQuotesNobodysPorts) {
  EXPECT_EQ(DecodeFile("v4_time_exceeded_fragment", kRouterV4), Decoded(DecodeError::Unrelated));
}

TEST(DecodeReply, AnEchoReplyIsReachedWithItsKey) {
  for (const auto& [file, target] :
       {std::pair("v4_echo_reply", kTargetV4), std::pair("v6_echo_reply", kTargetV6)}) {
    ProbeReply expected = EchoQuoted(target, target);
    expected.kind = ReplyKind::Reached;
    expected.secret = kSecret;
    expected.quoted_ttl.reset();
    EXPECT_EQ(DecodeFile(file, target), Decoded(expected)) << file;
  }
}

TEST(DecodeReply, ASynAckAndARstAcknowledgeTheToken) {
  ProbeReply expected = EchoQuoted(kTargetV4, kTargetV4);
  expected.kind = ReplyKind::Reached;
  expected.protocol = ProbeProtocol::Tcp;
  expected.flow_port = 0xF003;
  expected.destination_port = 443;
  expected.token = 0xDEADBEEF;
  expected.quoted_ttl.reset();
  EXPECT_EQ(DecodeFile("tcp_syn_ack", kTargetV4, ProbeProtocol::Tcp), Decoded(expected));
  EXPECT_EQ(DecodeFile("tcp_rst", kTargetV4, ProbeProtocol::Tcp), Decoded(expected));
}

TEST(DecodeReply, AnAnswerByUdpNamesItsFlowOnly) {
  ProbeReply expected = EchoQuoted(kTargetV4, kTargetV4);
  expected.kind = ReplyKind::Reached;
  expected.protocol = ProbeProtocol::Udp;
  expected.flow_port = 0xF002;
  expected.destination_port = 33434;
  expected.token = 0;
  expected.quoted_ttl.reset();
  EXPECT_EQ(DecodeFile("udp_answer", kTargetV4, ProbeProtocol::Udp), Decoded(expected));
}

struct NamedCode {
  std::uint8_t type;
  std::uint8_t code;
  UnreachableCode meaning;
};

void ExpectCodes(const ProbePacket& probe, const IpAddress& router,
                 std::initializer_list<NamedCode> codes) {
  for (const auto& [type, code, meaning] : codes) {
    const Decoded decoded = Decode(ProbeProtocol::Icmp, router, ErrorQuoting(probe, type, code));
    const auto* reply = std::get_if<ProbeReply>(&decoded);
    ASSERT_NE(reply, nullptr);
    EXPECT_EQ(reply->kind, ReplyKind::Unreachable);
    EXPECT_EQ(reply->code, meaning) << int{type} << "/" << int{code};
  }
}

ProbePacket ProbeTo(const IpAddress& destination, ProbeProtocol protocol = ProbeProtocol::Icmp) {
  return ProbePacket{.protocol = protocol,
                     .source = IpAddress::Any(destination.Family()),
                     .destination = destination,
                     .flow_port = 0xF001,
                     .destination_port = 443,
                     .token = 42,
                     .secret = kSecret};
}

TEST(DecodeReply, NamesTheCodesOfIcmpv4) {
  using enum UnreachableCode;
  ExpectCodes(ProbeTo(kTargetV4), kRouterV4,
              {{3, 0, Net},
               {3, 1, Host},
               {3, 2, Protocol},
               {3, 3, Port},
               {3, 4, FragNeeded},
               {3, 5, Other},
               {3, 6, Net},
               {3, 7, Host},
               {3, 9, Admin},
               {3, 10, Admin},
               {3, 11, Net},
               {3, 12, Host},
               {3, 13, Admin}});
}

TEST(DecodeReply, NamesTheCodesOfIcmpv6) {
  using enum UnreachableCode;
  ExpectCodes(ProbeTo(kTargetV6), kRouterV6,
              {{1, 0, Net},
               {1, 1, Admin},
               {1, 2, Other},
               {1, 3, Host},
               {1, 4, Port},
               {1, 5, Admin},
               {1, 6, Admin},
               {2, 0, FragNeeded},
               {4, 1, Protocol}});
}

TEST(DecodeReply, APortUnreachableThatAnswersASynIsUnreachable) {
  const ProbePacket probe = ProbeTo(kTargetV4, ProbeProtocol::Tcp);
  const Decoded decoded = Decode(ProbeProtocol::Icmp, kTargetV4, ErrorQuoting(probe, 3, 3));
  EXPECT_EQ(std::get<ProbeReply>(decoded).kind, ReplyKind::Unreachable);
}

TEST(DecodeReply, OtherTrafficIsUnrelated) {
  ProbePacket foreign = ProbeTo(kTargetV4);
  foreign.flow_port = 0xEFFF;
  for (const auto& message :
       {Encoded(ProbeTo(kTargetV4)), TimeExceededFor(foreign), AnswerOfDestination(foreign),
        ErrorQuoting(ProbeTo(kTargetV4), 11, 1), ErrorQuoting(ProbeTo(kTargetV4), 5, 0)}) {
    EXPECT_EQ(Decode(ProbeProtocol::Icmp, kTargetV4, message), Decoded(DecodeError::Unrelated));
  }
  auto data_segment = AnswerOfDestination(ProbeTo(kTargetV4, ProbeProtocol::Tcp));
  data_segment[13] = std::byte{0x10};
  EXPECT_EQ(Decode(ProbeProtocol::Tcp, kTargetV4, data_segment), Decoded(DecodeError::Unrelated));
}

TEST(DecodeReply, AWrongIcmpv4ChecksumIsMalformed) {
  auto message = BytesOfPacketFile("v4_echo_reply");
  message[20] ^= std::byte{0x40};
  EXPECT_EQ(Decode(ProbeProtocol::Icmp, kTargetV4, message), Decoded(DecodeError::Malformed));
}

// What a truncated message may say: nothing, or less about the same probe.
bool IsNoMoreThan(const Decoded& decoded, const ProbeReply& whole) {
  const auto* reply = std::get_if<ProbeReply>(&decoded);
  if (reply == nullptr) {
    return true;
  }
  ProbeReply stripped = whole;
  stripped.secret = reply->secret ? whole.secret : std::nullopt;
  stripped.mpls = reply->mpls.empty() ? std::vector<MplsLabel>() : whole.mpls;
  return *reply == stripped;
}

ProbeProtocol ProtocolOfFile(const std::string& name) {
  return name.starts_with("tcp")   ? ProbeProtocol::Tcp
         : name.starts_with("udp") ? ProbeProtocol::Udp
                                   : ProbeProtocol::Icmp;
}

std::vector<std::string> PacketFiles() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(PATHWITNESS_SOURCE_DIR "/tests/data/packets")) {
    names.push_back(entry.path().stem().string());
  }
  return names;
}

TEST(DecodeReply, NoPrefixOfAMessageIsAFalseReply) {
  for (const std::string& name : PacketFiles()) {
    const IpAddress& from = name.starts_with("v6") ? kRouterV6 : kRouterV4;
    const auto whole = BytesOfPacketFile(name);
    const Decoded decoded = Decode(ProtocolOfFile(name), from, whole);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      // A vector of its own, so that AddressSanitizer sees a read past the end.
      std::vector<std::byte> prefix(whole.begin(),
                                    whole.begin() + static_cast<std::ptrdiff_t>(length));
      FixIcmpChecksum(prefix,
                      ProtocolOfFile(name) == ProbeProtocol::Icmp ? from.Family() : IpFamily::Ipv6);
      const Decoded partial = Decode(ProtocolOfFile(name), from, prefix);
      if (const auto* reply = std::get_if<ProbeReply>(&decoded)) {
        EXPECT_TRUE(IsNoMoreThan(partial, *reply)) << name << " cut to " << length;
      } else {
        EXPECT_TRUE(std::holds_alternative<DecodeError>(partial)) << name << " cut to " << length;
      }
    }
  }
}

TEST(DecodeReply, AnySingleFlippedBitOfAnIcmpv4MessageIsMalformed) {
  for (const char* name : {"v4_echo_reply", "v4_time_exceeded_mpls"}) {
    const auto whole = BytesOfPacketFile(name);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      auto flipped = whole;
      flipped[bit / 8] ^= std::byte{0x80} >> (bit % 8);
      EXPECT_EQ(Decode(ProbeProtocol::Icmp, kRouterV4, flipped), Decoded(DecodeError::Malformed));
    }
  }
}

TEST(DecodeReply, FlippedBitsWithARightChecksumNeverOverrun) {
  for (const std::string& name : PacketFiles()) {
    const IpAddress& from = name.starts_with("v6") ? kRouterV6 : kRouterV4;
    const auto whole = BytesOfPacketFile(name);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      auto flipped = whole;
      flipped[bit / 8] ^= std::byte{0x80} >> (bit % 8);
      FixIcmpChecksum(flipped, from.Family());
      const Decoded decoded = Decode(ProtocolOfFile(name), from, flipped);
      if (const auto* reply = std::get_if<ProbeReply>(&decoded)) {
        EXPECT_TRUE(IsFlowPort(reply->flow_port));
        EXPECT_LE(reply->mpls.size(), 16U);
      }
    }
  }
}

class RoundTrip : public testing::TestWithParam<std::tuple<ProbeProtocol, IpFamily>> {
 protected:
  ProbePacket RandomProbe() {
    const auto [protocol, family] = GetParam();
    const auto number = [this](unsigned from, unsigned to) {
      return static_cast<std::uint16_t>(std::uniform_int_distribution<unsigned>(from, to)(random_));
    };
    ProbePacket probe;
    probe.protocol = protocol;
    probe.source = RandomAddress(family);
    probe.destination = RandomAddress(family);
    probe.flow_port = number(kFlowPortBase, 0xFFFF);
    probe.destination_port = protocol == ProbeProtocol::Icmp ? std::uint16_t{0} : number(1, 65535);
    probe.token = protocol == ProbeProtocol::Tcp
                      ? static_cast<std::uint32_t>(random_())
                      : number(protocol == ProbeProtocol::Udp ? 1 : 0, 0xFFFF);
    probe.secret = random_() | 1U;
    probe.payload_bytes = number(kMinPayloadBytes, 1400);
    return probe;
  }

  IpAddress RandomAddress(IpFamily family) {
    std::array<std::byte, 16> bytes{};
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(random_());
    }
    return IpAddress::FromBytes(family, bytes);
  }

  std::mt19937_64 random_{20260101};
};

void ExpectNames(const Decoded& decoded, const ProbePacket& probe) {
  const auto* reply = std::get_if<ProbeReply>(&decoded);
  ASSERT_NE(reply, nullptr);
  EXPECT_EQ(reply->protocol, probe.protocol);
  EXPECT_EQ(reply->destination, probe.destination);
  EXPECT_EQ(reply->flow_port, probe.flow_port);
  EXPECT_EQ(reply->destination_port, probe.destination_port);
  EXPECT_EQ(reply->token, probe.token);
  EXPECT_EQ(reply->secret.value_or(probe.secret), probe.secret);
  EXPECT_TRUE(reply->mpls.empty());
}

TEST_P(RoundTrip, ATimeExceededNamesTheProbe) {
  for (int i = 0; i < 2000; ++i) {
    const ProbePacket probe = RandomProbe();
    const IpAddress router = RandomAddress(probe.destination.Family());
    ExpectNames(Decode(ProbeProtocol::Icmp, router, TimeExceededFor(probe)), probe);
  }
}

TEST_P(RoundTrip, AnyQuoteOfEightBytesOrMoreNamesTheProbe) {
  const bool is_v4 = std::get<IpFamily>(GetParam()) == IpFamily::Ipv4;
  const ProbePacket probe = RandomProbe();
  for (std::size_t quoted = 8; quoted < 64; ++quoted) {
    ExpectNames(Decode(ProbeProtocol::Icmp, probe.destination,
                       ErrorQuoting(probe, is_v4 ? 3 : 1, is_v4 ? 3 : 4, quoted)),
                probe);
  }
}

// Answers by UDP carry no token: AnAnswerByUdpNamesItsFlowOnly.
class DirectRoundTrip : public RoundTrip {};

TEST_P(DirectRoundTrip, TheDestinationsAnswerNamesTheProbe) {
  for (int i = 0; i < 2000; ++i) {
    const ProbePacket probe = RandomProbe();
    ExpectNames(Decode(probe.protocol, probe.destination, AnswerOfDestination(probe)), probe);
  }
}

const auto kFamilies = testing::Values(IpFamily::Ipv4, IpFamily::Ipv6);

INSTANTIATE_TEST_SUITE_P(AllKinds, RoundTrip,
                         testing::Combine(testing::Values(ProbeProtocol::Icmp, ProbeProtocol::Udp,
                                                          ProbeProtocol::Tcp),
                                          kFamilies));
INSTANTIATE_TEST_SUITE_P(IcmpAndTcp, DirectRoundTrip,
                         testing::Combine(testing::Values(ProbeProtocol::Icmp, ProbeProtocol::Tcp),
                                          kFamilies));

}  // namespace
}  // namespace pathwitness
