#include "probes/packet/probe_codec.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "probes/packet/bytes.h"
#include "probes/packet/checksum.h"
#include "probes/packet/icmp_extension.h"

namespace pathwitness {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint8_t kIcmpV4 = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmpV6 = 58;

constexpr std::uint8_t kV4EchoReply = 0;
constexpr std::uint8_t kV4Unreachable = 3;
constexpr std::uint8_t kV4Echo = 8;
constexpr std::uint8_t kV4TimeExceeded = 11;
constexpr std::uint8_t kV6Unreachable = 1;
constexpr std::uint8_t kV6PacketTooBig = 2;
constexpr std::uint8_t kV6TimeExceeded = 3;
constexpr std::uint8_t kV6ParameterProblem = 4;
constexpr std::uint8_t kV6Echo = 128;
constexpr std::uint8_t kV6EchoReply = 129;

constexpr std::size_t kIcmpHeaderBytes = 8;
constexpr std::size_t kUdpHeaderBytes = 8;
constexpr std::size_t kTcpHeaderBytes = 20;
constexpr std::size_t kSecretBytes = 8;

constexpr std::uint8_t kTcpSyn = 0x02;
constexpr std::uint8_t kTcpRst = 0x04;
constexpr std::uint8_t kTcpAck = 0x10;
constexpr std::uint16_t kTcpWindow = 64240;  // what Linux offers
constexpr std::uint16_t kMssV4 = 1460;
constexpr std::uint16_t kMssV6 = 1440;

std::uint8_t IpProtocol(ProbeProtocol protocol, IpFamily family) {
  switch (protocol) {
    case ProbeProtocol::Icmp:
      return family == IpFamily::Ipv4 ? kIcmpV4 : kIcmpV6;
    case ProbeProtocol::Udp:
      return kUdp;
    case ProbeProtocol::Tcp:
      return kTcp;
  }
  return 0;
}

// ---- Encoding

ChecksumSum SumBefore(const ProbePacket& probe, std::size_t length) {
  ChecksumSum sum;
  const IpFamily family = probe.destination.Family();
  if (probe.protocol != ProbeProtocol::Icmp || family == IpFamily::Ipv6) {
    sum.AddPseudoHeader(probe.source, probe.destination, IpProtocol(probe.protocol, family),
                        length);
  }
  return sum;
}

// Far from 0 and 0xFFFF, which are one number in ones' complement.
std::uint16_t FlowChecksum(const ProbePacket& probe) {
  return probe.flow_port ^ 0x8000U;
}

std::uint16_t PayloadBytes(const ProbePacket& probe) {
  constexpr std::uint16_t kMost = kMaxProbeBytes - kTcpHeaderBytes;
  return std::clamp(probe.payload_bytes, kMinPayloadBytes, kMost);
}

// The filler tells whoever captures a probe what it is.
constexpr auto kFiller = [] {
  constexpr std::string_view kText = "pathwitness ";
  std::array<std::byte, kMaxProbeBytes> filler{};
  for (std::size_t i = 0; i < filler.size(); ++i) {
    filler[i] = static_cast<std::byte>(kText[i % kText.size()]);
  }
  return filler;
}();

// Puts `word` into the two zero bytes at `offset`.
void Patch(std::span<std::byte> message, std::size_t offset, std::uint16_t word) {
  ByteWriter(message.subspan(offset)).U16(word);
}

// Completes an ICMP or UDP message whose checksum and balance are still 0.
void Balance(const ProbePacket& probe, std::span<std::byte> message, std::size_t checksum_offset,
             std::uint16_t checksum) {
  constexpr std::size_t kBalanceOffset = kIcmpHeaderBytes + kSecretBytes;  // UDP's is as long
  const ChecksumSum sum = SumBefore(probe, message.size()).Add(message);
  Patch(message, kBalanceOffset, sum.BalanceFor(checksum));
  Patch(message, checksum_offset, checksum);
}

void WritePayload(const ProbePacket& probe, ByteWriter& writer) {
  writer.U64(probe.secret);
  writer.U16(0);  // the balance
  writer.Put(std::span(kFiller).first(PayloadBytes(probe) - kMinPayloadBytes));
}

std::size_t EncodeIcmp(const ProbePacket& probe, std::span<std::byte> buffer) {
  constexpr std::size_t kChecksumOffset = 2;
  ByteWriter writer(buffer);
  writer.U8(probe.destination.Family() == IpFamily::Ipv4 ? kV4Echo : kV6Echo);
  writer.U8(0);
  writer.U16(0);
  writer.U16(probe.flow_port);
  writer.U16(static_cast<std::uint16_t>(probe.token));
  WritePayload(probe, writer);
  Balance(probe, writer.Written(), kChecksumOffset, FlowChecksum(probe));
  return writer.Written().size();
}

std::size_t EncodeUdp(const ProbePacket& probe, std::span<std::byte> buffer) {
  constexpr std::size_t kChecksumOffset = 6;
  ByteWriter writer(buffer);
  writer.U16(probe.flow_port);
  writer.U16(probe.destination_port);
  writer.U16(static_cast<std::uint16_t>(kUdpHeaderBytes + PayloadBytes(probe)));
  writer.U16(0);
  WritePayload(probe, writer);
  Balance(probe, writer.Written(), kChecksumOffset, static_cast<std::uint16_t>(probe.token));
  return writer.Written().size();
}

std::size_t EncodeTcp(const ProbePacket& probe, std::span<std::byte> buffer) {
  constexpr std::size_t kChecksumOffset = 16;
  constexpr std::uint8_t kWords = 6;  // 20 bytes of header, 4 of options
  ByteWriter writer(buffer);
  writer.U16(probe.flow_port);
  writer.U16(probe.destination_port);
  writer.U32(probe.token);
  writer.U32(0);
  writer.U8(kWords << 4U);
  writer.U8(kTcpSyn);
  writer.U16(kTcpWindow);
  writer.U32(0);       // checksum, urgent pointer
  writer.U16(0x0204);  // maximum segment size
  writer.U16(probe.destination.Family() == IpFamily::Ipv4 ? kMssV4 : kMssV6);
  const std::span<std::byte> message = writer.Written();
  Patch(message, kChecksumOffset, SumBefore(probe, message.size()).Add(message).Checksum());
  return message.size();
}

// ---- Decoding

using Decoded = std::variant<ProbeReply, DecodeError>;

ProbeReply DirectAnswer(const WireReply& wire, ProbeProtocol protocol) {
  ProbeReply reply;
  reply.kind = ReplyKind::Reached;
  reply.responder = wire.source;
  reply.reply_ttl = wire.ttl;
  reply.protocol = protocol;
  reply.destination = wire.source;
  return reply;
}

// Zeros are a router's padding behind a short quote, not a key.
std::optional<std::uint64_t> SecretIn(Bytes payload) {
  ByteReader reader(payload);
  const std::uint64_t secret = reader.U64();
  return secret == 0 ? std::nullopt : std::optional(secret);
}

Decoded DecodeEchoReply(const WireReply& wire) {
  ByteReader reader(wire.message);
  reader.Skip(4);
  ProbeReply reply = DirectAnswer(wire, ProbeProtocol::Icmp);
  reply.flow_port = reader.U16();
  reply.token = reader.U16();
  reply.secret = SecretIn(reader.Rest());
  if (!IsFlowPort(reply.flow_port)) {
    return DecodeError::Unrelated;
  }
  return reply;
}

Decoded DecodeTcp(const WireReply& wire) {
  ByteReader reader(wire.message);
  ProbeReply reply = DirectAnswer(wire, ProbeProtocol::Tcp);
  reply.destination_port = reader.U16();
  reply.flow_port = reader.U16();
  reader.Skip(4);
  reply.token = reader.U32() - 1;
  const std::size_t header_bytes = static_cast<std::size_t>(reader.U8() >> 4U) * 4;
  const std::uint8_t flags = reader.U8();
  if (wire.message.size() < kTcpHeaderBytes || header_bytes < kTcpHeaderBytes ||
      header_bytes > wire.message.size()) {
    return DecodeError::Malformed;
  }
  // What answers a SYN acknowledges it (RFC 9293 section 3.10.7), also when it refuses.
  const bool is_answer = (flags & kTcpAck) != 0 && (flags & (kTcpSyn | kTcpRst)) != 0;
  if (!is_answer || !IsFlowPort(reply.flow_port)) {
    return DecodeError::Unrelated;
  }
  return reply;
}

Decoded DecodeUdp(const WireReply& wire) {
  ByteReader reader(wire.message);
  ProbeReply reply = DirectAnswer(wire, ProbeProtocol::Udp);
  reply.destination_port = reader.U16();
  reply.flow_port = reader.U16();
  const std::uint16_t length = reader.U16();
  if (wire.message.size() < kUdpHeaderBytes || length < kUdpHeaderBytes ||
      length > wire.message.size()) {
    return DecodeError::Malformed;
  }
  if (!IsFlowPort(reply.flow_port)) {
    return DecodeError::Unrelated;
  }
  return reply;
}

// What a quoted IP header says.
struct Quote {
  std::uint8_t protocol = 0;
  std::uint8_t ttl = 0;
  IpAddress destination;
  Bytes message;  // starts at the quoted ICMP, UDP or TCP header
};

std::variant<Quote, DecodeError> ReadQuoteV4(Bytes bytes) {
  constexpr std::size_t kShortestHeader = 20;
  constexpr std::uint16_t kOffsetMask = 0x1FFF;
  ByteReader reader(bytes);
  const std::uint8_t version_and_length = reader.U8();
  reader.Skip(5);
  const std::uint16_t fragment = reader.U16();
  Quote quote;
  quote.ttl = reader.U8();
  quote.protocol = reader.U8();
  reader.Skip(6);
  const Bytes destination = reader.Take(4);
  const std::size_t header_bytes = (version_and_length & 0x0FU) * std::size_t{4};
  if (reader.HasFailed() || version_and_length >> 4U != 4 || header_bytes < kShortestHeader ||
      header_bytes > bytes.size()) {
    return DecodeError::Malformed;
  }
  if ((fragment & kOffsetMask) != 0) {
    return DecodeError::Unrelated;
  }
  quote.destination = IpAddress::FromBytes(IpFamily::Ipv4, destination);
  quote.message = bytes.subspan(header_bytes);
  return quote;
}

// Moves `reader` behind the extension headers. Source: RFC 8200 section 4.
std::optional<DecodeError> SkipExtensionHeaders(ByteReader& reader, std::uint8_t& protocol) {
  constexpr std::uint8_t kHopByHop = 0;
  constexpr std::uint8_t kFragment = 44;
  constexpr std::uint8_t kDestinationOptions = 60;
  constexpr int kMostHeaders = 8;
  for (int i = 0; i < kMostHeaders; ++i) {
    if (protocol != kHopByHop && protocol != kFragment && protocol != kDestinationOptions) {
      return std::nullopt;
    }
    const bool is_fragment = protocol == kFragment;
    protocol = reader.U8();
    const std::uint8_t length = reader.U8();
    const bool is_first = reader.U16() >> 3U == 0;  // of a fragment header: its offset
    if (is_fragment && !is_first) {
      return DecodeError::Unrelated;
    }
    reader.Skip(is_fragment ? 4 : (length * std::size_t{8}) + 4);
    if (reader.HasFailed()) {
      return DecodeError::Malformed;
    }
  }
  return DecodeError::Unrelated;
}

std::variant<Quote, DecodeError> ReadQuoteV6(Bytes bytes) {
  ByteReader reader(bytes);
  const std::uint8_t version = reader.U8() >> 4U;
  reader.Skip(5);
  Quote quote;
  quote.protocol = reader.U8();
  quote.ttl = reader.U8();
  reader.Skip(16);
  const Bytes destination = reader.Take(16);
  if (reader.HasFailed() || version != 6) {
    return DecodeError::Malformed;
  }
  quote.destination = IpAddress::FromBytes(IpFamily::Ipv6, destination);
  if (const std::optional<DecodeError> error = SkipExtensionHeaders(reader, quote.protocol)) {
    return *error;
  }
  quote.message = reader.Rest();
  return quote;
}

std::optional<ProbeProtocol> ProtocolOf(const Quote& quote) {
  for (const ProbeProtocol protocol :
       {ProbeProtocol::Icmp, ProbeProtocol::Udp, ProbeProtocol::Tcp}) {
    if (quote.protocol == IpProtocol(protocol, quote.destination.Family())) {
      return protocol;
    }
  }
  return std::nullopt;
}

// Reads the 8 bytes that every router quotes, and the key behind them. False: not a probe's.
bool ReadQuotedProbe(const Quote& quote, ProbeReply& reply) {
  ByteReader reader(quote.message);
  if (reply.protocol == ProbeProtocol::Icmp) {
    const std::uint8_t type = reader.U8();
    reader.Skip(3);
    reply.flow_port = reader.U16();
    reply.token = reader.U16();
    reply.secret = SecretIn(reader.Rest());
    return type == (quote.destination.Family() == IpFamily::Ipv4 ? kV4Echo : kV6Echo);
  }
  reply.flow_port = reader.U16();
  reply.destination_port = reader.U16();
  if (reply.protocol == ProbeProtocol::Tcp) {
    reply.token = reader.U32();
    return true;
  }
  reader.Skip(2);
  reply.token = reader.U16();
  reply.secret = SecretIn(reader.Rest());
  return true;
}

// What an ICMP error's type and code say.
struct Verdict {
  ReplyKind kind = ReplyKind::Unreachable;
  UnreachableCode code = UnreachableCode::Other;
};

// Source: RFC 792, RFC 1812 section 5.2.7.1.
UnreachableCode CodeOfV4(std::uint8_t code) {
  switch (code) {
    case 0:
    case 6:
    case 11:
      return UnreachableCode::Net;
    case 1:
    case 7:
    case 12:
      return UnreachableCode::Host;
    case 2:
      return UnreachableCode::Protocol;
    case 3:
      return UnreachableCode::Port;
    case 4:
      return UnreachableCode::FragNeeded;
    case 9:
    case 10:
    case 13:
      return UnreachableCode::Admin;
    default:
      return UnreachableCode::Other;
  }
}

// Source: RFC 4443 section 3.1.
UnreachableCode CodeOfV6(std::uint8_t code) {
  switch (code) {
    case 0:
      return UnreachableCode::Net;
    case 1:
    case 5:
    case 6:
      return UnreachableCode::Admin;
    case 3:
      return UnreachableCode::Host;
    case 4:
      return UnreachableCode::Port;
    default:
      return UnreachableCode::Other;
  }
}

std::optional<Verdict> VerdictOfV4(std::uint8_t type, std::uint8_t code) {
  if (type == kV4TimeExceeded && code == 0) {
    return Verdict{.kind = ReplyKind::TimeExceeded};
  }
  if (type == kV4Unreachable) {
    return Verdict{.code = CodeOfV4(code)};
  }
  return std::nullopt;
}

std::optional<Verdict> VerdictOfV6(std::uint8_t type, std::uint8_t code) {
  constexpr std::uint8_t kUnknownNextHeader = 1;
  if (type == kV6TimeExceeded && code == 0) {
    return Verdict{.kind = ReplyKind::TimeExceeded};
  }
  if (type == kV6Unreachable) {
    return Verdict{.code = CodeOfV6(code)};
  }
  if (type == kV6PacketTooBig) {
    return Verdict{.code = UnreachableCode::FragNeeded};
  }
  if (type == kV6ParameterProblem && code == kUnknownNextHeader) {
    return Verdict{.code = UnreachableCode::Protocol};
  }
  return std::nullopt;
}

bool IsPortClosedAtDestination(const ProbeReply& reply) {
  return reply.kind == ReplyKind::Unreachable && reply.code == UnreachableCode::Port &&
         reply.protocol == ProbeProtocol::Udp && reply.responder == reply.destination;
}

Decoded DecodeIcmpError(const WireReply& wire, const Verdict& verdict) {
  constexpr std::size_t kAlwaysQuoted = 8;
  const IpFamily family = wire.source.Family();
  const IcmpErrorParts parts = SplitIcmpError(wire.message, family);
  const auto read = family == IpFamily::Ipv4 ? ReadQuoteV4(parts.quote) : ReadQuoteV6(parts.quote);
  if (const auto* error = std::get_if<DecodeError>(&read)) {
    return *error;
  }
  const Quote& quote = *std::get_if<Quote>(&read);
  const std::optional<ProbeProtocol> protocol = ProtocolOf(quote);
  if (!protocol) {
    return DecodeError::Unrelated;
  }
  if (quote.message.size() < kAlwaysQuoted) {
    return DecodeError::Malformed;
  }
  ProbeReply reply;
  reply.kind = verdict.kind;
  reply.code = verdict.code;
  reply.responder = wire.source;
  reply.reply_ttl = wire.ttl;
  reply.protocol = *protocol;
  reply.destination = quote.destination;
  reply.quoted_ttl = wire.is_rebuilt ? std::nullopt : std::optional(quote.ttl);
  if (!ReadQuotedProbe(quote, reply) || !IsFlowPort(reply.flow_port)) {
    return DecodeError::Unrelated;
  }
  if (IsPortClosedAtDestination(reply)) {
    reply.kind = ReplyKind::Reached;
    reply.code = UnreachableCode::Other;
  }
  reply.mpls = ReadMplsLabels(parts.extension);
  return reply;
}

Decoded DecodeIcmp(const WireReply& wire) {
  const bool is_v4 = wire.source.Family() == IpFamily::Ipv4;
  if (wire.message.size() < kIcmpHeaderBytes ||
      (is_v4 && ChecksumSum().Add(wire.message).Folded() != 0xFFFF)) {
    return DecodeError::Malformed;
  }
  ByteReader reader(wire.message);
  const std::uint8_t type = reader.U8();
  const std::uint8_t code = reader.U8();
  if (type == (is_v4 ? kV4EchoReply : kV6EchoReply)) {
    return DecodeEchoReply(wire);
  }
  const std::optional<Verdict> verdict = is_v4 ? VerdictOfV4(type, code) : VerdictOfV6(type, code);
  if (!verdict) {
    return DecodeError::Unrelated;
  }
  return DecodeIcmpError(wire, *verdict);
}

}  // namespace

std::size_t EncodeProbe(const ProbePacket& probe, std::span<std::byte> buffer) noexcept {
  switch (probe.protocol) {
    case ProbeProtocol::Icmp:
      return EncodeIcmp(probe, buffer);
    case ProbeProtocol::Udp:
      return EncodeUdp(probe, buffer);
    case ProbeProtocol::Tcp:
      return EncodeTcp(probe, buffer);
  }
  return 0;
}

std::variant<ProbeReply, DecodeError> DecodeReply(const WireReply& reply) noexcept {
  switch (reply.protocol) {
    case ProbeProtocol::Icmp:
      return DecodeIcmp(reply);
    case ProbeProtocol::Udp:
      return DecodeUdp(reply);
    case ProbeProtocol::Tcp:
      return DecodeTcp(reply);
  }
  return DecodeError::Unrelated;
}

}  // namespace pathwitness
