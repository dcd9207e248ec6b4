#include "tests/support/wire_packets.h"

#include <algorithm>
#include <random>

namespace pathwitness {
namespace {

constexpr std::size_t kIpv4HeaderBytes = 20;
constexpr std::size_t kIpv6HeaderBytes = 40;
constexpr std::size_t kIcmpHeaderBytes = 8;
constexpr std::size_t kTcpHeaderBytes = 20;
constexpr std::size_t kQuoteBeforeExtension = 128;  // RFC 4884 section 4.5
constexpr std::size_t kMaxIcmpv4Error = 576;        // RFC 1812 section 4.3.2.3
constexpr std::size_t kMaxIcmpv6Error = 1280;       // RFC 4443 section 2.4 (c)

constexpr std::uint8_t kIcmpv4 = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmpv6 = 58;

std::uint8_t Get8(std::span<const std::byte> bytes, std::size_t at) {
  return std::to_integer<std::uint8_t>(bytes[at]);
}

std::uint16_t Get16(std::span<const std::byte> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(Get8(bytes, at) << 8U | Get8(bytes, at + 1));
}

std::uint32_t Get32(std::span<const std::byte> bytes, std::size_t at) {
  return std::uint32_t{Get16(bytes, at)} << 16U | Get16(bytes, at + 2);
}

void Put8(std::span<std::byte> bytes, std::size_t at, unsigned value) {
  bytes[at] = std::byte(value & 0xFFU);
}

void Put16(std::span<std::byte> bytes, std::size_t at, unsigned value) {
  Put8(bytes, at, value >> 8U);
  Put8(bytes, at + 1, value);
}

void Put32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value) {
  Put16(bytes, at, value >> 16U);
  Put16(bytes, at + 2, value & 0xFFFFU);
}

void PutBytes(std::span<std::byte> bytes, std::size_t at, std::span<const std::byte> value) {
  std::ranges::copy(value, bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

std::uint64_t SumWords(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0;
  std::size_t at = 0;
  for (; at + 1 < bytes.size(); at += 2) {
    sum += Get16(bytes, at);
  }
  return at < bytes.size() ? sum + (std::uint64_t{Get8(bytes, at)} << 8U) : sum;
}

std::uint16_t Fold(std::uint64_t sum) {
  while (sum > 0xFFFFU) {
    sum = (sum & 0xFFFFU) + (sum >> 16U);
  }
  return static_cast<std::uint16_t>(~sum & 0xFFFFU);
}

bool IsIpv4(std::span<const std::byte> packet) {
  return Get8(packet, 0) >> 4U == 4;
}

std::size_t HeaderBytes(std::span<const std::byte> packet) {
  return IsIpv4(packet) ? (Get8(packet, 0) & 0x0FU) * std::size_t{4} : kIpv6HeaderBytes;
}

std::uint8_t Protocol(std::span<const std::byte> packet) {
  return Get8(packet, IsIpv4(packet) ? 9 : 6);
}

/// Where the source address stands; the destination follows.
std::size_t SourceOffset(std::span<const std::byte> packet) {
  return IsIpv4(packet) ? 12 : 8;
}

std::size_t AddressBytes(std::span<const std::byte> packet) {
  return IsIpv4(packet) ? 4 : 16;
}

IpAddress AddressAt(std::span<const std::byte> packet, std::size_t index) {
  const std::size_t size = AddressBytes(packet);
  return IpAddress::FromBytes(IsIpv4(packet) ? IpFamily::Ipv4 : IpFamily::Ipv6,
                              packet.subspan(SourceOffset(packet) + index * size, size));
}

void SealIpv4Header(std::span<std::byte> header) {
  Put16(header, 10, 0);
  Put16(header, 10, Fold(SumWords(header)));
}

/// Writes the lengths and checksums that belong to the packet's present bytes.
void Seal(std::span<std::byte> packet) {
  const std::size_t header = HeaderBytes(packet);
  const std::span<std::byte> message = packet.subspan(header);
  const std::uint8_t protocol = Protocol(packet);
  if (IsIpv4(packet)) {
    Put16(packet, 2, static_cast<unsigned>(packet.size()));
    SealIpv4Header(packet.first(header));
  } else {
    Put16(packet, 4, static_cast<unsigned>(message.size()));
  }
  const std::size_t checksum_at = protocol == kTcp ? 16 : 2;
  Put16(message, checksum_at, 0);
  std::uint64_t sum = SumWords(message);
  if (protocol != kIcmpv4) {
    const std::size_t addresses = 2 * AddressBytes(packet);
    sum += SumWords(packet.subspan(SourceOffset(packet), addresses)) + message.size() + protocol;
  }
  Put16(message, checksum_at, Fold(sum));
}

struct AnswerHeader {
  IpAddress source;
  IpAddress destination;
  std::uint8_t ttl = 64;
  std::uint8_t protocol = 0;
};

/// Returns the header's size. Lengths and checksums are Seal's.
std::size_t WriteIpHeader(const AnswerHeader& header, std::span<std::byte> packet) {
  const bool is_ipv4 = header.source.Family() == IpFamily::Ipv4;
  const std::size_t size = is_ipv4 ? kIpv4HeaderBytes : kIpv6HeaderBytes;
  std::ranges::fill(packet.first(size), std::byte{0});
  Put8(packet, 0, is_ipv4 ? 0x45 : 0x60);
  Put8(packet, is_ipv4 ? 8 : 7, header.ttl);
  Put8(packet, is_ipv4 ? 9 : 6, header.protocol);
  const std::size_t at = SourceOffset(packet);
  PutBytes(packet, at, header.source.Bytes());
  PutBytes(packet, at + header.source.Bytes().size(), header.destination.Bytes());
  return size;
}

std::uint8_t IcmpProtocol(IpFamily family) {
  return family == IpFamily::Ipv4 ? kIcmpv4 : kIcmpv6;
}

void WriteTypeAndCode(IcmpErrorKind kind, IpFamily family, std::span<std::byte> message) {
  const bool is_ipv4 = family == IpFamily::Ipv4;
  switch (kind) {
    case IcmpErrorKind::TimeExceeded:
      Put16(message, 0, is_ipv4 ? 11U << 8U : 3U << 8U);
      return;
    case IcmpErrorKind::PortUnreachable:
      Put16(message, 0, is_ipv4 ? 3U << 8U | 3U : 1U << 8U | 4U);
      return;
    case IcmpErrorKind::AdminProhibited:
      Put16(message, 0, is_ipv4 ? 3U << 8U | 13U : 1U << 8U | 1U);
      return;
  }
}

/// The extension structure with one MPLS label stack object. Source: RFC 4884, RFC 4950.
std::size_t WriteMplsExtension(std::span<const MplsLabel> labels, std::span<std::byte> extension) {
  const std::size_t size = 8 + 4 * labels.size();
  Put32(extension, 0, 0x20000000);  // version 2, checksum 0 for now
  Put16(extension, 4, static_cast<unsigned>(4 + 4 * labels.size()));
  Put16(extension, 6, 0x0101);  // class 1: MPLS label stack, type 1: incoming
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const MplsLabel& label = labels[i];
    Put32(extension, 8 + 4 * i,
          label.label << 12U | std::uint32_t{label.traffic_class} << 9U |
              std::uint32_t{label.is_bottom} << 8U | label.ttl);
  }
  Put16(extension, 2, Fold(SumWords(extension.first(size))));
  return size;
}

/// Writes the probe's front as the router saw it, with `ttl`.
std::size_t WriteQuote(const WireProbe& probe, const IcmpError& error, std::size_t limit,
                       std::span<std::byte> quote) {
  const std::size_t behind = probe.packet.size() - probe.header_bytes;
  const std::size_t size =
      std::min(probe.header_bytes + std::min(error.quote_bytes, behind), limit);
  PutBytes(quote, 0, probe.packet.first(size));
  if (probe.Family() == IpFamily::Ipv4) {
    Put8(quote, 8, error.quoted_ttl);
    SealIpv4Header(quote.first(probe.header_bytes));
  } else {
    Put8(quote, 7, error.quoted_ttl);
  }
  return size;
}

}  // namespace

std::optional<WireProbe> ReadProbe(std::span<std::byte> packet) {
  if (packet.size() < kIpv4HeaderBytes || (!IsIpv4(packet) && packet.size() < kIpv6HeaderBytes)) {
    return std::nullopt;
  }
  WireProbe probe;
  probe.packet = packet;
  probe.header_bytes = HeaderBytes(packet);
  if (packet.size() < probe.header_bytes + kIcmpHeaderBytes) {
    return std::nullopt;
  }
  const auto message = packet.subspan(probe.header_bytes);
  probe.source = AddressAt(packet, 0);
  probe.destination = AddressAt(packet, 1);
  probe.ttl = Get8(packet, IsIpv4(packet) ? 8 : 7);
  const std::uint8_t protocol = Protocol(packet);
  if (protocol == kIcmpv4 || protocol == kIcmpv6) {
    probe.protocol = ProbeProtocol::Icmp;
    probe.flow_port = Get16(message, 4);
    probe.token = Get16(message, 6);
    const bool is_request = Get8(message, 0) == (protocol == kIcmpv4 ? 8 : 128);
    return is_request ? std::optional(probe) : std::nullopt;
  }
  probe.flow_port = Get16(message, 0);
  probe.destination_port = Get16(message, 2);
  if (protocol == kUdp) {
    probe.protocol = ProbeProtocol::Udp;
    probe.token = Get16(message, 6);
    return probe;
  }
  constexpr unsigned kSyn = 0x02;
  if (protocol != kTcp || message.size() < kTcpHeaderBytes || Get8(message, 13) != kSyn) {
    return std::nullopt;
  }
  probe.protocol = ProbeProtocol::Tcp;
  probe.token = Get32(message, 4);
  return probe;
}

std::uint64_t FlowHash(const WireProbe& probe, std::uint64_t salt) {
  constexpr std::uint64_t kFnvPrime = 0x100000001b3;
  std::uint64_t hash = 0xcbf29ce484222325 ^ salt;
  const auto mix = [&hash](std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) {
      hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * kFnvPrime;
    }
  };
  mix(probe.source.Bytes());
  mix(probe.destination.Bytes());
  mix(std::as_bytes(std::span(&probe.protocol, 1)));
  mix(probe.packet.subspan(probe.header_bytes, 4));
  return hash ^ hash >> 32U;  // the lowest bits of this hash alone spread badly
}

