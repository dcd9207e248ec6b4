#include "probes/base/ip_address.h"

#include <gtest/gtest.h>

namespace pathwitness {
namespace {

TEST(IpAddress, PrintsWhatItReadInCanonicalForm) {
  EXPECT_EQ(IpAddress::Parse("192.0.2.1")->ToString(), "192.0.2.1");
  EXPECT_EQ(IpAddress::Parse("2001:DB8:0:0:0::1")->ToString(), "2001:db8::1");
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "192.0.2", "192.0.2.256", "host", "[2001:db8::1]", "fe80::1%eth0",
                           "192.0.2.0/24", "192.0.2.1 "}) {
    EXPECT_FALSE(IpAddress::Parse(text)) << text;
  }
}

TEST(IpAddress, AFamilyIsPartOfTheValue) {
  EXPECT_NE(IpAddress::Any(IpFamily::Ipv4), IpAddress::Any(IpFamily::Ipv6));
  EXPECT_TRUE(IpAddress::Parse("::")->IsAny());
  EXPECT_TRUE(IpAddress::Parse("::1")->IsLoopback());
  EXPECT_TRUE(IpAddress::Parse("127.9.9.9")->IsLoopback());
}

TEST(IpPrefix, ContainsItsOwnAddressesOnly) {
  const IpPrefix prefix = *IpPrefix::Parse("192.0.2.128/25");
  EXPECT_TRUE(prefix.Contains(*IpAddress::Parse("192.0.2.200")));
  EXPECT_FALSE(prefix.Contains(*IpAddress::Parse("192.0.2.127")));
  EXPECT_FALSE(prefix.Contains(*IpAddress::Parse("2001:db8::1")));
  EXPECT_TRUE(IpPrefix::Parse("2001:db8::/32")->Contains(*IpAddress::Parse("2001:db8:ffff::1")));
}

TEST(IpPrefix, RefusesHostBitsAndBadLengths) {
  for (const char* text :
       {"192.0.2.1/24", "192.0.2.0/33", "192.0.2.0", "192.0.2.0/", "x/8", "192.0.2.0/8x"}) {
    EXPECT_FALSE(IpPrefix::Parse(text)) << text;
  }
}

}  // namespace
}  // namespace pathwitness
