#include <gtest/gtest.h>

#include <map>

#include "tests/trace/engine_fixture.h"

namespace pathwitness {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class StormTest : public TraceEngineTest {};

TEST_F(StormTest, TenThousandTargetsThatFailAtOnceStartNoStorm) {
  constexpr std::size_t kPackets = 2500;
  constexpr std::size_t kBurst = kPackets / 10;
  Scenario scenario = Scale(10000, 3);
  // The uplink dies after a minute: all is lost before the first router.
  const RouterId dead = scenario.Add({.forward_loss = {.ratio = 1}});
  for (Destination& destination : scenario.destinations) {
    destination.new_path = Line({dead});
    destination.changes_after = minutes(1);
  }
  WatchAll(scenario);
  for (TargetConfig& target : config_.targets) {
    target.trace.end_to_end_interval = seconds(10);
  }
  config_.probing.packets_per_second = kPackets;
  Start(scenario);
  Run(minutes(3));
  std::map<std::int64_t, std::size_t> traffic;
  for (const SimulatedNetwork::Sent& sent : network_->Log()) {
    ++traffic[sent.at.time_since_epoch() / seconds(1)];
  }
  for (const auto& [second, packets] : traffic) {
    EXPECT_LE(packets, kPackets + kBurst);
  }
  EXPECT_GE(self_board_.Find(0)->focus_sets, 1U);
  EXPECT_LE(self_board_.Find(0)->focus_sets, 50U);
  for (const TraceBoard::Pointer& snapshot : board_.All()) {
    EXPECT_EQ(snapshot->status.state, ProberState::Down);
    EXPECT_GE(snapshot->probes, 15U) << "end-to-end probes go on";
  }
}

}  // namespace
}  // namespace pathwitness
