#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "probes/net/open_ports.h"
#include "probes/trace/trace_engine.h"
#include "tests/support/namespaces.h"
#include "tests/support/recording_log.h"

// Real Linux routers that nobody has tuned: one TTL exceeded a second to each asker, burst 6.
namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kRouters = 3;

bool RunScript(const std::string& shape, const std::string& prefix) {
  const std::string script = PATHWITNESS_SOURCE_DIR "/tests/net/router_chain.sh ";
  return std::system((script + shape + " " + prefix).c_str()) == 0;
}

class PlainRouters : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = EnterFreshNamespace(); !why.empty()) {
      GTEST_SKIP() << why;
    }
    ASSERT_TRUE(RunScript("plain", prefix_));
  }

  void TearDown() override { RunScript("down", prefix_); }

  void Watch(unsigned targets) {
    auto config = std::make_shared<Config>();
    for (unsigned i = 1; i <= targets; ++i) {
      Watch(*config, "203.0.113." + std::to_string(i));
    }
    engine_ = std::make_unique<TraceEngine>(OpenPacketPorts(*config, log_).factory(), dns_, board_,
                                            self_board_, clock_, log_);
    engine_->Apply(config, clock_.Now());
  }

  void Watch(Config& config, const std::string& address) {
    TargetConfig target{.name = "here-to-" + address, .host = address};
    target.trace = {.protocols = {TraceProtocol::Icmp},
                    .interval = seconds(5),
                    .timeout = milliseconds(500),
                    .flows = 1};
    auto known = std::make_shared<DnsSnapshot>();
    known->target = target.name;
    known->host = target.host;
    known->is_known = true;
    known->addresses = {*IpAddress::Parse(address)};
    known->chosen = known->addresses[0];
    dns_writer_.Publish({target.name, IpFamily::Ipv4}, known);
    config.targets.push_back(std::move(target));
  }

  template <typename Question>
  bool RunUntil(Question is_enough) {
    const MonoTime give_up = clock_.Now() + seconds(1200);
    while (clock_.Now() < give_up) {
      engine_->Turn(clock_.Now());
      if (is_enough()) {
        return true;
      }
      pollfd readable{.fd = engine_->Descriptor(), .events = POLLIN, .revents = 0};
      poll(&readable, 1, 5);
    }
    return false;
  }

  /// Every target's hops have an address and at least `probes` probes.
  bool AreAllHopsShown(std::uint64_t probes) const {
    return std::ranges::all_of(board_.All(), [probes](const TraceBoard::Pointer& snapshot) {
      return snapshot->hops.size() == kRouters + 1 &&
             std::ranges::all_of(snapshot->hops, [probes](const HopCounters& hop) {
               return hop.address.has_value() && hop.probes >= probes;
             });
    });
  }

  void ExpectNoLoss() const {
    for (const TraceBoard::Pointer& snapshot : board_.All()) {
      SCOPED_TRACE(snapshot->status.key.target);
      EXPECT_EQ(snapshot->lost, 0U);
      for (std::size_t i = 0; i < kRouters; ++i) {
        const HopCounters& hop = snapshot->hops[i];
        const std::string address = "198.51.100." + std::to_string(4 * i + 2);
        EXPECT_EQ(hop.address, *IpAddress::Parse(address));
        EXPECT_LE(static_cast<double>(hop.replies_missing), 0.02 * static_cast<double>(hop.probes))
            << "of " << hop.probes;
      }
    }
  }

  std::string prefix_ = "pws" + std::to_string(getpid()) + "-";
  SystemClock clock_;
  RecordingLog log_;
  DnsBoard dns_;
  DnsBoard::Writer dns_writer_ = dns_.NewWriter();
  TraceBoard board_;
  TraceSelfBoard self_board_;
  std::unique_ptr<TraceEngine> engine_;
};

TEST_F(PlainRouters, AreShownToAllTwentyTargetsBehindThemWithoutLoss) {
  Watch(20);
  ASSERT_TRUE(RunUntil([this] { return AreAllHopsShown(10); }));
  ExpectNoLoss();
}

// Takes minutes, so it is run by hand: each path must have met each router once, at the routers'
// pace. One lost probe is 2 % of 50.
TEST_F(PlainRouters, DISABLED_AreShownToTwoHundredTargetsBehindThemWithoutLoss) {
  Watch(200);
  const MonoTime begun = clock_.Now();
  ASSERT_TRUE(RunUntil([this] { return AreAllHopsShown(10); }));
  std::cout << "all hops shown after " << ToSeconds(clock_.Now() - begun) << " s\n";
  ASSERT_TRUE(RunUntil([this] { return AreAllHopsShown(50); }));
  ExpectNoLoss();
}

}  // namespace
}  // namespace pathwitness
