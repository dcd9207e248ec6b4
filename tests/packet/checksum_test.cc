#include "probes/packet/checksum.h"

#include <gtest/gtest.h>

#include "tests/packet/hex_file.h"

namespace pathwitness {
namespace {

TEST(ChecksumSum, AgreesWithTheExampleOfRfc1071) {
  const auto bytes = BytesOfHex("0001 f203 f4f5 f6f7");
  EXPECT_EQ(ChecksumSum().Add(bytes).Folded(), 0xDDF2);
  EXPECT_EQ(ChecksumSum().Add(bytes).Checksum(), 0x220D);
}

TEST(ChecksumSum, AnOddLastByteCountsAsTheHighHalf) {
  EXPECT_EQ(ChecksumSum().Add(BytesOfHex("0102 03")).Folded(), 0x0402);
}

TEST(ChecksumSum, ThePseudoHeaderIsProtocolLengthAndBothAddresses) {
  ChecksumSum sum;
  sum.AddPseudoHeader(*IpAddress::Parse("192.0.2.1"), *IpAddress::Parse("192.0.2.2"), 17, 40);
  EXPECT_EQ(sum.Folded(), ChecksumSum().Add(BytesOfHex("c000 0201 c000 0202 0011 0028")).Folded());
}

TEST(ChecksumSum, TheBalanceMakesEveryChecksumButTheOneOfNoSum) {
  ChecksumSum sum;
  sum.Add(BytesOfHex("1234 5678 9abc"));
  for (unsigned wanted = 0; wanted < 0xFFFF; ++wanted) {
    const auto checksum = static_cast<std::uint16_t>(wanted);
    EXPECT_EQ(ChecksumSum(sum).Add(sum.BalanceFor(checksum)).Checksum(), checksum);
  }
  EXPECT_EQ(ChecksumSum(sum).Add(sum.BalanceFor(0xFFFF)).Checksum(), 0);
}

}  // namespace
}  // namespace pathwitness
