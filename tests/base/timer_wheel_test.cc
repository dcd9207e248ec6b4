#include "probes/base/timer_wheel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class TimerWheelTest : public testing::Test {
 protected:
  std::vector<std::uint32_t> ExpireAt(Duration since_start) {
    std::vector<std::uint32_t> ids;
    wheel_.Expire(start_ + since_start, [&ids](std::uint32_t id) { ids.push_back(id); });
    return ids;
  }

  MonoTime start_{hours(1)};
  TimerWheel wheel_{milliseconds(1), start_};
};

TEST_F(TimerWheelTest, ADeadlineIsMetAtItsTimeAndNotBefore) {
  wheel_.Set(7, start_ + milliseconds(10));
  EXPECT_THAT(ExpireAt(milliseconds(9)), IsEmpty());
  EXPECT_THAT(ExpireAt(milliseconds(10)), ElementsAre(7));
  EXPECT_THAT(ExpireAt(milliseconds(30)), IsEmpty());
}

TEST_F(TimerWheelTest, OnlyTheNewestDeadlineCounts) {
  wheel_.Set(1, start_ + milliseconds(10));
  wheel_.Set(1, start_ + milliseconds(50));
  wheel_.Set(2, start_ + milliseconds(50));
  wheel_.Set(2, start_ + milliseconds(10));
  EXPECT_THAT(ExpireAt(milliseconds(20)), ElementsAre(2));
  EXPECT_THAT(ExpireAt(milliseconds(60)), ElementsAre(1));
}

TEST_F(TimerWheelTest, ACancelledDeadlineIsNotMet) {
  wheel_.Set(1, start_ + milliseconds(10));
  wheel_.Cancel(1);
  EXPECT_THAT(ExpireAt(seconds(2)), IsEmpty());
}

TEST_F(TimerWheelTest, ADeadlineBeyondARevolutionWaitsForItsOwn) {
  wheel_.Set(1, start_ + seconds(5));
  for (int ms = 0; ms < 5000; ++ms) {
    ASSERT_THAT(ExpireAt(milliseconds(ms)), IsEmpty()) << ms;
  }
  EXPECT_THAT(ExpireAt(seconds(5)), ElementsAre(1));
}

TEST_F(TimerWheelTest, ALongPauseLosesNothing) {
  wheel_.Set(1, start_ + seconds(1));
  wheel_.Set(2, start_ + seconds(9));
  EXPECT_THAT(ExpireAt(hours(5)), testing::UnorderedElementsAre(1, 2));
}

TEST_F(TimerWheelTest, ADeadlineInThePastIsMetAtTheNextCall) {
  ExpireAt(milliseconds(100));
  wheel_.Set(1, start_ + milliseconds(20));
  EXPECT_THAT(ExpireAt(milliseconds(101)), ElementsAre(1));
}

TEST_F(TimerWheelTest, NextDeadlineIsNeverTooLate) {
  std::mt19937 random(1);
  std::map<std::uint32_t, MonoTime> due;
  for (std::uint32_t id = 0; id < 200; ++id) {
    due[id] = start_ + milliseconds(random() % 20'000);
    wheel_.Set(id, due[id]);
  }
  MonoTime now = start_;
  while (!due.empty()) {
    const MonoTime next = wheel_.NextDeadline(now);
    for (const auto& [id, when] : due) {
      ASSERT_LE(next, when + milliseconds(1));
    }
    now = std::max(next, now + milliseconds(1));
    wheel_.Expire(now, [&](std::uint32_t id) {
      EXPECT_LE(due.at(id), now);
      due.erase(id);
    });
  }
}

}  // namespace
}  // namespace pathwitness
