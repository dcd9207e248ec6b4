#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace pathwitness {

/// A secret that two pathwitness share.
using MacKey = std::array<std::byte, 32>;
using MacBytes = std::array<std::byte, 16>;

/// HMAC-SHA-256, of which the first 128 bits are kept, as RFC 8762, 4.4 does. Never fails.
MacBytes MacOf(const MacKey& key, std::span<const std::byte> message);

/// Takes as long for unequal ones as for equal ones, so that nobody finds out byte by byte.
bool IsSameMac(std::span<const std::byte> a, std::span<const std::byte> b);

}  // namespace pathwitness
