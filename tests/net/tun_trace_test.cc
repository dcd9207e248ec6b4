#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "probes/net/open_ports.h"
#include "probes/trace/trace_engine.h"
#include "tests/support/recording_log.h"
#include "tests/support/tun_internet.h"

// The trace engine on real sockets, against an internet whose truth is known.
namespace pathwitness {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint8_t kLongestHopTtl = 30;  // hop probes; end-to-end probes have a higher TTL

IpAddress Address(std::string_view text) {
  return *IpAddress::Parse(text);
}

/// `count` routers 198.51.100.1 and up, 2 ms apart, and 203.0.113.9 another 2 ms behind them.
Scenario LineOf(unsigned count) {
  Scenario scenario;
  std::vector<RouterId> line;
  for (unsigned hop = 1; hop <= count; ++hop) {
    Router router;
    router.address = Address("198.51.100." + std::to_string(hop));
    router.delay = milliseconds(2);
    line.push_back(scenario.Add(router));
  }
  Destination destination;
  destination.address = Address("203.0.113.9");
  destination.path = Line(line);
  destination.delay = milliseconds(2);
  scenario.destinations.push_back(destination);
  return scenario;
}

/// Fast rounds, so that a test is over in seconds.
TraceConfig FastTrace() {
  TraceConfig trace;
  trace.protocols = {TraceProtocol::Icmp};
  trace.interval = milliseconds(500);
  trace.end_to_end_interval = milliseconds(50);
  trace.timeout = milliseconds(400);
  trace.flows = 1;
  return trace;
}

std::string TargetName(std::size_t destination) {
  return "here-to-" + std::to_string(destination);
}

/// An engine that traces every destination of a scenario.
class TraceLab {
 public:
  TraceLab(const Scenario& scenario, const TraceConfig& trace) : internet_(scenario) {
    auto config = std::make_shared<Config>();
    config->probing.packets_per_second = 50000;
    auto dns_writer = dns_.NewWriter();
    for (std::size_t i = 0; i < scenario.destinations.size(); ++i) {
      const IpAddress& address = scenario.destinations[i].address;
      TargetConfig target;
      target.name = TargetName(i);
      target.host = address.ToString();
      target.trace = trace;
      config->targets.push_back(target);
      auto known = std::make_shared<DnsSnapshot>();
      known->target = target.name;
      known->host = target.host;
      known->family = address.Family();
      known->is_known = true;
      known->addresses = {address};
      known->chosen = address;
      dns_writer.Publish({target.name, address.Family()}, known);
    }
    engine_ = std::make_unique<TraceEngine>(OpenPacketPorts(*config, log_).factory(), dns_, board_,
                                            self_board_, clock_, log_);
    engine_->Apply(config, clock_.Now());
  }

  /// Drives the engine until `is_enough` or for 30 s, which no test needs unless it fails.
  bool RunUntil(const std::function<bool()>& is_enough) {
    const MonoTime give_up = clock_.Now() + seconds(30);
    while (clock_.Now() < give_up) {
      const MonoTime now = clock_.Now();
      engine_->Turn(now);
      KeepRounds();
      if (is_enough()) {
        return true;
      }
      pollfd readable{.fd = engine_->Descriptor(), .events = POLLIN, .revents = 0};
      poll(&readable, 1, engine_->NextDeadline() > now ? 5 : 0);
    }
    return false;
  }

  bool RunRounds(std::size_t rounds) {
    return RunUntil([this, rounds] {
      return !rounds_.empty() && std::all_of(rounds_.begin(), rounds_.end(), [&](const auto& kept) {
        return kept.second.size() >= rounds;
      });
    });
  }

  std::shared_ptr<const TraceSnapshot> Snapshot(std::size_t destination = 0) const {
    for (const auto& snapshot : board_.All()) {
      if (snapshot->status.key.target == TargetName(destination)) {
        return snapshot;
      }
    }
    return nullptr;
  }

  std::vector<std::shared_ptr<const TraceSnapshot>> Snapshots() const { return board_.All(); }
  const std::vector<Round>& Rounds(std::size_t destination = 0) {
    return rounds_[TargetName(destination)];
  }
  TraceSelf Self() const {
    const auto self = self_board_.Find(0);
    return self == nullptr ? TraceSelf{} : *self;
  }
  InternetTruth Stop() { return internet_.Stop(); }

