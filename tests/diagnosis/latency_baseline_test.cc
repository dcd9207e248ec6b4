#include "diagnosis/latency_baseline.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Duration kDay = hours(24);
constexpr Duration kWeek = 7 * kDay;
constexpr Duration kBlock = minutes(5);

/// Milliseconds to the destination, so long after the start.
using Course = std::function<double(Duration)>;

double HourOf(Duration since_start) {
  return std::fmod(ToSeconds(since_start) / 3600, 24);
}

// Slow from 19 to 23 h.
double SlowEachEvening(Duration since_start) {
  const double hour = HourOf(since_start);
  return hour >= 19 && hour < 23 ? 40 : 20;
}

double Wave(Duration since_start) {
  return 30 - 10 * std::cos(2 * std::numbers::pi * HourOf(since_start) / 24);
}

/// Two hops: a router at 5 ms and the destination.
class LatencyBaselineTest : public testing::Test {
 protected:
  void Live(Duration duration, const Course& course) {
    for (const Duration end = passed_ + duration; passed_ < end; passed_ += kBlock) {
      baseline_.OnBlock(std::array{5.0, course(passed_)}, Now());
    }
  }

  MonoTime Now() const { return MonoTime(kWeek) + passed_; }

  LatencyBaseline baseline_;
  Duration passed_{};
};

TEST_F(LatencyBaselineTest, KnowsNoDayInItsFirstHours) {
  Live(hours(6), SlowEachEvening);
  EXPECT_EQ(baseline_.DayBefore(1, Now()), std::nullopt);
}

TEST_F(LatencyBaselineTest, KnowsEachHopOfTheFirstDay) {
  Live(hours(7), SlowEachEvening);
  ASSERT_TRUE(baseline_.DayBefore(0, Now()));
  ASSERT_TRUE(baseline_.DayBefore(1, Now()));
  EXPECT_NEAR(baseline_.DayBefore(0, Now())->median, 5, 0.01);
  EXPECT_NEAR(baseline_.DayBefore(1, Now())->median, 20, 0.01);
  EXPECT_NEAR(baseline_.DayBefore(1, Now())->StandardError(), 0, 0.01);
  EXPECT_EQ(baseline_.DayBefore(2, Now()), std::nullopt);
}

TEST_F(LatencyBaselineTest, ADayThatIsNeverTheSameIsNoSharpMeasure) {
  Live(3 * kDay, Wave);
  EXPECT_NEAR(baseline_.DayBefore(1, Now())->median, 30, 1.5);
  EXPECT_GT(baseline_.DayBefore(1, Now())->interval.high, 40);
}

TEST_F(LatencyBaselineTest, ADelayThatStaysIsTheNormalAfterHalfADay) {
  Live(2 * kDay, [](Duration) { return 20; });
  Live(hours(10), [](Duration) { return 50; });
  EXPECT_NEAR(baseline_.DayBefore(1, Now())->median, 20, 0.1);
  Live(hours(4), [](Duration) { return 50; });
  EXPECT_NEAR(baseline_.DayBefore(1, Now())->median, 50, 0.1);
}

TEST_F(LatencyBaselineTest, ADayWithoutAnswersIsForgotten) {
  Live(2 * kDay, SlowEachEvening);
  passed_ += hours(20);
  EXPECT_EQ(baseline_.DayBefore(1, Now()), std::nullopt);
  passed_ += 2 * kDay;
  Live(hours(6), SlowEachEvening);
  EXPECT_EQ(baseline_.DayBefore(1, Now()), std::nullopt);
}

TEST_F(LatencyBaselineTest, CallsNothingUsualInTheFirstWeek) {
  for (Duration left = kWeek - kBlock; left > Duration(); left -= kBlock) {
    Live(kBlock, SlowEachEvening);
    if (passed_ < kWeek - hours(1)) {
      ASSERT_EQ(baseline_.UsualAt(Now()), std::nullopt) << passed_.count();
    }
  }
}