std::size_t WriteIcmpError(const WireProbe& probe, const IcmpError& error, AnswerBuffer& buffer) {
  const IpFamily family = probe.Family();
  const std::span<std::byte> packet(buffer);
  const std::size_t header =
      WriteIpHeader({error.responder, probe.source, error.reply_ttl, IcmpProtocol(family)}, packet);
  const auto message = packet.subspan(header);
  Put32(message, 4, 0);
  WriteTypeAndCode(error.kind, family, message);

  const bool is_ipv4 = family == IpFamily::Ipv4;
  const std::size_t largest = is_ipv4 ? kMaxIcmpv4Error : kMaxIcmpv6Error;
  const std::size_t limit =
      error.mpls.empty() ? largest - header - kIcmpHeaderBytes : kQuoteBeforeExtension;
  std::size_t size =
      kIcmpHeaderBytes + WriteQuote(probe, error, limit, message.subspan(kIcmpHeaderBytes));
  if (!error.mpls.empty()) {
    const std::size_t extension_at = kIcmpHeaderBytes + kQuoteBeforeExtension;
    std::ranges::fill(message.subspan(size, extension_at - size), std::byte{0});
    size = extension_at + WriteMplsExtension(error.mpls, message.subspan(extension_at));
    constexpr unsigned kQuote = kQuoteBeforeExtension;
    Put8(message, is_ipv4 ? 5 : 4, is_ipv4 ? kQuote / 4 : kQuote / 8);
  }
  Seal(packet.first(header + size));
  return header + size;
}

