#include "probes/http/retry_after.h"

#include <gtest/gtest.h>

namespace pathwitness {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1767225600)};  // 2026-01-01T00:00:00Z

TEST(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(ReadRetryAfter("120", kNow), std::chrono::seconds(120));
  EXPECT_EQ(ReadRetryAfter("0", kNow), Duration::zero());
}

TEST(RetryAfter, ReadsADate) {
  EXPECT_EQ(ReadRetryAfter("Thu, 01 Jan 2026 00:01:30 GMT", kNow), std::chrono::seconds(90));
}

TEST(RetryAfter, ADateGoneByIsZero) {
  EXPECT_EQ(ReadRetryAfter("Wed, 31 Dec 2025 23:59:00 GMT", kNow), Duration::zero());
}

TEST(RetryAfter, NonsenseIsNothing) {
  for (const char* value : {"", "soon", "-5", "1e3", "12s"}) {
    EXPECT_EQ(ReadRetryAfter(value, kNow), std::nullopt) << value;
  }
}

TEST(RetryAfter, HugeNumbersAreAYear) {
  const auto year = std::chrono::hours(24 * 365);
  EXPECT_EQ(ReadRetryAfter("999999999999", kNow), year);
  EXPECT_EQ(ReadRetryAfter("99999999999999999999999999", kNow), year);
}

}  // namespace
}  // namespace pathwitness
