#include "probes/packet/bytes.h"

#include <gtest/gtest.h>

#include "tests/packet/hex_file.h"

namespace pathwitness {
namespace {

TEST(ByteReader, ReadsBigEndianInOrder) {
  const auto bytes = BytesOfHex("01 0203 04050607 08090a0b0c0d0e0f 10");
  ByteReader reader(bytes);
  EXPECT_EQ(reader.U8(), 0x01);
  EXPECT_EQ(reader.U16(), 0x0203);
  EXPECT_EQ(reader.U32(), 0x04050607U);
  EXPECT_EQ(reader.U64(), 0x08090a0b0c0d0e0fULL);
  EXPECT_EQ(reader.Rest().size(), 1U);
  EXPECT_FALSE(reader.HasFailed());
}

TEST(ByteReader, AReadPastTheEndYieldsZeroAndSpoilsAllLaterReads) {
  const auto bytes = BytesOfHex("0102 03");
  ByteReader reader(bytes);
  EXPECT_EQ(reader.U32(), 0U);
  EXPECT_TRUE(reader.HasFailed());
  EXPECT_EQ(reader.U8(), 0);
}

TEST(ByteWriter, WritesBigEndianAndNothingPastTheEnd) {
  std::array<std::byte, 4> buffer{};
  ByteWriter writer(buffer);
  writer.U8(1);
  writer.U16(0x0203);
  writer.U16(0x0405);
  EXPECT_EQ(writer.Written().size(), 3U);
  EXPECT_EQ(buffer, (std::array<std::byte, 4>{std::byte{1}, std::byte{2}, std::byte{3}}));
}

}  // namespace
}  // namespace pathwitness
