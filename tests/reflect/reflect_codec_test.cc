#include "probes/reflect/reflect_codec.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <variant>

#include "tests/reflect/keys.h"

namespace pathwitness {
namespace {

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string Hex(std::span<const std::byte> bytes) {
  std::string hex;
  for (const std::byte byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[std::to_integer<std::size_t>(byte >> 4U)];
    hex += kDigits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return hex;
}

WallTime At(std::int64_t nanoseconds) {
  return WallTime(std::chrono::nanoseconds(nanoseconds));
}

ReflectMessage SomeAnswer() {
  return {.kind = ReflectKind::Answer,
          .key_id = 7,
          .session = 0x1122334455667788,
          .sequence = 1000,
          .sent = At(1'000'000'001),
          .received = At(2'000'000'002),
          .answered = At(2'000'000'003),
          .incarnation = 5,
          .count = 889};
}

// Test case 1 of RFC 4231, 4.2; a key of zeros behind its 20 bytes is the same key.
TEST(MacOf, IsTheFirstHalfOfHmacSha256) {
  MacKey key{};
  std::fill_n(key.begin(), 20, std::byte{0x0b});
  EXPECT_EQ(Hex(MacOf(key, Bytes("Hi There"))), "b0344c61d8db38535ca8afceaf0bf12b");
}

TEST(EncodeReflect, PutsEachFieldInItsPlace) {
  const ReflectDatagram bytes = EncodeReflect(SomeAnswer(), KeyOfOnes());
  EXPECT_EQ(Hex(std::span(bytes).first(64)),
            "50575231"          // "PWR1"
            "02"                // answer
            "00"                // zero
            "0007"              // key id
            "1122334455667788"  // session
            "00000000000003e8"  // sequence
            "000000003b9aca01"  // sent
            "0000000077359402"  // received
            "0000000077359403"  // answered
            "0000000000000005"  // incarnation
            "0000000000000379"  // count
  );
  EXPECT_EQ(Hex(std::span(bytes).last(16)), Hex(MacOf(KeyOfOnes(), std::span(bytes).first(64))));
}

TEST(DecodeReflect, ReadsWhatWasEncoded) {
  const ReflectDatagram bytes = EncodeReflect(SomeAnswer(), KeyOfOnes());
  const auto decoded = DecodeReflect(bytes, ReflectKind::Answer, RingOfOnes());
  ASSERT_TRUE(std::holds_alternative<ReflectMessage>(decoded));
  EXPECT_EQ(std::get<ReflectMessage>(decoded), SomeAnswer());
}

TEST(DecodeReflect, RefusesADatagramWithAnyOtherBit) {
  for (std::size_t bit = 0; bit < 8 * kReflectBytes; ++bit) {
    ReflectDatagram bytes = EncodeReflect(SomeAnswer(), KeyOfOnes());
    bytes.at(bit / 8) ^= std::byte{1} << (bit % 8);
    const auto decoded = DecodeReflect(bytes, ReflectKind::Answer, RingOfOnes());
    EXPECT_TRUE(std::holds_alternative<ReflectFlaw>(decoded)) << "bit " << bit;
  }
}

TEST(DecodeReflect, RefusesAnyOtherLength) {
  const ReflectDatagram bytes = EncodeReflect(SomeAnswer(), KeyOfOnes());
  std::array<std::byte, kReflectBytes + 1> longer{};
  std::copy(bytes.begin(), bytes.end(), longer.begin());
  for (std::size_t size = 0; size <= longer.size(); ++size) {
    const auto decoded =
        DecodeReflect(std::span(longer).first(size), ReflectKind::Answer, RingOfOnes());
    EXPECT_EQ(std::holds_alternative<ReflectMessage>(decoded), size == kReflectBytes) << size;
  }
}

TEST(DecodeReflect, TakesNoAnswerForARequest) {
  const ReflectDatagram bytes = EncodeReflect(SomeAnswer(), KeyOfOnes());
  EXPECT_EQ(std::get<ReflectFlaw>(DecodeReflect(bytes, ReflectKind::Request, RingOfOnes())),
            ReflectFlaw::Malformed);
}

TEST(DecodeReflect, TellsAnUnknownKeyFromAWrongOne) {
  ReflectMessage message = SomeAnswer();
  const MacKey other{};
  EXPECT_EQ(std::get<ReflectFlaw>(
                DecodeReflect(EncodeReflect(message, other), ReflectKind::Answer, RingOfOnes())),
            ReflectFlaw::Mac);
  message.key_id = 8;
  EXPECT_EQ(std::get<ReflectFlaw>(DecodeReflect(EncodeReflect(message, KeyOfOnes()),
                                                ReflectKind::Answer, RingOfOnes())),
            ReflectFlaw::Key);
}

}  // namespace
}  // namespace pathwitness
