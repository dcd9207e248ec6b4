#include "probes/trace/trace_ledger.h"

#include <gtest/gtest.h>

#include <chrono>

namespace pathwitness {
namespace {

const WallTime kRoundEnd{std::chrono::hours(490000)};

/// When the last trouble was after a round that reached its destination and lost so many probes.
WallTime TroubleAfter(int lost, TraceLedger& ledger, WallTime now) {
  for (int i = 0; i < lost; ++i) {
    EndToEndResult result;
    result.kind = EndToEndResult::Kind::Lost;
    ledger.OnEndToEnd(result);
  }
  Round round;
  round.destination_hop = 1;
  ledger.OnRound(round, now);
  return ledger.Snapshot()->last_trouble;
}

TraceLedger NewLedger() {
  return {{"a", ProberKind::TraceIcmp, ProberFamily::Ipv4}, {1}, 1, kRoundEnd};
}

TEST(TraceLedger, OneLostProbeARoundIsNoTrouble) {
  TraceLedger ledger = NewLedger();
  EXPECT_EQ(TroubleAfter(1, ledger, kRoundEnd), WallTime());
  EXPECT_EQ(TroubleAfter(1, ledger, kRoundEnd), WallTime());
}

TEST(TraceLedger, TwoLostProbesInARoundAreTroubleAndItIsRemembered) {
  TraceLedger ledger = NewLedger();
  EXPECT_EQ(TroubleAfter(2, ledger, kRoundEnd), kRoundEnd);
  EXPECT_EQ(TroubleAfter(0, ledger, kRoundEnd + std::chrono::minutes(1)), kRoundEnd);
}

TEST(TraceLedger, RoundsThatEndAtOnceAreAllShown) {
  TraceLedger ledger = NewLedger();
  for (std::uint64_t number = 0; number < 3; ++number) {
    ledger.OnRound(Round{.number = number}, kRoundEnd);
  }
  const auto snapshot = ledger.Snapshot();
  ASSERT_EQ(snapshot->rounds_before.size(), 2U);
  EXPECT_EQ(snapshot->rounds_before[0].round->number, 0U);
  EXPECT_EQ(snapshot->rounds_before[1].round->number, 1U);
  EXPECT_EQ(snapshot->last_round->number, 2U);
}

TEST(TraceLedger, ARoundIsNotShownForLong) {
  TraceLedger ledger = NewLedger();
  ledger.OnRound(Round(), kRoundEnd);
  ledger.OnRound(Round(), kRoundEnd + TraceSnapshot::kRoundsShownFor);
  EXPECT_TRUE(ledger.Snapshot()->rounds_before.empty());
}

TEST(TraceLedger, RoundsDoNotPileUpWhenTheClockGoesBack) {
  TraceLedger ledger = NewLedger();
  ledger.OnRound(Round(), kRoundEnd);
  ledger.OnRound(Round(), kRoundEnd - std::chrono::hours(1));
  EXPECT_TRUE(ledger.Snapshot()->rounds_before.empty());
}

TEST(TraceLedger, ARoundThatReachesNothingIsTrouble) {
  TraceLedger ledger = NewLedger();
  ledger.OnRound(Round(), kRoundEnd);
  EXPECT_EQ(ledger.Snapshot()->last_trouble, kRoundEnd);
}

}  // namespace
}  // namespace pathwitness