TEST_F(LatencyBaselineTest, FromTheSecondWeekOnAnEveningIsAsUsual) {
  Live(kWeek + hours(3), SlowEachEvening);
  for (; passed_ < 3 * kWeek; Live(kBlock, SlowEachEvening)) {
    ASSERT_TRUE(baseline_.UsualAt(Now())) << passed_.count();
    ASSERT_GE(*baseline_.UsualAt(Now()), SlowEachEvening(passed_) - 0.1) << HourOf(passed_);
  }
}

TEST_F(LatencyBaselineTest, WhatBeginsWithinAnHourIsUsualFromThenOn) {
  for (const Duration begins : {minutes(5), minutes(20), minutes(40), minutes(55)}) {
    const Course course = [&](Duration at) { return SlowEachEvening(at - begins); };
    baseline_ = LatencyBaseline();
    Live(2 * kWeek, course);
    for (const Duration end = passed_ + kDay; passed_ < end; Live(kBlock, course)) {
      ASSERT_GE(baseline_.UsualAt(Now()).value_or(0), course(passed_) - 0.1) << HourOf(passed_);
    }
  }
}

TEST_F(LatencyBaselineTest, AnEveningIsNoExcuseForTheMorning) {
  Live(2 * kWeek + hours(9), SlowEachEvening);
  EXPECT_NEAR(baseline_.UsualAt(Now()).value_or(0), 20, 0.1);
}

TEST_F(LatencyBaselineTest, OneBadWeekIsOutvoted) {
  Live(kWeek, SlowEachEvening);
  Live(kWeek, [](Duration) { return 300; });
  Live(hours(3), SlowEachEvening);
  EXPECT_NEAR(baseline_.UsualAt(Now()).value_or(0), 20, 0.1);
  Live(kWeek, SlowEachEvening);
  EXPECT_NEAR(baseline_.UsualAt(Now()).value_or(0), 20, 0.1);
}

TEST_F(LatencyBaselineTest, AFaultOfTenMinutesIsNotLearnt) {
  Live(hours(3), SlowEachEvening);
  Live(minutes(10), [](Duration) { return 90; });
  Live(kWeek, SlowEachEvening);
  EXPECT_NEAR(baseline_.UsualAt(Now()).value_or(0), 20, 0.1);
}

TEST_F(LatencyBaselineTest, LearnsNothingWhereNobodyAnswers) {
  Live(2 * kWeek, [](Duration) { return 0; });
  EXPECT_EQ(baseline_.DayBefore(1, Now()), std::nullopt);
  EXPECT_EQ(baseline_.UsualAt(Now()), std::nullopt);
}

TEST(LatencyBaseline, TakesTwoKibibytesForFifteenHopsHoweverLongItLives) {
  constexpr std::size_t kPaths = 100;
  const std::vector<double> medians(15, 20);
  const auto before = static_cast<std::ptrdiff_t>(mallinfo2().uordblks);
  std::vector<LatencyBaseline> baselines(kPaths);
  for (LatencyBaseline& baseline : baselines) {
    for (MonoTime now(kWeek); now < MonoTime(3 * kWeek); now += kBlock) {
      baseline.OnBlock(medians, now);
    }
  }
  const auto taken = static_cast<std::ptrdiff_t>(mallinfo2().uordblks) - before;
  RecordProperty("bytes_per_path", std::to_string(taken / std::ptrdiff_t{kPaths}));
  EXPECT_LE(taken, std::ptrdiff_t{2300 * kPaths});
}

TEST_F(LatencyBaselineTest, KeepsAMicrosecondAndAMinuteToAPartInAThousand) {
  for (const double round_trip : {0.0015, 0.1, 3.0, 250.0, 60000.0}) {
    Live(kDay, [&](Duration) { return round_trip; });
    EXPECT_NEAR(baseline_.DayBefore(1, Now())->median, round_trip, round_trip / 1000);
  }
}

}  // namespace
}  // namespace pathwitness
