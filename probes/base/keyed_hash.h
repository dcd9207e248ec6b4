#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace pathwitness {

/// 128 bits of secret for KeyedHash.
using HashKey = std::array<std::uint64_t, 2>;

/// SipHash-2-4 of a few words: short, fast, and without the key nobody predicts the next value
/// from those seen. Source: Aumasson, Bernstein, "SipHash: a fast short-input PRF" (2012); the
/// input is the words in little-endian order.
template <std::size_t N>
constexpr std::uint64_t KeyedHash(const HashKey& key, const std::array<std::uint64_t, N>& words) {
  std::uint64_t v0 = key[0] ^ 0x736f6d6570736575ULL;
  std::uint64_t v1 = key[1] ^ 0x646f72616e646f6dULL;
  std::uint64_t v2 = key[0] ^ 0x6c7967656e657261ULL;
  std::uint64_t v3 = key[1] ^ 0x7465646279746573ULL;
  const auto round = [&] {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  };
  const auto absorb = [&](std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };
  for (const std::uint64_t word : words) {
    absorb(word);
  }
  absorb(static_cast<std::uint64_t>(N * 8) << 56U);  // the last block holds the length
  v2 ^= 0xff;
  round();
  round();
  round();
  round();
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace pathwitness
