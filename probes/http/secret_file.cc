#include "probes/http/secret_file.h"

#include "probes/disk/files.h"

namespace pathwitness {

std::optional<std::string> ReadSecretFile(const std::string& path) {
  constexpr std::size_t kLongest = 65536;
  std::optional<std::string> secret = ReadWholeFile(path, kLongest);
  while (secret && !secret->empty() && (secret->back() == '\n' || secret->back() == '\r')) {
    secret->pop_back();
  }
  return secret;
}

}  // namespace pathwitness