std::size_t WriteEchoReply(const WireProbe& probe, std::uint8_t reply_ttl, AnswerBuffer& buffer) {
  const std::span<std::byte> packet(buffer);
  const std::size_t header = WriteIpHeader(
      {probe.destination, probe.source, reply_ttl, IcmpProtocol(probe.Family())}, packet);
  const auto request = probe.packet.subspan(probe.header_bytes);
  const std::size_t size = header + request.size();
  PutBytes(packet, header, request);
  Put8(packet, header, probe.Family() == IpFamily::Ipv4 ? 0 : 129);
  Seal(packet.first(size));
  return size;
}

std::size_t WriteTcpAnswer(const WireProbe& probe, bool is_open, std::uint8_t reply_ttl,
                           AnswerBuffer& buffer) {
  const std::span<std::byte> packet(buffer);
  const std::size_t header =
      WriteIpHeader({probe.destination, probe.source, reply_ttl, kTcp}, packet);
  const auto segment = packet.subspan(header, kTcpHeaderBytes);
  Put16(segment, 0, probe.destination_port);
  Put16(segment, 2, probe.flow_port);
  Put32(segment, 4, is_open ? 0x01020304 : 0);
  Put32(segment, 8, probe.token + 1);
  Put16(segment, 12, is_open ? 0x5012 : 0x5014);  // 5 words; SYN+ACK or RST+ACK
  Put16(segment, 14, is_open ? 65535 : 0);
  Put32(segment, 16, 0);
  Seal(packet.first(header + kTcpHeaderBytes));
  return header + kTcpHeaderBytes;
}