 private:
  void KeepRounds() {
    for (const auto& snapshot : board_.All()) {
      std::vector<Round>& kept = rounds_[snapshot->status.key.target];
      const auto& round = snapshot->last_round;
      if (round != nullptr && (kept.empty() || kept.back().number != round->number)) {
        kept.push_back(*round);
      }
    }
  }

  TunInternet internet_;
  SystemClock clock_;
  RecordingLog log_;
  DnsBoard dns_;
  TraceBoard board_;
  TraceSelfBoard self_board_;
  std::unique_ptr<TraceEngine> engine_;
  std::map<std::string, std::vector<Round>> rounds_;
};

class TunTraceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string obstacle = EnterFreshNamespace();
    if (!obstacle.empty()) {
      GTEST_SKIP() << obstacle;
    }
  }
};

Duration Median(std::vector<Duration> values) {
  std::ranges::sort(values);
  return values.empty() ? Duration::max() : values[values.size() / 2];
}

/// Round trips that the rounds show at one TTL.
std::vector<Duration> Measured(const std::vector<Round>& rounds, std::uint8_t ttl) {
  std::vector<Duration> found;
  for (const Round& round : rounds) {
    if (round.hops.size() >= ttl) {
      for (const HopReply& reply : round.hops[ttl - 1U].replies) {
        found.push_back(reply.round_trip);
      }
    }
  }
  return found;
}

/// Round trips that the network really took.
std::vector<Duration> True(const InternetTruth& truth, std::uint8_t ttl) {
  std::vector<Duration> found;
  for (const ProbeRecord& probe : truth.probes) {
    if (probe.ttl == ttl && probe.answered > probe.arrived) {
      found.push_back(probe.answered - probe.left);
    }
  }
  return found;
}

/// The only responder of a hop in a round, or who is known to stand there when its turn did not
/// come; 0.0.0.0 when there was none.
IpAddress ResponderAt(const Round& round, std::size_t ttl) {
  if (round.hops.size() >= ttl && round.hops[ttl - 1].sent == 0) {
    return round.hops[ttl - 1].known_responder.value_or(IpAddress());
  }
  const bool is_silent = round.hops.size() < ttl || round.hops[ttl - 1].replies.empty();
  return is_silent ? IpAddress() : round.hops[ttl - 1].replies[0].responder;
}

std::uint64_t CountLostEndToEnd(const InternetTruth& truth) {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(truth.probes, [](const ProbeRecord& probe) {
        return probe.ttl > kLongestHopTtl && probe.fate != Fate::Answered;
      }));
}

TEST_F(TunTraceTest, EveryHopOfAPathIsShownWithItsAddress) {
  TraceLab lab(LineOf(6), FastTrace());
  ASSERT_TRUE(lab.RunRounds(3));
  for (const Round& round : lab.Rounds()) {
    ASSERT_EQ(round.hops.size(), 7U);
    for (unsigned ttl = 1; ttl <= 6; ++ttl) {
      EXPECT_EQ(ResponderAt(round, ttl), Address("198.51.100." + std::to_string(ttl)));
    }
    EXPECT_EQ(ResponderAt(round, 7), Address("203.0.113.9"));
    EXPECT_EQ(round.destination_hop, 7);
  }
}

TEST_F(TunTraceTest, RoundTripsAreTrueToATenthOfAMillisecond) {
  TraceLab lab(LineOf(6), FastTrace());
  ASSERT_TRUE(lab.RunRounds(8));
  const InternetTruth truth = lab.Stop();
  for (std::uint8_t ttl = 1; ttl <= 7; ++ttl) {
    const Duration error = Median(Measured(lab.Rounds(), ttl)) - Median(True(truth, ttl));
    EXPECT_LT(std::chrono::abs(error), microseconds(100)) << "hop " << int{ttl};
  }
}

