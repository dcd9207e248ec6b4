#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <variant>
#include <vector>

#include "probes/reflect/key_ring.h"
#include "probes/reflect/reflect_codec.h"
#include "probes/reflect/reflector.h"

namespace pathwitness {
namespace {

// The fuzzer does not find out a MAC: what has the right size is also tried with one.
ReflectDatagram Signed(std::span<const std::byte> input, const MacKey& key) {
  ReflectDatagram bytes{};
  std::ranges::copy(input.first(bytes.size()), bytes.begin());
  constexpr std::size_t kSigned = kReflectBytes - sizeof(MacBytes);
  const MacBytes mac = MacOf(key, std::span(bytes).first(kSigned));
  std::ranges::copy(mac, bytes.begin() + kSigned);
  return bytes;
}

void Check(std::span<const std::byte> bytes, const KeyRing& keys) {
  for (const ReflectKind kind : {ReflectKind::Request, ReflectKind::Answer}) {
    const auto decoded = DecodeReflect(bytes, kind, keys);
    const auto* message = std::get_if<ReflectMessage>(&decoded);
    if (message != nullptr &&
        !std::ranges::equal(EncodeReflect(*message, *keys.Find(message->key_id)), bytes)) {
      __builtin_trap();
    }
  }
  Reflector reflector(1, MonoTime());
  const Reflector::Arrival arrival{.bytes = bytes, .source = IpAddress(), .at = {}};
  const auto first = reflector.OnRequest(arrival, keys, MonoTime());
  const auto again = reflector.OnRequest(arrival, keys, MonoTime());
  if (std::holds_alternative<ReflectMessage>(again) ||
      (std::holds_alternative<ReflectMessage>(first) && reflector.Sessions() != 1)) {
    __builtin_trap();
  }
}

}  // namespace
}  // namespace pathwitness

/// Datagrams from strangers and a key file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace pathwitness;
  KeyRing::Parse({reinterpret_cast<const char*>(bytes), size});
  static const KeyRing keys = *KeyRing::Parse("7 " + std::string(64, '1'));
  std::vector<std::byte> input(size);
  if (size > 0) {
    std::memcpy(input.data(), bytes, size);
  }
  Check(input, keys);
  if (size >= kReflectBytes) {
    Check(Signed(input, keys.First().key), keys);
  }
  return 0;
}
