#include "exporter/web/basic_auth.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pathwitness {
namespace {

// Of "correct horse", at the lowest cost.
constexpr const char* kHash = "$2b$04$hW3B5mjOjhpsaLajmZBu2OxARd6YQdBnhs.rWCcK1jwW91Pl4fxia";

TEST(BasicAuth, ReadsUserAndPassword) {
  const auto given = ParseBasicAuth("Basic YWxpY2U6Y29ycmVjdCBob3JzZTp4");
  ASSERT_TRUE(given);
  EXPECT_EQ(given->user, "alice");
  EXPECT_EQ(given->password, "correct horse:x");
}

TEST(BasicAuth, TheNameOfTheSchemeIsReadInAnyCase) {
  EXPECT_TRUE(ParseBasicAuth("bASIC YTpi"));
}

TEST(BasicAuth, PaddingIsNoPartOfThePassword) {
  EXPECT_EQ(ParseBasicAuth("Basic YTpi")->password, "b");
  EXPECT_EQ(ParseBasicAuth("Basic YTpiYg==")->password, "bb");
  EXPECT_EQ(ParseBasicAuth("Basic YTpiYmI=")->password, "bbb");
}

TEST(BasicAuth, RefusesWhatIsBroken) {
  for (const char* header : {"", "Basic", "Basic ", "Bearer YTpi", "Basic YTp", "Basic !!!!",
                             "Basic YWxpY2U=", "Basic ===="}) {
    EXPECT_FALSE(ParseBasicAuth(header)) << header;
  }
}

constexpr const char* kClient = "192.0.2.1";

class PasswordCheckerTest : public testing::Test {
 protected:
  const PasswordChecker::Users users_{{"alice", kHash}};
  PasswordChecker checker_;
};

TEST_F(PasswordCheckerTest, OnlyTheRightPasswordOfAKnownUserIsRight) {
  EXPECT_EQ(checker_.Check(users_, {"alice", "correct horse"}, kClient), PasswordVerdict::Right);
  EXPECT_EQ(checker_.Check(users_, {"alice", "correct horse "}, kClient), PasswordVerdict::Wrong);
  EXPECT_EQ(checker_.Check(users_, {"alice", ""}, kClient), PasswordVerdict::Wrong);
  EXPECT_EQ(checker_.Check(users_, {"bob", "correct horse"}, kClient), PasswordVerdict::Wrong);
}

TEST_F(PasswordCheckerTest, TheSecondAskingHasTheSameAnswer) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(checker_.Check(users_, {"alice", "correct horse"}, kClient), PasswordVerdict::Right);
    EXPECT_EQ(checker_.Check(users_, {"alice", "wrong"}, kClient), PasswordVerdict::Wrong);
  }
}

TEST_F(PasswordCheckerTest, WhatStandsBehindANulDoesNotMakeAPasswordRight) {
  EXPECT_EQ(checker_.Check(users_, {"alice", std::string("correct horse\0x", 15)}, kClient),
            PasswordVerdict::Wrong);
}

TEST_F(PasswordCheckerTest, ANewHashForgetsTheOldPassword) {
  EXPECT_EQ(checker_.Check(users_, {"alice", "correct horse"}, kClient), PasswordVerdict::Right);
  const PasswordChecker::Users changed{
      {"alice", "$2b$04$hW3B5mjOjhpsaLajmZBu2OaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaK"}};
  EXPECT_EQ(checker_.Check(changed, {"alice", "correct horse"}, kClient), PasswordVerdict::Wrong);
}

// With a verdict kept, a check is a hash and a lookup; without, it is bcrypt at cost 10.
TEST_F(PasswordCheckerTest, AKnownVerdictCostsNoBcrypt) {
  const auto time_of_check = [this] {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(checker_.Check({}, {"nobody", "guess"}, kClient), PasswordVerdict::Wrong);
    return std::chrono::steady_clock::now() - start;
  };
  const auto first = time_of_check();
  EXPECT_LT(time_of_check(), first / 4);
}

TEST(PasswordChecker, WhoGuessesFromOneAddressLeavesRoomForOthers) {
  PasswordChecker checker({.waiting = 3, .of_one_address = 1});
  const PasswordChecker::Users users{
      {"alice", kHash}, {"slow", "$2b$13$hW3B5mjOjhpsaLajmZBu2OxARd6YQdBnhs.rWCcK1jwW91Pl4fxia"}};
  std::promise<void> refused;
  std::once_flag once;
  std::vector<std::jthread> guesses;
  for (int i = 0; i < 6; ++i) {
    guesses.emplace_back([&, i] {
      const std::string address = "2001:db8::" + std::to_string(i);
      if (checker.Check(users, {"slow", address}, address) == PasswordVerdict::Busy) {
        std::call_once(once, [&] { refused.set_value(); });
      }
    });
  }
  ASSERT_EQ(refused.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  auto other = std::async(std::launch::async, [&] {
    return checker.Check(users, {"alice", "mistyped"}, "198.51.100.1");
  });
  EXPECT_EQ(checker.Check(users, {"alice", "correct horse"}, kClient), PasswordVerdict::Right);
  EXPECT_EQ(other.get(), PasswordVerdict::Wrong);
}

}  // namespace
}  // namespace pathwitness