TEST_F(TunTraceTest, EndToEndLossIsThatOfTheLink) {
  constexpr double kLoss = 0.2;
  Scenario scenario = LineOf(6);
  scenario.routers[3].forward_loss.ratio = kLoss;
  TraceConfig trace = FastTrace();
  trace.end_to_end_interval = milliseconds(5);
  TraceLab lab(scenario, trace);
  // An answer counts at once, a loss when nothing more can come: counted from the first losses on,
  // neither is ahead of the other.
  std::shared_ptr<const TraceSnapshot> before;
  ASSERT_TRUE(lab.RunUntil([&] {
    const auto snapshot = lab.Snapshot();
    if (before == nullptr && snapshot != nullptr && snapshot->lost > 0) {
      before = snapshot;
    }
    return before != nullptr && snapshot->probes >= before->probes + 1000;
  }));
  const auto snapshot = lab.Snapshot();
  const auto probes = static_cast<double>(snapshot->probes - before->probes);
  const double loss = static_cast<double>(snapshot->lost - before->lost) / probes;
  // The losses are seeded, but which probes they hit is a matter of timing: an interval that chance
  // leaves once in a million runs.
  EXPECT_NEAR(loss, kLoss, 4.9 * std::sqrt(kLoss * (1 - kLoss) / probes));
  RecordProperty("loss", std::to_string(loss));
  EXPECT_LE(snapshot->lost, CountLostEndToEnd(lab.Stop()));
}

TEST_F(TunTraceTest, AHundredCleanPathsLoseNothing) {
  TraceConfig trace = FastTrace();
  trace.interval = seconds(2);
  trace.end_to_end_interval = milliseconds(200);
  trace.timeout = seconds(1);
  TraceLab lab(Scale(100, 1), trace);
  ASSERT_TRUE(lab.RunRounds(2));
  std::uint64_t probes = 0;
  for (const auto& snapshot : lab.Snapshots()) {
    probes += snapshot->probes;
    EXPECT_EQ(snapshot->lost, 0U);
    EXPECT_TRUE(snapshot->reached);
    for (const HopCounters& hop : snapshot->hops) {
      EXPECT_EQ(hop.replies_missing, 0U);
    }
  }
  EXPECT_GT(probes, 1000U);
  EXPECT_EQ(lab.Self().replies_unmatched, 0U);
}

/// Hops 3 and 4 are four parallel branches; 198.51.100.1B is followed by 198.51.100.2B.
Scenario FourWays() {
  Scenario scenario = LineOf(3);
  Stretch stretch;
  for (unsigned branch = 0; branch < 4; ++branch) {
    std::vector<RouterId> routers;
    for (unsigned hop = 1; hop <= 2; ++hop) {
      Router router;
      router.address = Address("198.51.100." + std::to_string(100 * hop + branch));
      router.delay = milliseconds(1);
      routers.push_back(scenario.Add(router));
    }
    stretch.branches.push_back(routers);
  }
  scenario.destinations[0].path = {Stretch{{{0, 1}}}, stretch, Stretch{{{2}}}};
  return scenario;
}

unsigned LastByte(const IpAddress& address) {
  return std::to_integer<unsigned>(address.Bytes().back());
}

TEST_F(TunTraceTest, ARoundKeepsToOneOfSeveralParallelPaths) {
  TraceConfig trace = FastTrace();
  trace.flows = 4;
  TraceLab lab(FourWays(), trace);
  ASSERT_TRUE(lab.RunRounds(6));
  std::size_t whole = 0;  // rounds in which both had their turn
  for (const Round& round : lab.Rounds()) {
    if (!ResponderAt(round, 3).IsAny() && !ResponderAt(round, 4).IsAny()) {
      EXPECT_EQ(LastByte(ResponderAt(round, 4)), LastByte(ResponderAt(round, 3)) + 100);
      ++whole;
    }
  }
  EXPECT_GE(whole, 3U);
}

TEST_F(TunTraceTest, AFlowTakesTheSamePathInEveryRound) {
  for (const auto protocol : {TraceProtocol::Icmp, TraceProtocol::Udp, TraceProtocol::Tcp}) {
    TraceConfig trace = FastTrace();
    trace.protocols = {protocol};
    ASSERT_EQ(EnterFreshNamespace(), "");
    TraceLab lab(FourWays(), trace);
    ASSERT_TRUE(lab.RunRounds(4));
    for (const Round& round : lab.Rounds()) {
      EXPECT_EQ(ResponderAt(round, 3), ResponderAt(lab.Rounds()[0], 3));
      EXPECT_EQ(round.destination_hop, 6);
    }
  }
}

