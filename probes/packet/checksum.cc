#include "probes/packet/checksum.h"

namespace pathwitness {

ChecksumSum& ChecksumSum::Add(std::span<const std::byte> bytes) {
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    sum_ += (std::to_integer<std::uint64_t>(bytes[i]) << 8U) |
            std::to_integer<std::uint64_t>(bytes[i + 1]);
  }
  if (bytes.size() % 2 == 1) {
    sum_ += std::to_integer<std::uint64_t>(bytes.back()) << 8U;
  }
  return *this;
}

ChecksumSum& ChecksumSum::AddPseudoHeader(const IpAddress& source, const IpAddress& destination,
                                          std::uint8_t protocol, std::size_t length) {
  Add(source.Bytes());
  Add(destination.Bytes());
  sum_ += protocol;
  sum_ += length;
  return *this;
}

std::uint16_t ChecksumSum::Folded() const {
  std::uint64_t folded = sum_;
  while (folded > 0xFFFF) {
    folded = (folded & 0xFFFFU) + (folded >> 16U);
  }
  return static_cast<std::uint16_t>(folded);
}

std::uint16_t ChecksumSum::BalanceFor(std::uint16_t checksum) const {
  // In ones' complement, adding the complement subtracts.
  return ChecksumSum().Add(static_cast<std::uint16_t>(~checksum)).Add(Checksum()).Folded();
}

}  // namespace pathwitness
