#include "config/values.h"

#include <gtest/gtest.h>

#include <limits>

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Duration, ReadsEveryUnit) {
  EXPECT_EQ(ParseDuration("500ms"), milliseconds(500));
  EXPECT_EQ(ParseDuration("10s"), seconds(10));
  EXPECT_EQ(ParseDuration("5m"), minutes(5));
  EXPECT_EQ(ParseDuration("2h"), hours(2));
  EXPECT_EQ(ParseDuration("3d"), hours(72));
  EXPECT_EQ(ParseDuration("2w"), hours(14 * 24));
  EXPECT_EQ(ParseDuration("1y"), hours(365 * 24));
}

TEST(Duration, UnitsAddUpFromLargeToSmall) {
  EXPECT_EQ(ParseDuration("1h30m"), minutes(90));
  EXPECT_EQ(ParseDuration("1m0s5ms"), minutes(1) + milliseconds(5));
}

TEST(Duration, UnitsOutOfOrderOrTwiceAreRefused) {
  EXPECT_EQ(ParseDuration("30m1h"), std::nullopt);
  EXPECT_EQ(ParseDuration("1s1s"), std::nullopt);
}

TEST(Duration, WhatIsNoDurationIsRefused) {
  for (const char* text : {"", "10", "s", "1.5s", "-1s", "1 s", "1us", "1S", "10s ", "1s1"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(Duration, MoreThanAHundredYearsIsRefusedNotWrapped) {
  EXPECT_TRUE(ParseDuration("100y"));
  EXPECT_EQ(ParseDuration("101y"), std::nullopt);
  EXPECT_EQ(ParseDuration("99y9999999999w"), std::nullopt);
  EXPECT_EQ(ParseDuration("99999999999999999999s"), std::nullopt);
}

TEST(Duration, WhatIsFormattedReadsBack) {
  for (const Duration duration :
       {Duration(0), Duration(milliseconds(1500)), Duration(minutes(90)), Duration(hours(49))}) {
    EXPECT_EQ(ParseDuration(FormatDuration(duration)), duration) << FormatDuration(duration);
  }
  EXPECT_EQ(FormatDuration(minutes(90)), "1h30m");
}

TEST(WholeNumber, IsDecimalWithoutLeadingZeros) {
  EXPECT_EQ(ParseWholeNumber("0"), 0U);
  EXPECT_EQ(ParseWholeNumber("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  for (const char* text :
       {"", "010", "0x1F", "1_000", "+1", "-1", "1.0", "1e3", " 1", "18446744073709551616"}) {
    EXPECT_EQ(ParseWholeNumber(text), std::nullopt) << text;
  }
}

TEST(Number, IsFiniteAndDecimal) {
  EXPECT_EQ(ParseNumber("0.5"), 0.5);
  EXPECT_EQ(ParseNumber("-2"), -2);
  EXPECT_EQ(ParseNumber("1e-3"), 0.001);
  for (const char* text : {"", ".inf", "inf", "nan", "1e999", "010", "-01", "0x1p3", "1,5", "1 "}) {
    EXPECT_EQ(ParseNumber(text), std::nullopt) << text;
  }
}

TEST(ByteSize, HasBinarySuffixesOnly) {
  EXPECT_EQ(ParseByteSize("65536"), 65536U);
  EXPECT_EQ(ParseByteSize("12B"), 12U);
  EXPECT_EQ(ParseByteSize("1KiB"), 1024U);
  EXPECT_EQ(ParseByteSize("64MiB"), 64U << 20U);
  EXPECT_EQ(ParseByteSize("2GiB"), 2ULL << 30U);
  for (const char* text : {"", "MiB", "64MB", "64M", "1.5MiB", "1 MiB", "18014398509481984KiB"}) {
    EXPECT_EQ(ParseByteSize(text), std::nullopt) << text;
  }
}

TEST(Bool, IsTrueOrFalseOnly) {
  EXPECT_EQ(ParseBool("true"), true);
  EXPECT_EQ(ParseBool("false"), false);
  for (const char* text : {"", "yes", "on", "True", "1"}) {
    EXPECT_EQ(ParseBool(text), std::nullopt) << text;
  }
}

TEST(Quote, KeepsAMessageOnOneLine) {
  EXPECT_EQ(Quote("a\nb\tc"), "'a\\x0ab\\x09c'");
}

TEST(Quote, CutsLongTextBetweenCharacters) {
  const std::string text = std::string(79, 'a') + "\xC3\xA9";  // the 80th byte starts a character
  EXPECT_EQ(Quote(text), "'" + std::string(79, 'a') + "...'");
}

}  // namespace
}  // namespace pathwitness
