#include "exporter/diagnosis/own_watch.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

using std::chrono::seconds;

/// A wall clock that somebody sets.
class SetClock final : public Clock {
 public:
  MonoTime Now() const override { return now; }
  WallTime WallNow() const override { return wall; }

  MonoTime now;
  WallTime wall;
};

class OwnWatchTest : public ::testing::Test {
 protected:
  OwnFault Look() { return watch_.Look(traces_, self_, names_, anchors_, clock_); }

  void Drop(std::uint64_t all) {
    self_ = std::make_shared<const TraceSelf>(TraceSelf{.receive_drops = all});
  }

  /// So many paths, which send a probe each and end a round; all is answered or lost.
  void Trace(std::size_t paths, bool does_answer, bool does_gateway_answer = false) {
    clock_.Advance(seconds(5));
    Round round;
    round.started = clock_.WallNow();
    round.last_responding_hop = does_answer || does_gateway_answer ? 1 : 0;
    TraceSnapshot trace;
    trace.probes = ++probes_;
    trace.lost = lost_ += does_answer ? 0 : 1;
    trace.last_round = std::make_shared<const Round>(std::move(round));
    traces_.assign(paths, std::make_shared<const TraceSnapshot>(trace));
    sights_.resize(paths);
    for (OwnWatch::Sight& sight : sights_) {
      watch_.OnTrace(before_ ? &*before_ : nullptr, trace, clock_.WallNow(), sight);
    }
    before_ = trace;
  }

  void Resolve(std::size_t names, bool is_failing) {
    DnsSnapshot name;
    name.lookups = 1;
    name.is_failing = is_failing;
    names_.assign(names, std::make_shared<const DnsSnapshot>(name));
  }

  OwnWatch watch_;
  std::vector<OwnWatch::Sight> sights_;
  std::optional<TraceSnapshot> before_;
  std::uint64_t probes_ = 0;
  std::uint64_t lost_ = 0;
  FakeClock clock_;
  std::vector<TraceBoard::Pointer> traces_;
  TraceSelfBoard::Pointer self_;
  std::vector<DnsBoard::Pointer> names_;
  OwnWatch::AnchorSight anchors_;
};

TEST_F(OwnWatchTest, IsContentWithNothing) {
  EXPECT_EQ(Look(), OwnFault::None);
}

TEST_F(OwnWatchTest, DropsCountAsLongAsTheyMayBeJudged) {
  Drop(7);
  EXPECT_EQ(Look(), OwnFault::None);  // of before anybody looked
  Drop(8);
  EXPECT_EQ(Look(), OwnFault::LocalDrops);
  clock_.Advance(seconds(89));
  EXPECT_EQ(Look(), OwnFault::LocalDrops);
  clock_.Advance(seconds(2));
  EXPECT_EQ(Look(), OwnFault::None);
}

TEST_F(OwnWatchTest, AClockThatIsSetCountsAsLongAsItMayBeJudged) {
  SetClock clock;
  EXPECT_EQ(watch_.Look({}, nullptr, {}, {}, clock), OwnFault::None);
  clock.wall += seconds(3600);
  EXPECT_EQ(watch_.Look({}, nullptr, {}, {}, clock), OwnFault::ClockStep);
  clock.now += seconds(91);
  clock.wall += seconds(91);
  EXPECT_EQ(watch_.Look({}, nullptr, {}, {}, clock), OwnFault::None);
}

TEST_F(OwnWatchTest, ItsUplinkIsDownWhenNothingAnswersAnyMore) {
  Trace(3, true);
  EXPECT_EQ(Look(), OwnFault::None);
  Trace(3, false);
  EXPECT_EQ(Look(), OwnFault::Uplink);
}

TEST_F(OwnWatchTest, ItsUplinkIsNotDownWhileAnyHopAnswers) {
  Trace(3, true);
  Look();
  Trace(3, false, true);
  EXPECT_EQ(Look(), OwnFault::None);
}

TEST_F(OwnWatchTest, UntilARoundIsOverNothingIsSaidOfASilence) {
  Trace(3, true);
  Look();
  const std::shared_ptr<const Round> before = traces_.front()->last_round;
  Trace(3, false);
  TraceSnapshot trace = *traces_.front();
  trace.last_round = before;
  traces_.assign(3, std::make_shared<const TraceSnapshot>(trace));
  EXPECT_EQ(Look(), OwnFault::Silence);
}

TEST_F(OwnWatchTest, WhatWasLostWhileTheUplinkWasDownIsRemembered) {
  Trace(3, true);
  Look();
  Trace(3, false);
  Look();
  Trace(3, true);
  clock_.Advance(seconds(85));
  EXPECT_EQ(Look(), OwnFault::Uplink);
  clock_.Advance(seconds(1));
  EXPECT_EQ(Look(), OwnFault::None);
}

TEST_F(OwnWatchTest, ASilenceInWhichNothingWasLostTellsNothing) {
  Trace(3, true);
  Look();
  EXPECT_EQ(Look(), OwnFault::None);
}

TEST_F(OwnWatchTest, PathsThatNeverAnsweredAreNoUplink) {
  Trace(5, false);
  EXPECT_EQ(Look(), OwnFault::None);
}

TEST_F(OwnWatchTest, OneSilentPathIsNoUplink) {
  Trace(1, true);
  Look();
  Trace(1, false);
  EXPECT_EQ(Look(), OwnFault::None);
}

TEST_F(OwnWatchTest, NamesThatAllFailAreItsResolver) {
  Resolve(5, true);
  EXPECT_EQ(Look(), OwnFault::Dns);
  Resolve(5, false);
  EXPECT_EQ(Look(), OwnFault::None);
}

TEST_F(OwnWatchTest, AnchorsThatAreAllDownAreItsUplinkWhateverItsGatewayAnswers) {
  Trace(2, true);
  anchors_ = {.known = 2, .down = 1};
  EXPECT_EQ(Look(), OwnFault::None);
  Trace(2, false, true);
  anchors_.down = 2;
  EXPECT_EQ(Look(), OwnFault::Uplink);
}

TEST_F(OwnWatchTest, WhatWasLostWhileAnchorsWereDownIsRemembered) {
  anchors_ = {.known = 2, .down = 2};
  Look();
  anchors_.down = 0;
  clock_.Advance(seconds(90));
  EXPECT_EQ(Look(), OwnFault::Uplink);
  clock_.Advance(seconds(1));
  EXPECT_EQ(Look(), OwnFault::None);
}

TEST_F(OwnWatchTest, APathIsDownAfterThreeProbesInARow) {
  Trace(1, true);
  Trace(1, false);
  Trace(1, false);
  EXPECT_FALSE(sights_.front().IsDown());
  Trace(1, false);
  EXPECT_TRUE(sights_.front().IsDown());
  Trace(1, true);
  EXPECT_FALSE(sights_.front().IsDown());
}

}  // namespace
}  // namespace pathwitness
