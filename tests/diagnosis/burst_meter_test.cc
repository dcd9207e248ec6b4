#include "diagnosis/burst_meter.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/split_mix.h"

namespace pathwitness {
namespace {

using std::chrono::seconds;

/// A probe a second, of which a fifth falls into bursts that lose all.
class Train {
 public:
  Train(std::uint64_t seed, double mean_burst) : random_(seed), mean_burst_(mean_burst) {}

  /// `every`: so often the meter is told.
  void Feed(BurstMeter& meter, seconds how_long, seconds every) {
    for (seconds told{}; told < how_long; told += every) {
      Counts counts;
      for (seconds probe{}; probe < every; probe += seconds(1)) {
        counts.sent += 1;
        counts.received += IsLost() ? 0 : 1;
      }
      meter.OnProbes(counts, now_);
      now_ += every;
    }
  }

 private:
  bool IsLost() {
    const double leave = 1 / mean_burst_;
    is_bad_ = is_bad_ ? !random_.Hits(leave) : random_.Hits(leave / 4);
    return is_bad_;
  }

  SplitMix random_;
  double mean_burst_;
  bool is_bad_ = false;
  MonoTime now_{};
};

double MeanAfter(seconds how_long, double mean_burst, seconds every = seconds(5)) {
  double sum = 0;
  for (std::uint64_t run = 0; run < 100; ++run) {
    BurstMeter meter;
    Train(run, mean_burst).Feed(meter, how_long, every);
    sum += meter.Value();
  }
  return sum / 100;
}

TEST(BurstMeter, KnowsTheSizeOfBurstsAfterFiveMinutes) {
  BurstMeter meter;
  Train train(1, 5);
  train.Feed(meter, seconds(300), seconds(5));
  EXPECT_EQ(meter.Value(), kDefaultDispersion);
  train.Feed(meter, seconds(10), seconds(5));
  EXPECT_NE(meter.Value(), kDefaultDispersion);
}

// The variance of such a chain is (1 + a) / (1 - a) times that of independent losses, where a is
// what is left of a state after a second: 1 - 1/5 - 1/20.
TEST(BurstMeter, ComesCloserToTheTruthTheLongerItLooks) {
  const double truth = 1.75 / 0.25;
  const double soon = MeanAfter(seconds(310), 5);
  const double later = MeanAfter(seconds(3600), 5);
  EXPECT_LT(soon, later);
  EXPECT_NEAR(later, truth, 1);
}

TEST(BurstMeter, IsTheSameHoweverOftenItIsTold) {
  EXPECT_NEAR(MeanAfter(seconds(900), 5, seconds(1)), MeanAfter(seconds(900), 5, seconds(10)), 0.5);
}

// Ten blocks of one probe each would all look alike.
TEST(BurstMeter, WaitsForTenProbesABlock) {
  BurstMeter meter;
  for (int i = 0; i < 300; ++i) {
    meter.OnProbes({.sent = 1, .received = static_cast<double>(i % 2)}, MonoTime(seconds(10 * i)));
  }
  EXPECT_EQ(meter.Value(), kDefaultDispersion);
}

TEST(BurstMeter, IgnoresTimesWithoutProbes) {
  BurstMeter meter;
  for (int i = 0; i < 100; ++i) {
    meter.OnProbes({}, MonoTime(seconds(10 * i)));
  }
  EXPECT_EQ(meter.Value(), kDefaultDispersion);
}

TEST(BurstMeter, ForgetsTheBurstsOfAnHourAgo) {
  BurstMeter meter;
  Train(1, 20).Feed(meter, seconds(3600), seconds(5));
  EXPECT_GT(meter.Value(), 5);
  SplitMix random(2);
  for (int i = 720; i < 1440; ++i) {  // another hour
    const double lost = static_cast<double>(random.Below(2));
    meter.OnProbes({.sent = 5, .received = 5 - lost}, MonoTime(seconds(5 * i)));
  }
  EXPECT_LT(meter.Value(), 1.5);
}

}  // namespace
}  // namespace pathwitness
