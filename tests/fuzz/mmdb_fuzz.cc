#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "probes/asn/mmdb_file.h"

namespace pathwitness {
namespace {

// Whatever a file says: an answer is an AS, and its name fits on a line.
void LookUp(const MmdbFile& file, const IpAddress& address) {
  const std::optional<AsnRecord> record = file.Find(address);
  if (record && (record->asn == 0 || record->name.size() > 128 ||
                 record->name.find('\n') != std::string::npos)) {
    __builtin_trap();
  }
}

}  // namespace
}  // namespace pathwitness

// libmaxminddb 1.7.1 forgets the list of descriptions that it was reading when a file turns out to
// be broken there: some kilobytes, once for each such file. Nobody can free it from outside. The
// name is the sanitizer's own.
extern "C" const char* __lsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "leak:libmaxminddb";
}

// libFuzzer's entry; the name is its own. The first 16 bytes are an address to look up.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace pathwitness;
  std::array<std::byte, 16> address{};
  if (size < address.size()) {
    return 0;
  }
  const std::span<const std::byte> input(reinterpret_cast<const std::byte*>(bytes), size);
  std::copy_n(input.begin(), address.size(), address.begin());
  const auto result = MmdbFile::FromBytes(
      {reinterpret_cast<const char*>(bytes) + address.size(), size - address.size()});
  if (const auto* const file = std::get_if<std::shared_ptr<const MmdbFile>>(&result)) {
    LookUp(**file, IpAddress::FromBytes(IpFamily::Ipv4, address));
    LookUp(**file, IpAddress::FromBytes(IpFamily::Ipv6, address));
    (*file)->Built();
    (*file)->Type();
  }
  return 0;
}
