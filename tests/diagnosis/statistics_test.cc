#include "diagnosis/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "tests/support/split_mix.h"

namespace pathwitness {
namespace {

TEST(WilsonInterval, HasTheValuesOfTheTables) {
  struct Row {
    double hits, trials, low, high;
  };
  for (const Row& row : std::vector<Row>{{0, 10, 0, .2775},
                                         {0, 60, 0, .0602},
                                         {0, 100, 0, .0370},
                                         {0, 300, 0, .0126},
                                         {1, 10, .0179, .4042},
                                         {1, 100, .0018, .0545},
                                         {3, 60, .0171, .1370},
                                         {5, 100, .0215, .1118},
                                         {6, 60, .0466, .2015},
                                         {10, 100, .0552, .1744},
                                         {10, 10, .7225, 1},
                                         {21, 300, .0462, .1046},
                                         {31, 300, .0738, .1429},
                                         {264, 300, .8383, .9120}}) {
    const Interval interval = WilsonInterval(row.hits, row.trials);
    EXPECT_NEAR(interval.low, row.low, 0.00006) << row.hits << "/" << row.trials;
    EXPECT_NEAR(interval.high, row.high, 0.00006) << row.hits << "/" << row.trials;
  }
}

TEST(WilsonInterval, KnowsNothingWithoutTrials) {
  EXPECT_EQ(WilsonInterval(0, 0), (Interval{.low = 0, .high = 1}));
}

TEST(FisherAtMost, HasTheValuesOfTheTables) {
  struct Row {
    double x1, n1, x2, n2, p;
  };
  for (const Row& row : std::vector<Row>{{0, 60, 3, 60, .122},
                                         {0, 60, 4, 60, .0594},
                                         {0, 60, 5, 60, .0287},
                                         {0, 60, 6, 60, .0137},
                                         {0, 60, 7, 60, .00649},
                                         {0, 100, 5, 100, .0297},
                                         {0, 100, 10, 100, .000771},
                                         {2, 100, 10, 100, .0165},
                                         {0, 10, 3, 10, .105},
                                         {0, 10, 10, 10, 5.41e-6},
                                         {0, 300, 21, 300, 3.32e-7},
                                         {31, 300, 21, 300, .945}}) {
    EXPECT_NEAR(FisherAtMost(row.x1, row.n1, row.x2, row.n2), row.p, row.p * 0.005)
        << row.x1 << "/" << row.n1 << " " << row.x2 << "/" << row.n2;
  }
}

TEST(FisherAtMost, IsCertainWhenASampleIsEmpty) {
  EXPECT_EQ(FisherAtMost(0, 0, 5, 10), 1);
  EXPECT_EQ(FisherAtMost(5, 10, 0, 0), 1);
}

// Summed from the far end this takes minutes.
TEST(FisherAtMost, IsQuickWithABillionProbes) {
  EXPECT_NEAR(FisherAtMost(5e8, 1e9, 1e3, 1e9), 1, 1e-9);
  EXPECT_NEAR(FisherAtMost(1e3, 1e9, 5e8, 1e9), 0, 1e-9);
}

// The 95 % points that statistics books print.
TEST(ChiSquareTail, HasTheValuesOfTheTables) {
  EXPECT_NEAR(ChiSquareTail(3.841, 1), 0.05, 0.0001);
  EXPECT_NEAR(ChiSquareTail(24.996, 15), 0.05, 0.0001);
  EXPECT_NEAR(ChiSquareTail(82.529, 63), 0.05, 0.0001);
  EXPECT_NEAR(ChiSquareTail(7.778, 15), 0.932, 0.001);
  EXPECT_NEAR(ChiSquareTail(320, 15) / 3.8e-59, 1, 0.02);
  EXPECT_NEAR(ChiSquareTail(154.84, 15) / 2.6e-25, 1, 0.05);
}

TEST(MedianRanks, HasTheValuesOfTheTables) {
  EXPECT_EQ(MedianRanks(10), (Ranks{.low = 2, .high = 7}));
  EXPECT_EQ(MedianRanks(20), (Ranks{.low = 5, .high = 14}));
  EXPECT_EQ(MedianRanks(30), (Ranks{.low = 9, .high = 20}));
  EXPECT_EQ(MedianRanks(60), (Ranks{.low = 22, .high = 37}));
  EXPECT_EQ(MedianRanks(100), (Ranks{.low = 40, .high = 59}));
}

TEST(MedianRanks, OfASingleValueIsThatValue) {
  EXPECT_EQ(MedianRanks(1), (Ranks{.low = 0, .high = 0}));
}

TEST(EstimateMedian, IsTheMiddleWithItsRanks) {
  std::vector<double> sorted(10);
  std::iota(sorted.begin(), sorted.end(), 1.0);
  EXPECT_EQ(EstimateMedian(sorted),
            (MedianEstimate{.median = 5.5, .interval = {.low = 3, .high = 8}}));
}

TEST(EstimateMedian, OfNothingIsNothing) {
  EXPECT_EQ(EstimateMedian({}), std::nullopt);
}

/// A hundred blocks of ten probes; a fifth of the time is in bursts, where half is lost.
std::vector<Counts> BurstyBlocks(SplitMix& random, double mean_burst) {
  const double enter = 0.25 / mean_burst;
  bool is_inside = false;
  std::vector<Counts> blocks(100);
  for (Counts& block : blocks) {
    for (int probe = 0; probe < 10; ++probe) {
      is_inside = is_inside ? !random.Hits(1 / mean_burst) : random.Hits(enter);
      block.sent += 1;
      block.received += is_inside && random.Hits(0.5) ? 0 : 1;
    }
  }
  return blocks;
}

TEST(Dispersion, SeesThatLossesComeInBursts) {
  SplitMix random(1);
  double sum = 0;
  for (int run = 0; run < 100; ++run) {
    sum += Dispersion(BurstyBlocks(random, 5));
  }
  EXPECT_NEAR(sum / 100, 2.5, 0.4);
}

TEST(Dispersion, IsAboutOneForIndependentLosses) {
  SplitMix random(2);
  double sum = 0;
  for (int run = 0; run < 100; ++run) {
    std::vector<Counts> blocks(100, {.sent = 10, .received = 10});
    for (Counts& block : blocks) {
      for (int probe = 0; probe < 10; ++probe) {
        block.received -= random.Hits(0.1) ? 1 : 0;
      }
    }
    sum += Dispersion(blocks);
  }
  EXPECT_NEAR(sum / 100, 1.05, 0.06);
}

TEST(Dispersion, IsTheDefaultBelowThirtyBlocks) {
  EXPECT_EQ(Dispersion(std::vector<Counts>(29, {.sent = 10, .received = 5})), kDefaultDispersion);
  EXPECT_EQ(Dispersion(std::vector<Counts>(30, {.sent = 10, .received = 5})), 1);
}

TEST(Dispersion, IsTenAtMost) {
  std::vector<Counts> blocks(40, {.sent = 100, .received = 100});
  blocks[3].received = 0;
  EXPECT_EQ(Dispersion(blocks), 10);
}

TEST(Dispersion, IsOneWhenAllOrNothingIsLost) {
  EXPECT_EQ(Dispersion(std::vector<Counts>(40, {.sent = 10, .received = 10})), 1);
  EXPECT_EQ(Dispersion(std::vector<Counts>(40, {.sent = 10, .received = 0})), 1);
}

}  // namespace
}  // namespace pathwitness