TEST_F(TunTraceTest, BranchesOfUnequalLengthMoveTheDestinationOnlyWithTheFlow) {
  Scenario scenario = LineOf(5);
  scenario.destinations[0].path = {Stretch{{{0}}}, Stretch{{{1}, {2, 3, 4}}}};
  TraceConfig trace = FastTrace();
  trace.flows = 4;
  TraceLab lab(scenario, trace);
  ASSERT_TRUE(lab.RunRounds(8));
  std::map<std::uint16_t, std::set<unsigned>> lengths;
  for (const Round& round : lab.Rounds()) {
    lengths[round.flow].insert(round.destination_hop);
  }
  for (const auto& [flow, seen] : lengths) {
    EXPECT_EQ(seen.size(), 1U);
    EXPECT_TRUE(*seen.begin() == 3 || *seen.begin() == 5);
  }
}

TEST_F(TunTraceTest, MplsLabelsAreShown) {
  Scenario scenario = LineOf(3);
  const MplsLabel label{.label = 24001, .traffic_class = 5, .is_bottom = true, .ttl = 1};
  scenario.routers[1].mpls = {label};
  TraceLab lab(scenario, FastTrace());
  ASSERT_TRUE(lab.RunRounds(2));
  EXPECT_THAT(lab.Snapshot()->hops[1].mpls, ::testing::ElementsAre(label));
}

TEST_F(TunTraceTest, RepliesThatOvertakeEachOtherAreAllMatched) {
  Scenario scenario = LineOf(4);
  scenario.routers[1].jitter = milliseconds(60);
  TraceConfig trace = FastTrace();
  trace.end_to_end_interval = milliseconds(5);
  TraceLab lab(scenario, trace);
  ASSERT_TRUE(lab.RunRounds(5));
  EXPECT_EQ(lab.Snapshot()->lost, 0U);
  EXPECT_EQ(lab.Self().replies_unmatched, 0U);
  EXPECT_EQ(lab.Self().replies_duplicate, 0U);
}

TEST_F(TunTraceTest, ASilentHopIsAGapAndNoLoss) {
  Scenario scenario = LineOf(4);
  scenario.routers[1].is_silent = true;
  TraceLab lab(scenario, FastTrace());
  ASSERT_TRUE(lab.RunRounds(3));
  const Round& round = lab.Rounds().front();
  EXPECT_EQ(ResponderAt(round, 2), IpAddress());
  EXPECT_EQ(ResponderAt(round, 3), Address("198.51.100.3"));
  EXPECT_EQ(round.destination_hop, 5);
  EXPECT_EQ(lab.Snapshot()->lost, 0U);
}

TEST_F(TunTraceTest, ARateLimitedHopDoesNotChangeEndToEndLoss) {
  Scenario scenario = LineOf(4);
  scenario.routers[1].limit = IcmpLimit{.per_second = 0.5, .burst = 1};
  TraceLab lab(scenario, FastTrace());
  ASSERT_TRUE(lab.RunRounds(8));
  EXPECT_GT(lab.Snapshot()->hops[1].replies_missing, 0U);
  EXPECT_EQ(lab.Snapshot()->hops[2].replies_missing, 0U);
  EXPECT_EQ(lab.Snapshot()->lost, 0U);
}

TEST_F(TunTraceTest, ForgedAnswersAreCountedAndNeverBelieved) {
  Scenario scenario = LineOf(4);
  scenario.routers[1].misbehaviour = {{.kind = Mischief::WrongSecret}};
  scenario.routers[2].misbehaviour = {{.kind = Mischief::WrongToken}};
  TraceLab lab(scenario, FastTrace());
  // Routers are probed at their own pace, which is no matter of rounds.
  ASSERT_TRUE(lab.RunUntil([&] {
    return lab.Self().replies_spoofed >= 4 && lab.Self().replies_unmatched >= 4 &&
           lab.Rounds().size() >= 6;
  }));
  // A forgery arrives at half the true round trip.
  EXPECT_GE(std::ranges::min(Measured(lab.Rounds(), 2)), milliseconds(8));
  EXPECT_GE(std::ranges::min(Measured(lab.Rounds(), 3)), milliseconds(12));
  EXPECT_EQ(lab.Snapshot()->lost, 0U);
}