std::size_t WriteProbe(const ProbePacket& probe, AnswerBuffer& buffer) {
  const std::span<std::byte> packet(buffer);
  std::uint8_t protocol = IcmpProtocol(probe.destination.Family());
  if (probe.protocol != ProbeProtocol::Icmp) {
    protocol = probe.protocol == ProbeProtocol::Udp ? kUdp : kTcp;
  }
  const std::size_t header =
      WriteIpHeader({probe.source, probe.destination, probe.ttl, protocol}, packet);
  const std::size_t size = header + EncodeProbe(probe, packet.subspan(header));
  if (IsIpv4(packet)) {
    Put16(packet, 2, static_cast<unsigned>(size));
    SealIpv4Header(packet.first(header));
  } else {
    Put16(packet, 4, static_cast<unsigned>(size - header));
  }
  return size;
}

void CorruptToken(WireProbe& probe) {
  const std::size_t at = probe.header_bytes + (probe.protocol == ProbeProtocol::Tcp ? 4 : 6);
  Put16(probe.packet, at, Get16(probe.packet, at) ^ 0x5A5AU);
  probe.token ^= probe.protocol == ProbeProtocol::Tcp ? 0x5A5A0000U : 0x5A5AU;
}

void CorruptPayload(WireProbe& probe) {
  const std::size_t payload = probe.header_bytes + kIcmpHeaderBytes;
  for (std::byte& byte : probe.packet.subspan(payload)) {
    byte ^= std::byte{0x5A};
  }
}

void CorruptDestination(WireProbe& probe) {
  const std::size_t last = SourceOffset(probe.packet) + 2 * AddressBytes(probe.packet) - 1;
  probe.packet[last] ^= std::byte{0x40};
  probe.destination = AddressAt(probe.packet, 1);
}

void FillWithNoise(std::span<std::byte> answer, std::uint64_t seed) {
  std::minstd_rand random(static_cast<std::minstd_rand::result_type>(seed));
  const std::size_t header = HeaderBytes(answer) + kIcmpHeaderBytes;
  std::ranges::generate(answer.subspan(header), [&] { return std::byte(random() & 0xFFU); });
  Seal(answer);
}

std::size_t CutShort(std::span<std::byte> answer) {
  const std::size_t size =
      std::min(answer.size(), HeaderBytes(answer) + kIcmpHeaderBytes + kIcmpHeaderBytes);
  Seal(answer.first(size));
  return size;
}

void BreakChecksum(std::span<std::byte> answer) {
  const std::size_t at = HeaderBytes(answer) + (Protocol(answer) == kTcp ? 16 : 2);
  Put16(answer, at, Get16(answer, at) ^ 0x0101U);
}

void ReplaceSender(std::span<std::byte> answer, const IpAddress& address) {
  PutBytes(answer, SourceOffset(answer), address.Bytes());
  Seal(answer);
}

}  // namespace pathwitness
