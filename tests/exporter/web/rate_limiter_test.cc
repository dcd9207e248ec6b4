#include "exporter/web/rate_limiter.h"

#include <gtest/gtest.h>

#include <chrono>

namespace pathwitness {
namespace {

using namespace std::chrono_literals;

const MonoTime kStart{100s};

TEST(RateLimiter, WithoutAnIntervalEverythingPasses) {
  RateLimiter limiter({});
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(limiter.Allows(kStart));
  }
}

TEST(RateLimiter, ABurstPassesAtOnceAndThenOneEveryInterval) {
  RateLimiter limiter({.interval = 1s, .burst = 3});
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(limiter.Allows(kStart)) << i;
  }
  EXPECT_FALSE(limiter.Allows(kStart + 999ms));
  EXPECT_TRUE(limiter.Allows(kStart + 1s));
  EXPECT_FALSE(limiter.Allows(kStart + 1999ms));
}

TEST(RateLimiter, WhatIsRefusedCostsNothing) {
  RateLimiter limiter({.interval = 1s, .burst = 1});
  EXPECT_TRUE(limiter.Allows(kStart));
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(limiter.Allows(kStart + 500ms));
  }
  EXPECT_TRUE(limiter.Allows(kStart + 1s));
}

TEST(RateLimiter, NoMoreThanABurstIsSavedUp) {
  RateLimiter limiter({.interval = 1s, .burst = 2});
  EXPECT_TRUE(limiter.Allows(kStart));
  EXPECT_TRUE(limiter.Allows(kStart + 1h));
  EXPECT_TRUE(limiter.Allows(kStart + 1h));
  EXPECT_FALSE(limiter.Allows(kStart + 1h));
}

}  // namespace
}  // namespace pathwitness
