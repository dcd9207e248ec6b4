#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/chaos/chaos.h"
#include "tests/support/exchange.h"
#include "tests/support/test_folder.h"
#include "tests/support/webhook_sink.h"

// The program itself, its machine, and who scrapes it.
namespace pathwitness {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

constexpr int kSlowAnswer = 500;  // milliseconds

/// Processor time that a process has used so far.
std::chrono::milliseconds CpuOf(pid_t process) {
  clockid_t clock{};
  timespec used{};
  clock_getcpuclockid(process, &clock);
  clock_gettime(clock, &used);
  return std::chrono::milliseconds(used.tv_sec * 1000 + used.tv_nsec / 1'000'000);
}

/// The most probes that came to the internet in one tenth of a second from `since` on.
std::size_t MostInATenth(const std::vector<ProbeRecord>& probes, MonoTime since) {
  std::map<std::int64_t, std::size_t> counts;
  for (const ProbeRecord& probe : probes) {
    if (probe.arrived >= since) {
      ++counts[(probe.arrived - since) / 100ms];
    }
  }
  std::size_t most = 0;
  for (const auto& [tenth, count] : counts) {
    most = std::max(most, count);
  }
  return most;
}

/// Asks for the metrics; then goes at once, with all of the answer unread.
void AskAndGo(std::uint16_t port) {
  const OwnedDescriptor connection(ConnectToLoopback(port));
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(connection.Get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  constexpr std::string_view kRequest = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
  ::send(connection.Get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL);
}

TEST_F(Chaos, AnEngineThatHangsIsReplacedAndItsCountersStay) {
  Begin();
  const double before = Sum(kProbes);
  {
    const StoppedThread stopped(Pid(), "trace");
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (Sum("pathwitness_engine_restarts_total", "engine=\"trace\"") < 1 &&
           std::chrono::steady_clock::now() < deadline) {
      world_->Program().Process().ReadUntil("engine", 100ms);
    }
    Await(kAnswered, 10);
    ExpectHealthy();
  }
  Await(kAnswered, 10);  // the one that was left behind is awake again, and does no harm
  EXPECT_GE(Sum(kProbes), before + 20);
  EXPECT_EQ(Sum("pathwitness_engine_restarts_total"), 1);
}

TEST_F(Chaos, AProgramThatStoodStillLosesNoProbeAndSendsNoBurst) {
  std::atomic<unsigned> asked = 0;
  std::unique_ptr<WebhookSink> slow;
  Begin([&] {
    slow = std::make_unique<WebhookSink>([&asked](const ReceivedRequest&) {
      ++asked;
      poll(nullptr, 0, kSlowAnswer);
      return HttpAnswer{};
    });
    return "targets:\n  - {name: slow, host: 127.0.0.1, https: {url: \"" + slow->Url() +
           "/\", interval: 1s, timeout: 900ms}}\n";
  });
  const double before = Sum(kAnswered);
  for (const unsigned known = asked; asked == known;) {
    Wait(10ms);  // so that a request is under way
  }
  world_->Program().Process().Signal(SIGSTOP);
  Wait(30s);
  world_->Program().Process().Signal(SIGCONT);
  const MonoTime awake = std::chrono::steady_clock::now();
  Await(kAnswered, 30);
  ExpectHealthy();
  EXPECT_EQ(Sum(kLost), 0);
  EXPECT_EQ(Sum("pathwitness_engine_restarts_total"), 0);
  EXPECT_GE(Sum("pathwitness_prober_rounds_skipped_total", "reason=\"overrun\""), 2 * 28);
  EXPECT_EQ(Sum("pathwitness_verdict_info", "owner=\"lab-"), 0);
  EXPECT_EQ(Sum("pathwitness_https_failures_total"), 0);
  ExpectAllStored(world_->Folder() / "history", before + 30);
  // What was left of one round of eight hops, what is due of the next, and one probe end to end.
  EXPECT_LE(MostInATenth(world_->StopInternet(), awake), 8 + 8 + 2);
}

TEST_F(Chaos, AClockThatIsSetCostsNoProbeNorWhatIsStoredAndWithholdsBlame) {
  const TestFolder folder;
  ProgramClock clock(folder.Path() / "clock");
  Begin([] { return "history: {fine_retention: 6h}\n"; }, clock.Before());
  for (const std::chrono::seconds ahead : {1h, 0h, -1h, 0h, 1h}) {
    clock.Set(ahead);
    Await(kAnswered, 15);
  }
  const std::string metrics = Get("/metrics");
  EXPECT_EQ(SumIn(metrics, kLost), 0);
  EXPECT_LT(SumIn(metrics, "pathwitness_path_rtt_seconds_sum"), SumIn(metrics, kAnswered) * .1);
  ExpectHealthy();
  ExpectAllStored(world_->Folder() / "history", SumIn(metrics, kAnswered));

  world_->SetLoss(.5);
  EXPECT_THAT(world_->MetricsUntil("reason=\"clock_step\""), HasSubstr("reason=\"clock_step\""));
  EXPECT_EQ(Sum("pathwitness_verdict_info", "owner=\"lab-"), 0);
}

TEST_F(Chaos, ProbesNeedNoNewDescriptors) {
  Begin();
  const double before = Sum(kAnswered);
  {
    const NoMoreDescriptors none(Pid());
    const auto used = CpuOf(Pid());
    EXPECT_FALSE(AnswersWithin(3000));
    EXPECT_LT(CpuOf(Pid()) - used, 1500ms);  // it does not try without a pause
  }
  EXPECT_TRUE(AnswersWithin(3000));
  EXPECT_GE(Sum(kAnswered), before + 20);
  EXPECT_EQ(Sum(kLost), 0);
  ExpectHealthy();
}

TEST_F(Chaos, TenScrapesASecondThatAreGivenUpDisturbNothing) {
  Begin();
  const auto used = CpuOf(Pid());
  constexpr int kScrapes = 50;
  for (int scrape = 0; scrape < kScrapes; ++scrape) {
    world_->Do([&] { AskAndGo(world_->PortInside()); });
    Wait(100ms);
  }
  EXPECT_LT(CpuOf(Pid()) - used, 2500ms);  // of five seconds
  Await(kAnswered, 10);
  const std::string metrics = Get("/metrics");
  EXPECT_THAT(metrics, AllOf(HasSubstr(" 200 "), HasSubstr("pathwitness_build_info")));
  EXPECT_GE(SumIn(metrics, "pathwitness_scrapes_total"), kScrapes);
  EXPECT_EQ(SumIn(metrics, kLost), 0);
  ExpectHealthy();
}

}  // namespace
}  // namespace pathwitness
