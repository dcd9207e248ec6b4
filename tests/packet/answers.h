#pragma once

#include <span>
#include <vector>

#include "probes/packet/bytes.h"
#include "probes/packet/checksum.h"
#include "probes/packet/probe_codec.h"

// How the world answers a probe, byte by byte: the other half of the codec, for tests.
namespace pathwitness {

inline std::vector<std::byte> Encoded(const ProbePacket& probe) {
  std::vector<std::byte> message(kMaxProbeBytes);
  message.resize(EncodeProbe(probe, message));
  return message;
}

/// Corrects the checksum of an ICMPv4 message; leaves ICMPv6, whose checksum the kernel verifies.
inline void FixIcmpChecksum(std::span<std::byte> message, IpFamily family) {
  if (family == IpFamily::Ipv6 || message.size() < 4) {
    return;
  }
  ByteWriter(message.subspan(2)).U16(0);
  ByteWriter(message.subspan(2)).U16(ChecksumSum().Add(message).Checksum());
}

/// The IP header of `probe` as a router sees it, its TTL run down to `ttl`.
inline std::vector<std::byte> IpHeaderOf(const ProbePacket& probe, std::size_t length,
                                         std::uint8_t ttl) {
  const bool is_v4 = probe.destination.Family() == IpFamily::Ipv4;
  std::vector<std::byte> header(is_v4 ? 20 : 40);
  ByteWriter writer(header);
  const std::uint8_t protocol = probe.protocol == ProbeProtocol::Udp   ? 17
                                : probe.protocol == ProbeProtocol::Tcp ? 6
                                : is_v4                                ? 1
                                                                       : 58;
  if (is_v4) {
    writer.U16(0x4500);
    writer.U16(static_cast<std::uint16_t>(length + header.size()));
    writer.U32(0x00004000);
    writer.U8(ttl);
    writer.U8(protocol);
    writer.U16(0);
  } else {
    writer.U32(0x60000000);
    writer.U16(static_cast<std::uint16_t>(length));
    writer.U8(protocol);
    writer.U8(ttl);
  }
  writer.Put(probe.source.Bytes());
  writer.Put(probe.destination.Bytes());
  return header;
}

/// An ICMP error of type and code that quotes `quoted_bytes` of the probe behind its IP header.
inline std::vector<std::byte> ErrorQuoting(const ProbePacket& probe, std::uint8_t type,
                                           std::uint8_t code,
                                           std::size_t quoted_bytes = kMaxProbeBytes) {
  std::vector<std::byte> message(8);
  ByteWriter writer(message);
  writer.U8(type);
  writer.U8(code);
  std::vector<std::byte> probe_message = Encoded(probe);
  const auto header = IpHeaderOf(probe, probe_message.size(), 1);
  message.insert(message.end(), header.begin(), header.end());
  probe_message.resize(std::min(probe_message.size(), quoted_bytes));
  message.insert(message.end(), probe_message.begin(), probe_message.end());
  FixIcmpChecksum(message, probe.destination.Family());
  return message;
}

inline std::vector<std::byte> TimeExceededFor(const ProbePacket& probe) {
  return ErrorQuoting(probe, probe.destination.Family() == IpFamily::Ipv4 ? 11 : 3, 0);
}

/// The echo reply or the SYN-ACK of the destination.
inline std::vector<std::byte> AnswerOfDestination(const ProbePacket& probe) {
  std::vector<std::byte> message = Encoded(probe);
  if (probe.protocol == ProbeProtocol::Icmp) {
    message[0] = probe.destination.Family() == IpFamily::Ipv4 ? std::byte{0} : std::byte{129};
    FixIcmpChecksum(message, probe.destination.Family());
    return message;
  }
  ByteWriter writer(message);
  writer.U16(probe.destination_port);
  writer.U16(probe.flow_port);
  writer.U32(0x01020304);
  writer.U32(probe.token + 1);
  writer.U16(0x6012);
  return message;
}

}  // namespace pathwitness
