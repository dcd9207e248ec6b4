#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

// The only place that knows OpenSSL's digests.
namespace pathwitness {

inline constexpr std::size_t kSha256Bytes = 32;
using Sha256Digest = std::array<unsigned char, kSha256Bytes>;

/// Throws std::runtime_error when OpenSSL has no SHA-256.
Sha256Digest Sha256(std::string_view text);

/// Source: RFC 2104.
Sha256Digest HmacSha256(std::string_view key, std::string_view text);

/// Two digits a byte, lower case.
std::string ToHex(std::span<const unsigned char> bytes);

/// Source: RFC 4648 section 4.
std::string ToBase64(std::span<const unsigned char> bytes);

/// The bytes as text, as a key for HmacSha256.
inline std::string_view AsText(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace pathwitness
