#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/packet/probe_codec.h"

// Whole IP packets as routers and destinations see and make them. Written apart from probes/packet
// on purpose: an error there must not meet its own twin here.
namespace pathwitness {

/// A probe as it passes the tap.
struct WireProbe {
  ProbeProtocol protocol = ProbeProtocol::Icmp;
  IpAddress source;
  IpAddress destination;
  std::uint8_t ttl = 0;
  std::uint16_t flow_port = 0;         // ICMP identifier; UDP and TCP source port
  std::uint16_t destination_port = 0;  // 0 for ICMP
  std::uint32_t token = 0;             // ICMP sequence, UDP checksum, TCP sequence number
  std::span<std::byte> packet;         // from the IP header on
  std::size_t header_bytes = 0;        // of the IP header

  IpFamily Family() const { return destination.Family(); }
};

/// Reads an echo request, UDP datagram or TCP SYN. Empty for everything else that a kernel sends
/// on its own: router solicitations, resets.
std::optional<WireProbe> ReadProbe(std::span<std::byte> packet);

/// What a load balancer hashes: addresses, protocol and the first four bytes behind the IP header,
/// which are the ports or, in ICMP, type, code and checksum.
std::uint64_t FlowHash(const WireProbe& probe, std::uint64_t salt);

/// Largest packet that is answered: what a 1500-byte link carries, plus the answer's own headers.
inline constexpr std::size_t kMaxAnswerBytes = 1600;
using AnswerBuffer = std::array<std::byte, kMaxAnswerBytes>;

enum class IcmpErrorKind : std::uint8_t { TimeExceeded, PortUnreachable, AdminProhibited };

struct IcmpError {
  IcmpErrorKind kind = IcmpErrorKind::TimeExceeded;
  IpAddress responder;
  std::uint8_t reply_ttl = 64;
  std::uint8_t quoted_ttl = 1;
  std::size_t quote_bytes = 8;  // at most, of the probe behind its IP header
  std::span<const MplsLabel> mpls;
};

/// Each of these writes a packet to the front of `buffer` and returns its size in bytes.
std::size_t WriteIcmpError(const WireProbe& probe, const IcmpError& error, AnswerBuffer& buffer);
/// Pre: the probe is an echo request.
std::size_t WriteEchoReply(const WireProbe& probe, std::uint8_t reply_ttl, AnswerBuffer& buffer);
/// SYN-ACK or RST. Pre: the probe is a TCP SYN.
std::size_t WriteTcpAnswer(const WireProbe& probe, bool is_open, std::uint8_t reply_ttl,
                           AnswerBuffer& buffer);

/// The whole packet of a probe, as a prober's kernel would send it.
std::size_t WriteProbe(const ProbePacket& probe, AnswerBuffer& buffer);

/// Changes in place; each keeps the packet's own checksums as they are.
void CorruptToken(WireProbe& probe);
void CorruptPayload(WireProbe& probe);
void CorruptDestination(WireProbe& probe);

/// Changes an answer behind its ICMP header, in place, and makes its checksums right again.
void FillWithNoise(std::span<std::byte> answer, std::uint64_t seed);
/// Cuts an answer within its quote; returns the new size.
std::size_t CutShort(std::span<std::byte> answer);
/// Makes the ICMP or TCP checksum wrong.
void BreakChecksum(std::span<std::byte> answer);
/// Makes `address` the sender of an answer, with right checksums.
void ReplaceSender(std::span<std::byte> answer, const IpAddress& address);

}  // namespace pathwitness
