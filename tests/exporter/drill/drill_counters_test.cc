#include "exporter/drill/drill_counters.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

namespace pathwitness {
namespace {

TraceSnapshot Trace(std::uint64_t probes, std::uint64_t lost) {
  TraceSnapshot trace;
  trace.status.key = {"fra-to-example", ProberKind::TraceIcmp, ProberFamily::Ipv4};
  trace.probes = probes;
  trace.lost = lost;
  return trace;
}

HopCounters Hop(std::uint64_t probes, std::uint64_t missing) {
  HopCounters hop;
  hop.probes = probes;
  hop.replies_missing = missing;
  return hop;
}

DrillOrder Loss(double loss, unsigned at_hop = 1) {
  return {.target = "fra-to-example",
          .loss = loss,
          .at_hop = at_hop,
          .length = std::chrono::minutes(10)};
}

TEST(DrillCounters, AreAllZeroAtTheStart) {
  TraceSnapshot start = Trace(300, 3);
  start.hops = {Hop(30, 1), Hop(30, 30)};
  const DrillCounters counters = WithFault(start, start, Loss(1));
  EXPECT_EQ(counters.key, start.status.key);
  EXPECT_EQ(counters.probes, 0U);
  EXPECT_EQ(counters.lost, 0U);
  EXPECT_EQ(counters.hops, (std::vector<DrillHopCounters>{{0, 0}, {0, 0}}));
}

TEST(DrillCounters, WhatIsTrulyLostIsLostInTheDrillToo) {
  const DrillCounters counters = WithFault(Trace(300, 3), Trace(400, 23), Loss(0.5));
  EXPECT_EQ(counters.probes, 100U);
  EXPECT_EQ(counters.lost, 20U + 40U);
}

TEST(DrillCounters, LossIsWithinHalfAProbeOfTheShareOfTheAnswered) {
  for (const double loss : {0.001, 0.05, 0.3, 1.0 / 3, 0.5, 0.999, 1.0}) {
    for (std::uint64_t answered = 0; answered < 500; ++answered) {
      const DrillCounters counters =
          WithFault(Trace(10, 4), Trace(10 + answered + 7, 11), Loss(loss));
      const double share = static_cast<double>(answered) * loss;
      EXPECT_LE(std::abs(static_cast<double>(counters.lost) - 7 - share), 0.5) << answered;
    }
  }
}

TEST(DrillCounters, NeverFallAndNeverLoseMoreThanThereIs) {
  for (const double loss : {0.001, 0.3, 0.7, 1.0}) {
    DrillCounters before = WithFault(Trace(0, 0), Trace(0, 0), Loss(loss));
    for (std::uint64_t probes = 1; probes < 500; ++probes) {
      const DrillCounters now = WithFault(Trace(0, 0), Trace(probes, probes / 5), Loss(loss));
      EXPECT_GE(now.lost, before.lost);
      EXPECT_GE(now.lost, probes / 5);
      EXPECT_LE(now.lost, now.probes);
      before = now;
    }
  }
}

TEST(DrillCounters, HopsBeforeTheFaultAreAsInTruth) {
  TraceSnapshot start = Trace(0, 0);
  start.hops = {Hop(30, 1), Hop(30, 30), Hop(30, 0)};
  TraceSnapshot now = Trace(100, 0);
  now.hops = {Hop(40, 2), Hop(40, 40), Hop(40, 0)};
  const DrillCounters counters = WithFault(start, now, Loss(0.5, 3));
  EXPECT_EQ(counters.hops, (std::vector<DrillHopCounters>{{10, 1}, {10, 10}, {10, 5}}));
}

TEST(DrillCounters, TheFaultAtTheFirstHopIsOnTheWholePath) {
  TraceSnapshot now = Trace(100, 0);
  now.hops = {Hop(40, 0), Hop(40, 20)};
  const DrillCounters counters = WithFault(Trace(0, 0), now, Loss(0.5));
  EXPECT_EQ(counters.hops, (std::vector<DrillHopCounters>{{40, 20}, {40, 30}}));
}

TEST(DrillCounters, CountersThatBeganAnewAreAllNew) {
  TraceSnapshot start = Trace(1000, 10);
  start.hops = {Hop(100, 5)};
  TraceSnapshot now = Trace(20, 0);
  now.hops = {Hop(2, 0)};
  const DrillCounters counters = WithFault(start, now, Loss(0.5));
  EXPECT_EQ(counters.probes, 20U);
  EXPECT_EQ(counters.lost, 10U);
  EXPECT_EQ(counters.hops.front(), (DrillHopCounters{2, 1}));
}

TEST(DrillCounters, AProberThatIsGoneHasNone) {
  TraceBoard board;
  const auto before = std::make_shared<const TraceSnapshot>(Trace(10, 0));
  const Drill drill{.id = "d", .order = Loss(0.5), .before = {before}, .notices = {}};
  EXPECT_TRUE(CountersOf(drill, board).empty());
  board.NewWriter().Publish(before->status.key, before);
  EXPECT_EQ(CountersOf(drill, board).size(), 1U);
}

TEST(DrillCounters, LeaveTheTruthAsItIs) {
  TraceBoard board;
  const auto truth = std::make_shared<const TraceSnapshot>(Trace(10, 1));
  board.NewWriter().Publish(truth->status.key, truth);
  const Drill drill{.id = "d", .order = Loss(1), .before = {truth}, .notices = {}};
  CountersOf(drill, board);
  EXPECT_EQ(board.Find(truth->status.key), truth);
  EXPECT_EQ(truth->lost, 1U);
}

}  // namespace
}  // namespace pathwitness
