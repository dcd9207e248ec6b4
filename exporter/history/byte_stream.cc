#include "exporter/history/byte_stream.h"

#include <array>
#include <cmath>
#include <span>

namespace pathwitness {
namespace {

constexpr unsigned kBits = 7;
constexpr std::uint8_t kMore = 0x80;
constexpr double kLongest = 1e9;  // seconds

// Before an address; 0 stands for none.
constexpr std::uint8_t kIpv4 = 4;
constexpr std::uint8_t kIpv6 = 6;

}  // namespace

void ByteWriter::Number(std::uint64_t value) {
  for (; value >= kMore; value >>= kBits) {
    Byte(static_cast<std::uint8_t>(value | kMore));
  }
  Byte(static_cast<std::uint8_t>(value));
}

void ByteWriter::Signed(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  Number(value < 0 ? ~(bits << 1U) : bits << 1U);
}

void ByteWriter::Microseconds(double seconds) {
  const bool is_sound = seconds > 0 && seconds < kLongest;
  Number(is_sound ? static_cast<std::uint64_t>(std::llround(seconds * 1e6)) : 0);
}

void ByteWriter::Address(const std::optional<IpAddress>& address) {
  if (!address) {
    Byte(0);
    return;
  }
  Byte(address->Family() == IpFamily::Ipv4 ? kIpv4 : kIpv6);
  for (const std::byte byte : address->Bytes()) {
    Byte(std::to_integer<std::uint8_t>(byte));
  }
}

std::uint8_t ByteReader::Byte() {
  if (bytes_.empty() || has_failed_) {
    has_failed_ = true;
    return 0;
  }
  const auto byte = static_cast<std::uint8_t>(bytes_.front());
  bytes_.remove_prefix(1);
  return byte;
}

std::uint64_t ByteReader::Number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += kBits) {
    const std::uint8_t byte = Byte();
    value |= static_cast<std::uint64_t>(byte & ~kMore) << shift;
    if ((byte & kMore) == 0) {
      return has_failed_ ? 0 : value;
    }
  }
  Fail();
  return 0;
}

std::int64_t ByteReader::Signed() {
  const std::uint64_t bits = Number();
  return static_cast<std::int64_t>((bits & 1U) != 0 ? ~(bits >> 1U) : bits >> 1U);
}

std::optional<IpAddress> ByteReader::Address() {
  const std::uint8_t family = Byte();
  if (family != kIpv4 && family != kIpv6) {
    has_failed_ = has_failed_ || family != 0;
    return std::nullopt;
  }
  std::array<std::byte, 16> bytes{};
  const std::size_t size = family == kIpv4 ? 4 : bytes.size();
  for (std::size_t i = 0; i < size; ++i) {
    bytes.at(i) = std::byte{Byte()};
  }
  if (has_failed_) {
    return std::nullopt;
  }
  return IpAddress::FromBytes(family == kIpv4 ? IpFamily::Ipv4 : IpFamily::Ipv6,
                              std::span(bytes).first(size));
}

std::size_t ByteReader::Count(std::size_t most) {
  const std::uint64_t count = Number();
  if (count > most || count > bytes_.size()) {
    Fail();
    return 0;
  }
  return count;
}

}  // namespace pathwitness
