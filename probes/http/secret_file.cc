#include "probes/http/secret_file.h"

#include <fstream>

namespace pathwitness {
namespace {

constexpr std::streamsize kLongest = 65536;

}  // namespace

std::optional<std::string> ReadSecretFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string secret(kLongest + 1, '\0');
  file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  if (!file.eof()) {  // not opened, not readable, or more than fits
    return std::nullopt;
  }
  secret.resize(static_cast<std::size_t>(file.gcount()));
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) {
    secret.pop_back();
  }
  return secret;
}

}  // namespace pathwitness
