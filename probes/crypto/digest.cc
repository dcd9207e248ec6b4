#include "probes/crypto/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

namespace pathwitness {
namespace {

void Require(bool is_done) {
  if (!is_done) {
    throw std::runtime_error("SHA-256 is not available in OpenSSL");
  }
}

}  // namespace

Sha256Digest Sha256(std::string_view text) {
  Sha256Digest digest{};
  unsigned length = 0;
  Require(EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) == 1);
  return digest;
}

Sha256Digest HmacSha256(std::string_view key, std::string_view text) {
  Sha256Digest digest{};
  unsigned length = 0;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  Require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(),
               digest.data(), &length) != nullptr);
  return digest;
}

std::string ToHex(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xFU];
  }
  return text;
}

std::string ToBase64(std::span<const unsigned char> bytes) {
  const std::size_t length = 4 * ((bytes.size() + 2) / 3);
  std::string text(length + 1, '\0');  // EVP_EncodeBlock ends it with a zero
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                  static_cast<int>(bytes.size()));
  text.resize(length);
  return text;
}

}  // namespace pathwitness
