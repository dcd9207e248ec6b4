#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <vector>

#include "probes/net/socket.h"

// What becomes of the kernel's stamps when the wall clock is set.
namespace pathwitness {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kStart(100'000'000s);     // after all that the machine's own clock shows
constexpr Duration kAhead = 1'700'000'000s;  // the wall clock, of the monotonic one

WallTime WallAt(MonoTime time, Duration ahead) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(time.time_since_epoch() + ahead));
}

/// What the kernel writes at `time` while the wall clock is so far ahead.
timespec StampAt(MonoTime time, Duration ahead) {
  const Duration wall = time.time_since_epoch() + ahead;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(wall);
  return {.tv_sec = seconds.count(), .tv_nsec = Duration(wall - seconds).count()};
}

class AStepOfTheWallClock : public testing::TestWithParam<Duration> {
 protected:
  /// Sampled 10 ms before the step, and 10 ms after it.
  void SetUp() override {
    converter_.Refresh(kStart, WallAt(kStart, kAhead));
    converter_.Refresh(now_, WallAt(now_, kAhead + GetParam()));
  }

  const MonoTime now_ = kStart + 20ms;
  StampConverter converter_;
};

TEST_P(AStepOfTheWallClock, LeavesStampsOfAfterItAlone) {
  const MonoTime after = now_ - 5ms;
  EXPECT_EQ(converter_.ToMono(StampAt(after, kAhead + GetParam())), after);
}

TEST_P(AStepOfTheWallClock, MakesStampsOfBeforeItNoOlderThanTheyAre) {
  const MonoTime before = kStart + 5ms;
  EXPECT_GE(converter_.ToMono(StampAt(before, kAhead)), before);
  EXPECT_LE(converter_.ToMono(StampAt(before, kAhead)), now_);
}

TEST_P(AStepOfTheWallClock, IsForgottenByWhatComesLater) {
  const MonoTime later = now_ + 10s;
  converter_.Refresh(later, WallAt(later, kAhead + GetParam()));
  EXPECT_EQ(converter_.ToMono(StampAt(now_ + 1s, kAhead + GetParam())), now_ + 1s);
}

INSTANTIATE_TEST_SUITE_P(ForwardAndBack, AStepOfTheWallClock,
                         testing::Values(Duration(1h), Duration(-1h), Duration(300ms)));

ClockReading ReadApart(Duration apart) {
  return {.before = kStart, .wall = WallAt(kStart, kAhead), .after = kStart + apart};
}

TEST(ReadClosely, ReadsAgainWhenTheThreadLostItsCoreBetween) {
  const std::vector<Duration> apart = {3ms, 500us, 1us, 10ns};
  std::size_t reads = 0;
  const ClockReading closest = ReadClosely([&] { return ReadApart(apart.at(reads++)); });
  EXPECT_EQ(closest.after - closest.before, 1us);
  EXPECT_EQ(reads, 3U);
}

TEST(ReadClosely, TakesTheClosestOfAFewOnAMachineThatIsNeverSoFast) {
  const std::vector<Duration> apart = {3ms, 500us, 20us, 1ms};
  std::size_t reads = 0;
  const ClockReading closest = ReadClosely([&] { return ReadApart(apart.at(reads++)); });
  EXPECT_EQ(closest.after - closest.before, 20us);
}

TEST(AStampOfTheFuture, IsOfNow) {
  StampConverter converter;
  converter.Refresh(kStart, WallAt(kStart, kAhead));
  EXPECT_EQ(converter.ToMono(StampAt(kStart + 1ms, kAhead)), kStart);
}

}  // namespace
}  // namespace pathwitness
