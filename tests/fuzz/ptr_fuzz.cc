#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "probes/dns/ptr_reply.h"

// libFuzzer's entry; the name is its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::optional<pathwitness::PtrRecord> record =
      pathwitness::ReadPtrReply(std::as_bytes(std::span(bytes, size)));
  const std::size_t bad =
      record ? record->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_")
             : std::string::npos;
  if (bad != std::string::npos || (record && record->name.size() > 253)) {
    __builtin_trap();
  }
  return 0;
}
