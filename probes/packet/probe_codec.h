#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "probes/base/ip_address.h"

// Bytes <-> meaning of trace probes and their replies. Pure and hostile-proof: nothing here reads
// past its input, allocates without bound, or throws.
//
// Where a probe's identity travels (all of it is quoted back by any router, which must quote the
// IP header and 8 bytes: RFC 792, RFC 4443 section 3.3):
//
//            flow (constant in a round)                token (new for every probe)
//   ICMP     identifier = flow port, and the checksum  sequence number
//   UDP      source and destination port               checksum (RFC 768), never 0
//   TCP SYN  source and destination port               sequence number; SYN-ACK and RST acknowledge
//   it + 1
//
// A router may hash an ICMP flow by its first four bytes, which hold the checksum (Augustin et
// al., "Avoiding traceroute anomalies with Paris traceroute", IMC 2006); so the payload is
// balanced to keep the ICMP checksum equal within a flow, and to make the UDP checksum the token.
// Payloads also carry the whole 64-bit key of the probe, which echo replies and most quotes return:
// where it is present it must match.
//
// UDP: 0 means "no checksum" and is no token; 0xFFFF is one (it is how a sum of 0 is sent), so all
// other 65,535 values can be had. An answer by UDP itself quotes nothing: it names a flow only.
namespace pathwitness {

enum class ProbeProtocol : std::uint8_t { Icmp, Udp, Tcp };

/// A probe as a value: what must be on the wire. Ports and identifiers in host order.
struct ProbePacket {
  ProbeProtocol protocol = ProbeProtocol::Icmp;
  IpAddress source;
  IpAddress destination;
  std::uint8_t ttl = 64;
  std::uint16_t flow_port = 0;         // ICMP identifier; UDP and TCP source port
  std::uint16_t destination_port = 0;  // UDP and TCP
  std::uint32_t token = 0;             // ICMP and UDP: 16 bits, UDP never 0; TCP: 32 bits
  std::uint64_t secret = 0;            // the probe's key in the payload; never 0
  std::uint16_t payload_bytes = 32;    // ICMP and UDP: at least kMinPayloadBytes

  bool operator==(const ProbePacket&) const = default;
};

/// 8 bytes of key and 2 that balance the checksum.
inline constexpr std::uint16_t kMinPayloadBytes = 10;
/// Largest message EncodeProbe makes.
inline constexpr std::size_t kMaxProbeBytes = 1472;

/// The ICMP, UDP or TCP message (no IP header) with a correct checksum, written to the front of
/// `buffer`; returns how many bytes.
///
/// payload_bytes is clamped to kMinPayloadBytes..kMaxProbeBytes - 20; TCP has none. The source
/// address must be the one the packet leaves from, unless the protocol is ICMPv4.
/// Pre: `buffer` holds at least kMaxProbeBytes.
std::size_t EncodeProbe(const ProbePacket& probe, std::span<std::byte> buffer) noexcept;

/// One entry of an MPLS label stack. Source: RFC 4950, RFC 3032.
struct MplsLabel {
  std::uint32_t label = 0;         // 20 bits
  std::uint8_t traffic_class = 0;  // 3 bits
  bool is_bottom = false;
  std::uint8_t ttl = 0;

  bool operator==(const MplsLabel&) const = default;
};

enum class ReplyKind : std::uint8_t {
  TimeExceeded,  // a router on the way
  Reached,       // echo reply, SYN-ACK, RST, UDP answer, or port unreachable from the destination
  Unreachable,   // any other destination unreachable; `code` says which
};

/// The `code` label of path_unreachable_total, from ICMPv4 (RFC 792, 1812) or ICMPv6 (RFC 4443).
enum class UnreachableCode : std::uint8_t { Net, Host, Protocol, Port, FragNeeded, Admin, Other };

/// A packet that arrived, as the port hands it over.
struct WireReply {
  ProbeProtocol protocol = ProbeProtocol::Icmp;  // Icmp: ICMP or ICMPv6
  IpAddress source;                              // who sent it (outer IP header)
  std::uint8_t ttl = 0;                          // of the outer header on arrival; 0: unknown
  std::span<const std::byte> message;            // starts at the ICMP, UDP or TCP header
  // By a port that is not shown the quoted IP header: no quoted TTL can be told.
  bool is_rebuilt = false;
};

/// What a reply says. It answers the probe {protocol, destination, flow_port, destination_port,
/// token}; whether that probe was ever sent is the tracer's to know.
struct ProbeReply {
  ReplyKind kind = ReplyKind::TimeExceeded;
  UnreachableCode code = UnreachableCode::Other;  // of Unreachable
  IpAddress responder;
  std::uint8_t reply_ttl = 0;

  ProbeProtocol protocol = ProbeProtocol::Icmp;
  IpAddress destination;  // of the probe: quoted, or the responder when it answered itself
  std::uint16_t flow_port = 0;
  std::uint16_t destination_port = 0;           // 0 for ICMP
  std::uint32_t token = 0;                      // 0 for UDP: the answer carries none
  std::optional<std::uint64_t> secret = {};     // when enough payload came back
  std::optional<std::uint8_t> quoted_ttl = {};  // absent in direct answers
  std::vector<MplsLabel> mpls = {};             // outermost first

  bool operator==(const ProbeReply&) const = default;
};

enum class DecodeError : std::uint8_t {
  Malformed,  // truncated, inconsistent lengths, or a checksum that is wrong
  Unrelated,  // well formed but no answer to any probe of ours: other types, other flow ports
};

/// Reads an arrived message. Never fails otherwise; bad MPLS extensions are dropped, not errors.
/// The ICMPv4 checksum is verified (the kernel does so for ICMPv6 but not for raw ICMPv4).
/// Source: RFC 792, 4443, 4884, 4950, 768, 9293.
std::variant<ProbeReply, DecodeError> DecodeReply(const WireReply& reply) noexcept;

/// Flow ports and ICMP identifiers are 0xF000..0xFFFF, above Linux's default ephemeral range, so
/// that a socket filter can tell our answers from the host's other traffic.
inline constexpr std::uint16_t kFlowPortBase = 0xF000;
constexpr bool IsFlowPort(std::uint16_t port) {
  return port >= kFlowPortBase;
}

}  // namespace pathwitness
