#include "probes/trace/responder_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <vector>

namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::Le;

constexpr std::uint64_t kGroup = 7;

IpAddress Router(unsigned number) {
  return *IpAddress::Parse("10.0." + std::to_string(number / 256) + "." +
                           std::to_string(number % 256));
}

class ResponderBudgetTest : public testing::Test {
 protected:
  /// Waiters that are served until `span` has passed, in order.
  std::vector<ResponderBudget::Waiter> ServeFor(Duration span) {
    std::vector<ResponderBudget::Waiter> served;
    const MonoTime end = now_ + span;
    for (; now_ < end; now_ += milliseconds(10)) {
      budget_.Serve(now_, [&](ResponderBudget::Waiter waiter) {
        served.push_back(waiter);
        return true;
      });
    }
    return served;
  }

  /// Asks without pause for `span` at a router that answers `is_answered(n)` to the nth probe.
  template <typename IsAnswered>
  int AskFor(Duration span, IsAnswered is_answered) {
    int sent = 0;
    const auto send = [&] {
      if (is_answered(sent++)) {
        budget_.OnAnswer(router_, milliseconds(10), now_);
      } else {
        budget_.OnMasked(router_, now_);
      }
    };
    const MonoTime end = now_ + span;
    for (; now_ < end; now_ += milliseconds(10)) {
      bool is_granted = false;
      budget_.Serve(now_, [&](ResponderBudget::Waiter) { return is_granted = true; });
      if (is_granted || budget_.Waiting() == 0) {
        while (budget_.Ask(router_, now_, 1)) {
          send();
        }
      }
      if (is_granted) {
        send();
      }
    }
    return sent;
  }

  ResponderBudget budget_;
  MonoTime now_{std::chrono::hours(1)};
  const ResponderBudget::Key router_ = ResponderBudget::OfResponder(Router(1));
};

TEST_F(ResponderBudgetTest, ABurstOfThreeGoesAtOnceAndTheRestEveryTwoSeconds) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(budget_.Ask(router_, now_, 1));
  }
  for (ResponderBudget::Waiter waiter = 10; waiter < 20; ++waiter) {
    EXPECT_FALSE(budget_.Ask(router_, now_, waiter));
  }
  EXPECT_GT(budget_.NextDeadline(), now_ + milliseconds(1999));
  EXPECT_THAT(ServeFor(milliseconds(6500)), ElementsAre(10, 11, 12));
}

TEST_F(ResponderBudgetTest, WhoIsNewGoesBeforeTheOthersAndInTurnWithTheNew) {
  using Turn = ResponderBudget::Turn;
  while (budget_.Ask(router_, now_, 1)) {
  }
  budget_.Ask(router_, now_, 2);
  budget_.Ask(router_, now_, 3, Turn::New);
  budget_.Ask(router_, now_, 4, Turn::New);
  EXPECT_THAT(ServeFor(milliseconds(4100)), ElementsAre(3, 4));
  budget_.Ask(router_, now_, 5, Turn::New);
  budget_.Ask(router_, now_, 6);
  EXPECT_THAT(ServeFor(seconds(8)), ElementsAre(5, 1, 2, 6));
  EXPECT_EQ(budget_.Waiting(), 0U);
  budget_.Ask(router_, now_, 7, Turn::New);
  budget_.Ask(router_, now_, 8);
  budget_.Ask(router_, now_, 9, Turn::New);
  EXPECT_THAT(ServeFor(seconds(6)), ElementsAre(7, 9, 8));
}

TEST_F(ResponderBudgetTest, WhoWaitsIsServedBeforeWhoComesLater) {
  while (budget_.Ask(router_, now_, 1)) {
  }
  now_ += seconds(10);
  EXPECT_FALSE(budget_.Ask(router_, now_, 2)) << "there are tokens, but they are for the first";
  EXPECT_THAT(ServeFor(milliseconds(10)), ElementsAre(1, 2));
}

TEST_F(ResponderBudgetTest, AWaiterThatHasGoneCostsNoToken) {
  while (budget_.Ask(router_, now_, 1)) {
  }
  budget_.Ask(router_, now_, 2);
  now_ += milliseconds(2001);
  std::vector<ResponderBudget::Waiter> asked;
  budget_.Serve(now_, [&](ResponderBudget::Waiter waiter) {
    asked.push_back(waiter);
    return waiter == 2;
  });
  EXPECT_THAT(asked, ElementsAre(1, 2));
  EXPECT_EQ(budget_.Waiting(), 0U);
  EXPECT_EQ(budget_.NextDeadline(), MonoTime::max());
}

TEST_F(ResponderBudgetTest, RespondersHaveBudgetsOfTheirOwn) {
  while (budget_.Ask(router_, now_, 1)) {
  }
  EXPECT_TRUE(budget_.Ask(ResponderBudget::OfResponder(Router(2)), now_, 1));
}

TEST_F(ResponderBudgetTest, TheRateRisesToTwoASecondWhileAllAnswersCome) {
  AskFor(minutes(5), [](int) { return true; });
  EXPECT_EQ(budget_.RateOf(router_), 2);
  EXPECT_NEAR(AskFor(seconds(100), [](int) { return true; }), 200, 5);
}

