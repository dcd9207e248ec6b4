#include "probes/base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace pathwitness {
namespace {

int SocketFamily(IpFamily family) {
  return family == IpFamily::Ipv4 ? AF_INET : AF_INET6;
}

constexpr std::size_t AddressLength(IpFamily family) {
  return family == IpFamily::Ipv4 ? 4 : 16;
}

}  // namespace

std::string_view FamilyName(IpFamily family) {
  return family == IpFamily::Ipv4 ? "ipv4" : "ipv6";
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string terminated(text);
  for (const IpFamily family : {IpFamily::Ipv4, IpFamily::Ipv6}) {
    IpAddress address;
    address.family_ = family;
    if (inet_pton(SocketFamily(family), terminated.c_str(), address.bytes_.data()) == 1) {
      return address;
    }
  }
  return std::nullopt;
}

IpAddress IpAddress::FromBytes(IpFamily family, std::span<const std::byte> bytes) {
  IpAddress address;
  address.family_ = family;
  std::copy_n(bytes.begin(), AddressLength(family), address.bytes_.begin());
  return address;
}

IpAddress IpAddress::Any(IpFamily family) {
  IpAddress address;
  address.family_ = family;
  return address;
}

bool IpAddress::IsLoopback() const {
  if (family_ == IpFamily::Ipv4) {
    return bytes_[0] == std::byte{127};
  }
  IpAddress loopback = Any(IpFamily::Ipv6);
  loopback.bytes_[15] = std::byte{1};
  return *this == loopback;
}

std::span<const std::byte> IpAddress::Bytes() const {
  return std::span(bytes_).first(AddressLength(family_));
}

std::string IpAddress::ToString() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(SocketFamily(family_), bytes_.data(), text.data(), text.size());
  return text.data();
}

std::optional<IpPrefix> IpPrefix::Parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return std::nullopt;
  }
  const std::optional<IpAddress> base = IpAddress::Parse(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (!base || error != std::errc() || end != digits.data() + digits.size() ||
      length > base->Bytes().size() * 8) {
    return std::nullopt;
  }
  IpPrefix prefix;
  prefix.base_ = *base;
  prefix.length_ = length;
  const std::span<const std::byte> bytes = base->Bytes();
  for (std::size_t bit = length; bit < bytes.size() * 8; ++bit) {
    if ((bytes[bit / 8] & (std::byte{0x80} >> (bit % 8))) != std::byte{0}) {
      return std::nullopt;
    }
  }
  return prefix;
}

bool IpPrefix::Contains(const IpAddress& address) const {
  if (address.Family() != base_.Family()) {
    return false;
  }
  for (std::size_t bit = 0; bit < length_; ++bit) {
    const std::byte mask = std::byte{0x80} >> (bit % 8);
    if (((address.Bytes()[bit / 8] ^ base_.Bytes()[bit / 8]) & mask) != std::byte{0}) {
      return false;
    }
  }
  return true;
}

std::string IpPrefix::ToString() const {
  return base_.ToString() + "/" + std::to_string(length_);
}

}  // namespace pathwitness

std::size_t std::hash<pathwitness::IpAddress>::operator()(
    const pathwitness::IpAddress& address) const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  const std::span<const std::byte> bytes = address.Bytes();
  std::memcpy(&high, bytes.data(), bytes.size() == 16 ? 8 : 4);
  if (bytes.size() == 16) {
    std::memcpy(&low, bytes.data() + 8, 8);
  }
  // splitmix64's finaliser: addresses of one network differ in few bits only.
  std::uint64_t mixed = high ^ (low * 0x9e3779b97f4a7c15ULL);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31);
}
