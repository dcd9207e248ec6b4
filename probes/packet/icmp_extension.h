#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "probes/packet/probe_codec.h"

namespace pathwitness {

/// The two things behind the header of an ICMP error.
struct IcmpErrorParts {
  std::span<const std::byte> quote;      // starts at the quoted IP header; may be zero-padded
  std::span<const std::byte> extension;  // empty: none
};

/// Takes an ICMP time exceeded or destination unreachable apart.
///
/// `message` starts at the ICMP type byte and holds at least 8 bytes. Its length field counts
/// 32-bit words in ICMPv4 and 64-bit words in ICMPv6. When it is 0 the sender may be a router from
/// before RFC 4884: what follows a quote of 128 bytes is then an extension if its checksum says
/// so. A length beyond the message means that there is no extension.
/// Source: RFC 4884 sections 4 and 5.
IcmpErrorParts SplitIcmpError(std::span<const std::byte> message, IpFamily family) noexcept;

/// The MPLS labels in an extension structure, outermost first; at most 16.
///
/// Empty when there are none or when the structure is damaged, which happens daily in the Internet
/// and is no error of ours. Source: RFC 4884 section 7, RFC 4950.
std::vector<MplsLabel> ReadMplsLabels(std::span<const std::byte> extension) noexcept;

}  // namespace pathwitness
