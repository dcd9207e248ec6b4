#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load.h"

// ParseConfig gives a configuration that passes its own checks, or throws ConfigError with at least
// one problem; never anything else.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    const pathwitness::Config config = pathwitness::ParseConfig(text, "fuzz.yaml");
    if (!pathwitness::CheckConfig(config).empty()) {
      std::abort();
    }
  } catch (const pathwitness::ConfigError& error) {
    if (error.Problems().empty()) {
      std::abort();
    }
  }
  return 0;
}
