#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "exporter/history/history_reader.h"
#include "tests/chaos/faults.h"
#include "tests/support/dns_server.h"
#include "tests/support/exchange.h"
#include "tests/support/simulated_world.h"
#include "tests/support/test_folder.h"

// Something breaks around the program, or in it, while it measures. Each test shows three things:
// probing goes on, or says why it does not; health and metrics tell the truth; nothing is lost that
// was stored. What is not here, and where it is shown instead, is in docs/faults.md.
namespace pathwitness {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

constexpr std::string_view kProbes = "pathwitness_path_probes_total";
constexpr std::string_view kLost = "pathwitness_path_probes_lost_total";
constexpr std::string_view kAnswered = "pathwitness_path_rtt_seconds_count";

/// All samples of a counter whose labels hold `labels`, together.
double SumIn(const std::string& metrics, std::string_view name, std::string_view labels = "") {
  double sum = 0;
  for (std::size_t at = metrics.find("\n" + std::string(name)); at != std::string::npos;
       at = metrics.find("\n" + std::string(name), at + 1)) {
    const std::string line = metrics.substr(at + 1, metrics.find('\n', at + 1) - at - 1);
    const char behind = line.at(name.size());
    if ((behind == ' ' || behind == '{') && line.find(labels) != std::string::npos) {
      sum += std::stod(line.substr(line.rfind(' ')));
    }
  }
  return sum;
}

/// Processor time that a process has used so far.
std::chrono::milliseconds CpuOf(pid_t process) {
  clockid_t clock{};
  timespec used{};
  clock_getcpuclockid(process, &clock);
  clock_gettime(clock, &used);
  return std::chrono::milliseconds(used.tv_sec * 1000 + used.tv_nsec / 1'000'000);
}

class Chaos : public testing::Test {
 protected:
  void SetUp() override {
    const std::string why_not = SimulatedWorld::WhyNot();
    if (!why_not.empty()) {
      GTEST_SKIP() << why_not;
    }
  }

  /// The program measures; `layer` is laid over its configuration.
  void Begin(const std::function<std::string()>& layer = nullptr) {
    world_ = std::make_unique<SimulatedWorld>(layer);
    Await(kAnswered, 10);
  }

  /// With history and archive on a small disk.
  void BeginOn(const SmallDisk& disk) {
    Begin([&] {
      return "history: {directory: " + (disk.Folder() / "history").string() +
             "}\narchive: {directory: " + (disk.Folder() / "archive").string() +
             ", min_free_bytes: 0}\n";
    });
    world_->AwaitFlush();
  }

  void Await(std::string_view counter, double more) {
    world_->AwaitMore(std::string(counter), more);
  }

  std::string Get(const std::string& path) {
    std::string answer;
    world_->Do([&] { answer = world_->Program().Get(path); });
    return answer;
  }

  double Sum(std::string_view name, std::string_view labels = "") {
    return SumIn(Get("/metrics"), name, labels);
  }

  /// Returns when a sum over samples is at least `wanted`; not after 60 s.
  void AwaitSum(std::string_view name, std::string_view labels, double wanted) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (Sum(name, labels) < wanted && std::chrono::steady_clock::now() < deadline) {
      Await(kProbes, 1);
    }
    EXPECT_GE(Sum(name, labels), wanted) << name << labels;
  }

  /// Whether a scrape begins to be answered in so many milliseconds; it is not read.
  bool AnswersWithin(int patience) {
    bool answers = false;
    world_->Do([&] {
      const OwnedDescriptor connection(ConnectToLoopback(world_->PortInside()));
      constexpr std::string_view kRequest = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
      ::send(connection.Get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL);
      pollfd readable{.fd = connection.Get(), .events = POLLIN, .revents = 0};
      answers = ::poll(&readable, 1, patience) == 1;
    });
    return answers;
  }

  pid_t Pid() { return world_->Program().Process().Id(); }

  void ExpectHealthy() { EXPECT_THAT(Get("/-/healthy"), HasSubstr(" 200 ")); }

  /// All that was known a while ago stands in the history.
  void ExpectAllStored(const std::filesystem::path& history, double answered_before) {
    world_->AwaitFlush();
    HistoryReader reader(history);
    const WallTime now = std::chrono::system_clock::now();
    const auto stats = reader.TraceBetween(reader.Probers().at(0), now - 1h, now + 1min);
    ASSERT_TRUE(stats);
    EXPECT_GE(static_cast<double>(stats->end_to_end.sent), answered_before);
  }

  std::unique_ptr<SimulatedWorld> world_;
};

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

TEST_F(Chaos, AFullDiskStopsNoProbeAndLosesNothing) {
  const TestFolder folder;
  const SmallDisk disk(folder.Path() / "disk");
  BeginOn(disk);
  const double known = Sum(kAnswered);
  disk.Fill();
  AwaitSum("pathwitness_history_failures_total", "reason=\"full\"", 1);
  Await(kAnswered, 10);
  ExpectHealthy();
  disk.Empty();
  ExpectAllStored(disk.Folder() / "history", known);
  EXPECT_EQ(Sum(kLost), 0);
  EXPECT_EQ(Sum("pathwitness_history_rows_dropped_total"), 0);
  EXPECT_EQ(Sum("pathwitness_history_files_set_aside_total"), 0);
}