TEST_F(ResponderBudgetTest, TheRateStaysWhereNobodyWaits) {
  for (int i = 0; i < 500; ++i, now_ += seconds(10)) {
    ASSERT_TRUE(budget_.Ask(router_, now_, 1));
    budget_.OnAnswer(router_, milliseconds(10), now_);
  }
  EXPECT_EQ(budget_.RateOf(router_), ResponderBudget::kFirstRate);
}

TEST_F(ResponderBudgetTest, OneMissingAnswerEndsATrialAndTheNextIsTenMinutesOff) {
  const auto is_answered = [this](int) { return budget_.RateOf(router_) < 2; };
  AskFor(minutes(2), is_answered);
  EXPECT_EQ(budget_.RateOf(router_), 1);
  int missing = 0;
  AskFor(minutes(8), [&](int) {
    missing += budget_.RateOf(router_) < 2 ? 0 : 1;
    return budget_.RateOf(router_) < 2;
  });
  EXPECT_EQ(missing, 0);
}

TEST_F(ResponderBudgetTest, MaskingHalvesTheRateDownToOneInThirtyTwoSeconds) {
  for (int i = 0; i < 4; ++i) {
    budget_.OnMasked(router_, now_);
  }
  EXPECT_EQ(budget_.RateOf(router_), ResponderBudget::kFirstRate / 2);
  for (int i = 0; i < 100; ++i) {
    budget_.OnMasked(router_, now_);
  }
  EXPECT_EQ(budget_.RateOf(router_), 1.0 / 32);
}

TEST_F(ResponderBudgetTest, AFewMissingAnswersAreNoMasking) {
  for (int i = 0; i < 400; ++i) {
    if (i % 8 == 0) {
      budget_.OnMasked(router_, now_);
    } else {
      budget_.OnAnswer(router_, milliseconds(10), now_);
    }
  }
  EXPECT_EQ(budget_.RateOf(router_), ResponderBudget::kFirstRate);
}

TEST_F(ResponderBudgetTest, WhatWasSentUnaskedIsPaidBack) {
  for (int i = 0; i < 5; ++i) {
    budget_.Charge(router_, now_);
  }
  EXPECT_FALSE(budget_.Ask(router_, now_, 1));
  EXPECT_THAT(ServeFor(seconds(5)), testing::IsEmpty());
  EXPECT_THAT(ServeFor(seconds(2)), ElementsAre(1));
}

TEST_F(ResponderBudgetTest, AnUnknownHopWhereOneResponderWasSeenCountsForThatOne) {
  EXPECT_NE(budget_.OfUnknown(kGroup, 1), router_);
  budget_.OnSeen(kGroup, 1, Router(1));
  EXPECT_EQ(budget_.OfUnknown(kGroup, 1), router_);
  EXPECT_NE(budget_.OfUnknown(kGroup, 2), router_);
  EXPECT_NE(budget_.OfUnknown(kGroup + 1, 1), router_);
}

TEST_F(ResponderBudgetTest, UnknownHopsGoAsFastAsTheRespondersSeenThereAllow) {
  for (unsigned i = 0; i < 1000; ++i) {
    budget_.OnSeen(kGroup, 5, Router(i));
  }
  EXPECT_NEAR(budget_.RateOf(budget_.OfUnknown(kGroup, 5)), ResponderBudget::kFirstRate, 0.01)
      << "before anybody asked";
  budget_.Ask(budget_.OfUnknown(kGroup, 5), now_, 1);
  EXPECT_NEAR(budget_.RateOf(budget_.OfUnknown(kGroup, 5)), 1000 * ResponderBudget::kFirstRate, 50);
}

TEST_F(ResponderBudgetTest, EverNewRespondersDoNotFillTheMemory) {
  for (std::uint64_t key = 1; key <= 4 * ResponderBudget::kLimit; ++key) {
    budget_.Ask(key * 0x9e3779b97f4a7c15ULL, now_, 1);
    now_ += milliseconds(1);
  }
  EXPECT_THAT(budget_.Buckets(), Le(ResponderBudget::kLimit));
  EXPECT_TRUE(budget_.Ask(1, now_, 1)) << "the idle ones made room";
}

TEST_F(ResponderBudgetTest, WhoseTurnWasCutShortIsServedAtOnceWhenThereIsRoom) {
  constexpr int kRouters = 3;
  for (unsigned router = 0; router < kRouters; ++router) {
    const ResponderBudget::Key key = ResponderBudget::OfResponder(Router(router));
    while (budget_.Ask(key, now_, router)) {
    }
  }
  now_ += seconds(2);  // a token for each
  std::vector<ResponderBudget::Waiter> served;
  const auto grant = [&](ResponderBudget::Waiter waiter) {
    served.push_back(waiter);
    return true;
  };
  const auto foresee = [](std::span<const ResponderBudget::Waiter>) {};
  now_ += milliseconds(1);
  budget_.Serve(
      now_, grant, [&] { return served.empty(); }, foresee);
  EXPECT_EQ(served.size(), 1U);
  EXPECT_LE(budget_.NextDeadline(), now_);
  budget_.Serve(
      now_, grant, [] { return true; }, foresee);
  EXPECT_THAT(served, testing::UnorderedElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace pathwitness