TEST_F(TunTraceTest, SpoiledAnswersAreCountedAndNoAnswers) {
  Scenario scenario = LineOf(4);
  scenario.routers[0].misbehaviour = {{.kind = Mischief::BadChecksum}};
  scenario.routers[1].misbehaviour = {{.kind = Mischief::Truncated}};
  scenario.routers[2].misbehaviour = {{.kind = Mischief::Garbage}};
  TraceLab lab(scenario, FastTrace());
  // Those without a flow port of ours do not even pass the socket filter.
  ASSERT_TRUE(
      lab.RunUntil([&] { return lab.Self().replies_malformed >= 4 && lab.Rounds().size() >= 6; }));
  for (std::uint8_t ttl = 1; ttl <= 3; ++ttl) {
    EXPECT_TRUE(Measured(lab.Rounds(), ttl).empty()) << "hop " << int{ttl};
  }
  EXPECT_EQ(lab.Snapshot()->lost, 0U);
}

TEST_F(TunTraceTest, DuplicatesAreCountedOnce) {
  Scenario scenario = LineOf(4);
  scenario.destinations[0].misbehaviour = {{.kind = Mischief::Duplicate}};
  TraceLab lab(scenario, FastTrace());
  ASSERT_TRUE(lab.RunRounds(5));
  EXPECT_GE(lab.Self().replies_duplicate, 10U);
  EXPECT_EQ(lab.Snapshot()->round_trips.Count(), lab.Snapshot()->probes);
}

TEST_F(TunTraceTest, LateAnswersAreCountedApart) {
  Scenario scenario = LineOf(4);
  scenario.routers[1].misbehaviour = {
      {.kind = Mischief::Late, .ratio = 1, .delay = milliseconds(600)}};
  TraceLab lab(scenario, FastTrace());
  // The router is probed at its own pace, which is no matter of rounds.
  ASSERT_TRUE(lab.RunUntil([&] {
    return lab.Snapshot() != nullptr && lab.Self().replies_late >= 4 &&
           lab.Snapshot()->status.rounds >= 6;
  }));
  EXPECT_TRUE(Measured(lab.Rounds(), 2).empty());
  EXPECT_EQ(lab.Snapshot()->hops[1].replies_missing, 0U);
  EXPECT_EQ(lab.Snapshot()->lost, 0U);
}

TEST_F(TunTraceTest, ARouteChangeIsSeenAndLosesNothing) {
  Scenario scenario = LineOf(6);
  scenario.destinations[0].path = Line({0, 1, 2, 3});
  scenario.destinations[0].new_path = Line({0, 4, 5, 3});
  scenario.destinations[0].changes_after = seconds(2);
  TraceLab lab(scenario, FastTrace());
  ASSERT_TRUE(lab.RunRounds(16));
  EXPECT_EQ(ResponderAt(lab.Rounds().front(), 2), Address("198.51.100.2"));
  EXPECT_EQ(ResponderAt(lab.Rounds().back(), 2), Address("198.51.100.5"));
  EXPECT_EQ(lab.Snapshot()->lost, 0U);
}

TEST_F(TunTraceTest, Ipv6IsTracedOverEveryProtocol) {
  Scenario scenario;
  std::vector<RouterId> line;
  for (const char* address : {"2001:db8:1::1", "2001:db8:1::2", "2001:db8:1::3"}) {
    Router router;
    router.address = Address(address);
    router.delay = milliseconds(1);
    line.push_back(scenario.Add(router));
  }
  Destination destination;
  destination.address = Address("2001:db8:9::9");
  destination.path = Line(line);
  scenario.destinations.push_back(destination);
  TraceConfig trace = FastTrace();
  trace.protocols = {TraceProtocol::Icmp, TraceProtocol::Udp, TraceProtocol::Tcp};
  TraceLab lab(scenario, trace);
  ASSERT_TRUE(lab.RunUntil([&lab] {
    const auto snapshots = lab.Snapshots();
    return snapshots.size() == 3 && std::ranges::all_of(snapshots, [](const auto& snapshot) {
             return snapshot->status.rounds >= 2 && snapshot->destination_hop == 4 &&
                    snapshot->hops[1].address.has_value();
           });
  }));
  for (const auto& snapshot : lab.Snapshots()) {
    EXPECT_EQ(snapshot->destination_hop, 4);
    EXPECT_EQ(snapshot->hops[1].address, Address("2001:db8:1::2"));
    EXPECT_EQ(snapshot->lost, 0U);
  }
}

}  // namespace
}  // namespace pathwitness
