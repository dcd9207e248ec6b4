#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "probes/base/ip_address.h"

namespace pathwitness {

/// The Internet checksum, added up part by part. Source: RFC 1071.
///
/// Every part but the last must have an even number of bytes; an odd last byte counts as if a zero
/// followed. A message that contains its own correct checksum sums up to 0xFFFF.
class ChecksumSum {
 public:
  ChecksumSum& Add(std::span<const std::byte> bytes);
  ChecksumSum& Add(std::uint16_t word) {
    sum_ += word;
    return *this;
  }

  /// What ICMPv6, UDP and TCP put before their message. `length` is the message's.
  /// Source: RFC 768, RFC 9293 section 3.1, RFC 8200 section 8.1.
  ChecksumSum& AddPseudoHeader(const IpAddress& source, const IpAddress& destination,
                               std::uint8_t protocol, std::size_t length);

  /// The ones' complement sum; 0 only when every byte was 0.
  std::uint16_t Folded() const;

  /// What goes into the checksum field.
  std::uint16_t Checksum() const { return static_cast<std::uint16_t>(~Folded()); }

  /// The word to add so that Checksum() becomes `checksum`.
  ///
  /// 0xFFFF cannot be had (the sum would have to be 0), and 0 comes instead; UDP sends that as
  /// 0xFFFF (RFC 768), so that all its checksums but "none" can be chosen.
  std::uint16_t BalanceFor(std::uint16_t checksum) const;

 private:
  std::uint64_t sum_ = 0;
};

}  // namespace pathwitness
