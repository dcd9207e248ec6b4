#include "diagnosis/verdict_watch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace pathwitness {
namespace {

using std::chrono::seconds;

Verdict Of(VerdictState state, const std::string& owner = "") {
  Verdict verdict;
  verdict.state = state;
  if (!owner.empty()) {
    verdict.attribution.owner = HopOwner{.segment = Segment::Transit, .name = owner};
  }
  return verdict;
}

/// Evaluates every ten seconds.
class VerdictWatchTest : public testing::Test {
 protected:
  const SpokenVerdict* Evaluate(const Verdict& verdict) {
    now_ += seconds(10);
    return watch_.OnEvaluation(verdict, now_);
  }
  std::string OwnerAfter(const Verdict& verdict) {
    const SpokenVerdict* const spoken = Evaluate(verdict);
    return spoken != nullptr && spoken->verdict.attribution.owner
               ? spoken->verdict.attribution.owner->name
               : "";
  }

  VerdictWatch watch_;
  MonoTime now_;
  const Verdict none_ = Of(VerdictState::None);
  const Verdict loss_ = Of(VerdictState::Loss, "AS64500");
  const Verdict other_ = Of(VerdictState::Loss, "AS64501");
};

TEST_F(VerdictWatchTest, SpeaksAtTheSecondEvaluationInARow) {
  EXPECT_EQ(Evaluate(loss_), nullptr);
  const MonoTime first = now_;
  const SpokenVerdict* const spoken = Evaluate(loss_);
  ASSERT_NE(spoken, nullptr);
  EXPECT_EQ(spoken->since, first);
  EXPECT_EQ(spoken->last_confirmed, now_);
}

TEST_F(VerdictWatchTest, SaysNothingOfAPathThatFlapsWithEachEvaluation) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Evaluate(i % 2 == 0 ? none_ : loss_), nullptr);
  }
}

TEST_F(VerdictWatchTest, TakesAFlappingFaultForOneFault) {
  Evaluate(loss_);
  const MonoTime since = Evaluate(loss_)->since;
  for (int i = 0; i < 100; ++i) {
    const SpokenVerdict* const spoken = Evaluate(i % 5 == 0 ? loss_ : none_);
    ASSERT_NE(spoken, nullptr);
    EXPECT_EQ(spoken->since, since);
  }
}

TEST_F(VerdictWatchTest, ChangesTheOwnerAtTheThirdEvaluationInARow) {
  Evaluate(loss_);
  Evaluate(loss_);
  EXPECT_EQ(OwnerAfter(other_), "AS64500");
  EXPECT_EQ(OwnerAfter(other_), "AS64500");
  EXPECT_EQ(OwnerAfter(other_), "AS64501");
}

TEST_F(VerdictWatchTest, KeepsTheOwnerWhileOthersTakeTurns) {
  Evaluate(loss_);
  Evaluate(loss_);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(OwnerAfter(other_), "AS64500");
    EXPECT_EQ(OwnerAfter(Of(VerdictState::Loss, "AS64502")), "AS64500");
  }
}

TEST_F(VerdictWatchTest, FallsSilentFiveMinutesAfterTheLastFault) {
  Evaluate(loss_);
  Evaluate(loss_);
  for (int i = 0; i < 29; ++i) {
    ASSERT_NE(Evaluate(none_), nullptr);
  }
  EXPECT_EQ(Evaluate(none_), nullptr);
}

TEST_F(VerdictWatchTest, CarriesTheNewestFigures) {
  Evaluate(loss_);
  Evaluate(loss_);
  Verdict newer = loss_;
  newer.text = "newer";
  EXPECT_EQ(Evaluate(newer)->verdict.text, "newer");
}

}  // namespace
}  // namespace pathwitness
