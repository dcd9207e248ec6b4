#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pathwitness {

enum class IpFamily : std::uint8_t { Ipv4, Ipv6 };

/// "ipv4" or "ipv6", as in the `family` label.
std::string_view FamilyName(IpFamily family);

/// An IPv4 or IPv6 address as a value. Bytes are in network order.
///
/// The default value is 0.0.0.0. Scope ids of link-local addresses are not kept.
class IpAddress {
 public:
  IpAddress() = default;

  /// Reads dotted-quad IPv4 or RFC 4291 IPv6 text, without brackets, port, prefix length or zone.
  /// Empty when the text is anything else.
  static std::optional<IpAddress> Parse(std::string_view text);

  /// Pre: `bytes` holds 4 bytes (IPv4) or 16 (IPv6), in network order.
  static IpAddress FromBytes(IpFamily family, std::span<const std::byte> bytes);

  /// 0.0.0.0 or ::.
  static IpAddress Any(IpFamily family);

  IpFamily Family() const { return family_; }
  bool IsAny() const { return *this == Any(family_); }
  bool IsLoopback() const;

  /// 4 or 16 bytes in network order.
  std::span<const std::byte> Bytes() const;

  /// The canonical text (RFC 5952 for IPv6).
  std::string ToString() const;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads the comparison with 0 in it
  auto operator<=>(const IpAddress&) const = default;

 private:
  IpFamily family_ = IpFamily::Ipv4;
  std::array<std::byte, 16> bytes_{};
};

/// A block of addresses, as in "192.0.2.0/24".
class IpPrefix {
 public:
  /// Reads "address/length"; host bits must be zero. Empty when the text is anything else.
  static std::optional<IpPrefix> Parse(std::string_view text);

  bool Contains(const IpAddress& address) const;
  const IpAddress& Base() const { return base_; }
  unsigned Length() const { return length_; }
  std::string ToString() const;
  bool operator==(const IpPrefix&) const = default;

 private:
  IpAddress base_;
  unsigned length_ = 0;
};

}  // namespace pathwitness

template <>
struct std::hash<pathwitness::IpAddress> {
  std::size_t operator()(const pathwitness::IpAddress& address) const noexcept;
};
