#include "probes/reflect/reflect_codec.h"

#include <algorithm>
#include <chrono>

#include "probes/packet/bytes.h"

namespace pathwitness {
namespace {

constexpr std::uint32_t kMagic = 0x50575231;  // "PWR1"
constexpr std::size_t kSignedBytes = kReflectBytes - sizeof(MacBytes);

std::uint64_t ToNanoseconds(WallTime time) {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(time.time_since_epoch()).count());
}

WallTime FromNanoseconds(std::uint64_t count) {
  return WallTime(std::chrono::nanoseconds(static_cast<std::int64_t>(count)));
}

}  // namespace

ReflectDatagram EncodeReflect(const ReflectMessage& message, const MacKey& key) {
  ReflectDatagram bytes{};
  ByteWriter writer(bytes);
  writer.U32(kMagic);
  writer.U8(static_cast<std::uint8_t>(message.kind));
  writer.U8(0);
  writer.U16(message.key_id);
  writer.U64(message.session);
  writer.U64(message.sequence);
  writer.U64(ToNanoseconds(message.sent));
  writer.U64(ToNanoseconds(message.received));
  writer.U64(ToNanoseconds(message.answered));
  writer.U64(message.incarnation);
  writer.U64(message.count);
  writer.Put(MacOf(key, writer.Written()));
  return bytes;
}

std::variant<ReflectMessage, ReflectFlaw> DecodeReflect(std::span<const std::byte> bytes,
                                                        ReflectKind kind, const KeyRing& keys) {
  ByteReader reader(bytes);
  const bool is_ours = bytes.size() == kReflectBytes && reader.U32() == kMagic &&
                       reader.U8() == static_cast<std::uint8_t>(kind) && reader.U8() == 0;
  if (!is_ours) {
    return ReflectFlaw::Malformed;
  }
  ReflectMessage message{.kind = kind, .key_id = reader.U16()};
  const MacKey* const key = keys.Find(message.key_id);
  if (key == nullptr) {
    return ReflectFlaw::Key;
  }
  if (!IsSameMac(MacOf(*key, bytes.first(kSignedBytes)), bytes.subspan(kSignedBytes))) {
    return ReflectFlaw::Mac;
  }
  message.session = reader.U64();
  message.sequence = reader.U64();
  message.sent = FromNanoseconds(reader.U64());
  message.received = FromNanoseconds(reader.U64());
  message.answered = FromNanoseconds(reader.U64());
  message.incarnation = reader.U64();
  message.count = reader.U64();
  if (message.sequence == 0) {
    return ReflectFlaw::Malformed;
  }
  return message;
}

}  // namespace pathwitness
