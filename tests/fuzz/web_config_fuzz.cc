#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load.h"
#include "exporter/web/web_config.h"

// ParseWebConfig gives a configuration, or throws ConfigError with at least one problem; never
// anything else. What asks for TLS has a certificate and a key.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    const pathwitness::WebConfig config = pathwitness::ParseWebConfig(text, "fuzz.yml");
    if (config.tls && !(config.tls->certificate.IsSet() && config.tls->key.IsSet())) {
      std::abort();
    }
  } catch (const pathwitness::ConfigError& error) {
    if (error.Problems().empty()) {
      std::abort();
    }
  }
  return 0;
}