TEST_F(Chaos, AReadOnlyDiskAtTheStartIsToldOfAndUsedOnceItIsWritable) {
  const TestFolder folder;
  const SmallDisk disk(folder.Path() / "disk");
  disk.MakeReadOnly();
  Begin([&] { return "history: {directory: " + (disk.Folder() / "history").string() + "}\n"; });
  const double known = Sum(kAnswered);
  AwaitSum("pathwitness_history_failures_total", "", 1);
  Await(kAnswered, 10);
  ExpectHealthy();
  disk.MakeWritable();
  ExpectAllStored(disk.Folder() / "history", known);
  EXPECT_EQ(Sum(kLost), 0);
}

TEST_F(Chaos, ADeadOrLyingNameServerCostsNoProbe) {
  std::unique_ptr<DnsServer> names;
  Begin([&] {
    names = std::make_unique<DnsServer>();
    names->Script("shop.example", {"203.0.113.9"}, 1);
    return "resolver: {servers: [\"" + names->Address() +
           "\"], timeout: 200ms, attempts: 1, min_ttl: 1s, retry_interval: 1s}\n"
           "targets:\n  - {name: here-to-shop, remove: true}\n"
           "  - {name: here-to-named, host: shop.example, families: [ipv4], trace: {protocols: "
           "[icmp], interval: 1s, flows: 1, end_to_end_interval: 100ms, timeout: 300ms}}\n";
  });
  constexpr std::string_view kFailures = "pathwitness_dns_lookup_failures_total";
  const auto other = *IpAddress::Parse("203.0.113.10");
  for (const auto kind : {DnsReply::Kind::Silence, DnsReply::Kind::Garbage, DnsReply::Kind::WrongId,
                          DnsReply::Kind::ServerFailure}) {
    names->Script("shop.example", IpFamily::Ipv4, {.kind = kind, .addresses = {other}});
    AwaitSum(kFailures, "", Sum(kFailures) + 1);
    Await(kAnswered, 5);
  }
  EXPECT_EQ(Sum("pathwitness_dns_address_changes_total"), 0);
  EXPECT_EQ(Sum(kLost), 0);
  ExpectHealthy();

  names->Script("shop.example", {"203.0.113.10"}, 1);
  AwaitSum("pathwitness_dns_address_changes_total", "", 1);
  Await(kAnswered, 10);
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

TEST_F(Chaos, AnInterfaceThatGoesDownIsThisMachinesFault) {
  Begin();
  world_->Do([] { RunTool("ip link set sim0 down"); });
  AwaitSum("pathwitness_path_probes_unsent_total", "", 30);
  EXPECT_THAT(world_->MetricsUntil("state=\"local\""), HasSubstr("state=\"local\""));
  EXPECT_EQ(Sum("pathwitness_verdict_info", "owner=\"lab-"), 0);
  ExpectHealthy();
  const std::string metrics = Get("/metrics");
  const double sent_and_lost =
      SumIn(metrics, kLost) - SumIn(metrics, "pathwitness_path_probes_unsent_total");
  EXPECT_THAT(sent_and_lost, AllOf(Ge(0), Le(5)));  // those on their way when it went down

  world_->Do([] { RunTool("ip link set sim0 up; ip route add default dev sim0"); });
  Await(kAnswered, 20);
}

TEST_F(Chaos, AnotherAddressOfOurOwnIsTakenUp) {
  Begin();
  world_->Do([] {
    RunTool(
        "ip address add 192.0.2.2/32 dev sim0; ip address del 192.0.2.1/32 dev sim0 || "
        "ip address del 192.0.2.1/24 dev sim0; ip route replace default dev sim0");
  });
  Await(kAnswered, 30);
  ExpectHealthy();
}

TEST_F(Chaos, MalformedPacketsAreCountedAndBelievedNowhere) {
  Begin();
  world_->Do([] { SendMalformed("192.0.2.1", 30'000); });
  Await(kAnswered, 10);
  EXPECT_EQ(Sum(kLost), 0);
  EXPECT_EQ(Sum("pathwitness_replies_spoofed_total"), 0);
  EXPECT_EQ(Sum("pathwitness_receive_drops_total"), 0);
  ExpectHealthy();
}

TEST_F(Chaos, ScrapesThatAreGivenUpDisturbNothing) {
  Begin();
  for (int scrape = 0; scrape < 50; ++scrape) {
    AnswersWithin(100);
  }
  Await(kAnswered, 10);
  EXPECT_EQ(Sum(kLost), 0);
  EXPECT_THAT(Get("/metrics"), AllOf(HasSubstr(" 200 "), HasSubstr("pathwitness_build_info")));
}

}  // namespace
}  // namespace pathwitness
