#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <numbers>
#include <optional>

#include "diagnosis/diagnostician.h"
#include "tests/diagnosis/virtual_path.h"

// What a path is used to, over weeks of virtual time.
namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::HasSubstr;

/// Round trips go from 24 to 40 ms and back within each day, times `factor`.
int LiveWithTheDay(VirtualPath& path, Duration duration, double factor) {
  int spoken = 0;
  for (const MonoTime end = path.Now() + duration; path.Now() < end;) {
    const double days = ToSeconds(path.Now().time_since_epoch()) / 86400;
    const double round_trip = (32 - 8 * std::cos(2 * std::numbers::pi * days)) * factor;
    path.delay[3] = std::chrono::microseconds(std::lround((round_trip - 24) * 1000));
    path.Live(minutes(5), [&] {
      spoken += path.Spoken() != nullptr ? 1 : 0;
      return false;
    });
  }
  return spoken;
}

TEST(LatencyWeeks, ThreeWeeksOfDayAndNightAreNoNewsButThirtyPercentMoreAre) {
  VirtualPath path(1);
  EXPECT_EQ(LiveWithTheDay(path, hours(21 * 24), 1), 0);
  for (const Duration hour : {hours(0), hours(5), hours(11), hours(20)}) {
    LiveWithTheDay(path, hour, 1);
    EXPECT_GT(LiveWithTheDay(path, minutes(10), 1.3), 0) << hour / hours(1);
    ASSERT_NE(path.Spoken(), nullptr);
    EXPECT_EQ(path.Spoken()->verdict.latency.candidate, 4U);
    LiveWithTheDay(path, hours(24) - minutes(10), 1);
  }
}

/// The first link is busy for four hours of each day, from the ninth on.
class BusyEvenings : public testing::Test {
 protected:
  /// Returns how many evaluations spoke.
  int Live(Duration duration) {
    int spoken = 0;
    for (const MonoTime end = path_.Now() + duration; path_.Now() < end;) {
      const auto hour = (path_.Now() - begin_) / hours(1) % 24;
      path_.delay[0] = hour >= 9 && hour < 13 ? milliseconds(20) : milliseconds(0);
      path_.Live(minutes(5), [&] {
        spoken += path_.Spoken() != nullptr ? 1 : 0;
        return false;
      });
    }
    return spoken;
  }

  VirtualPath path_{1};
  const MonoTime begin_ = path_.Now();
};

TEST_F(BusyEvenings, AreNoNewsFromTheSecondWeekOn) {
  EXPECT_GT(Live(hours(24)), 0);
  Live(hours(6 * 24 + 2));
  EXPECT_EQ(Live(hours(7 * 24)), 0);
}

TEST_F(BusyEvenings, DoNotHideAFaultOnTop) {
  Live(hours(8 * 24 + 11));
  ASSERT_EQ(path_.Spoken(), nullptr);
  path_.delay[4] = milliseconds(15);
  Live(minutes(10));
  ASSERT_NE(path_.Spoken(), nullptr);
  EXPECT_EQ(path_.Spoken()->verdict.state, VerdictState::Latency);
  EXPECT_EQ(path_.Spoken()->verdict.latency.candidate, 5U);
}

// The half hour before was faster at all hops: to tell the evening from the fault is beyond it.
TEST_F(BusyEvenings, HideWhereAFaultIsThatComesWithThem) {
  Live(hours(8 * 24 + 9));
  path_.delay[4] = milliseconds(15);
  Live(minutes(10));
  ASSERT_NE(path_.Spoken(), nullptr);
  EXPECT_EQ(path_.Spoken()->verdict.attribution.owner, std::nullopt);
  EXPECT_THAT(path_.Spoken()->verdict.text,
              HasSubstr("longer than usual at this hour of the week"));
}

TEST_F(BusyEvenings, AreNoExcuseAtAnotherHour) {
  Live(hours(8 * 24 + 3));
  path_.delay[4] = milliseconds(15);
  Live(minutes(10));
  ASSERT_NE(path_.Spoken(), nullptr);
  EXPECT_EQ(path_.Spoken()->verdict.latency.candidate, 5U);
}

TEST_F(BusyEvenings, AreNewsAgainOnAnotherRoute) {
  Live(hours(8 * 24));
  path_.Judge().OnRouteChange({.ttl = 5, .text = "at hop 5"}, path_.Now());
  EXPECT_GT(Live(hours(12)), 0);
}

}  // namespace
}  // namespace pathwitness
