#include "probes/reflect/mac.h"

#include <algorithm>
#include <string_view>

#include "probes/crypto/digest.h"

namespace pathwitness {
namespace {

std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

MacBytes MacOf(const MacKey& key, std::span<const std::byte> message) {
  const Sha256Digest whole = HmacSha256(AsText(key), AsText(message));
  MacBytes mac{};
  std::copy_n(std::as_bytes(std::span(whole)).begin(), mac.size(), mac.begin());
  return mac;
}

bool IsSameMac(std::span<const std::byte> a, std::span<const std::byte> b) {
  if (a.size() != b.size()) {
    return false;
  }
  std::byte differing{};
  for (std::size_t i = 0; i < a.size(); ++i) {
    differing |= a[i] ^ b[i];
  }
  return differing == std::byte{};
}

}  // namespace pathwitness
