#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "exporter/history/history_engine.h"
#include "exporter/history/history_reader.h"
#include "tests/exporter/history/history_stage.h"

// What the history of many targets costs: history_bench [TARGETS [MINUTES [FOLDER]]]. Targets have
// 15 hops, four flows of which two go another way, rounds of 10 s and a probe a second; they
// publish every 5 s, as the trace engine does. Time is virtual, the disk is real. CPU is that of
// the engine's turns, system time included.
namespace pathwitness {
namespace {

using std::chrono::seconds;

constexpr std::size_t kHops = 15;

Duration CpuTime() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto total = [](const timeval& time) {
    return seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return total(usage.ru_utime) + total(usage.ru_stime);
}

double ResidentMiB() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * 4096 / (1U << 20U);
}

/// Four kinds of rounds, which all targets share: what is measured is not who makes them.
std::vector<std::shared_ptr<const Round>> Rounds() {
  std::vector<std::shared_ptr<const Round>> rounds;
  for (std::uint16_t flow = 0; flow < 4; ++flow) {
    std::string path;
    for (std::size_t hop = 1; hop < kHops; ++hop) {
      path += fmt::format("198.51.{}.{} ", hop == 7 ? 100 + flow / 2 : 100, hop);
    }
    Round round = RoundOf(path + "203.0.113.200", flow);
    for (Hop& hop : round.hops) {
      hop.replies.front().round_trip = std::chrono::microseconds(1370 * hop.ttl);
    }
    rounds.push_back(std::make_shared<const Round>(std::move(round)));
  }
  return rounds;
}

class Bench {
 public:
  Bench(std::size_t targets, const std::string& folder) : rounds_(Rounds()) {
    config_.history.directory = folder;
    for (std::size_t i = 0; i < targets; ++i) {
      TraceSnapshot trace;
      trace.status.key = {fmt::format("office-to-service-{:05}", i), ProberKind::TraceIcmp,
                          ProberFamily::Ipv4};
      trace.round_trips = Histogram(MetricsConfig().rtt_buckets);
      trace.hops.resize(kHops);
      trace.last_round = std::make_shared<const Round>(*rounds_.front());
      writer_.Publish(trace.status.key, std::make_shared<const TraceSnapshot>(trace));
      traces_.push_back(std::move(trace));
    }
    engine_.Apply(std::make_shared<const Config>(config_), clock_.Now());
  }

  /// Half a second, in which a tenth of the targets publish.
  void Step() {
    for (std::size_t i = step_ % 10; i < traces_.size(); i += 10) {
      TraceSnapshot& trace = traces_[i];
      trace.probes += 5;
      for (int probe = 0; probe < 5; ++probe) {
        trace.round_trips.Observe(0.02);
      }
      if (step_ / 10 % 2 == 0) {
        auto round = std::make_shared<Round>(*rounds_[trace.status.rounds % rounds_.size()]);
        round->number = ++trace.status.rounds;
        trace.last_round = std::move(round);
      }
      writer_.Publish(trace.status.key, std::make_shared<const TraceSnapshot>(trace));
    }
    ++step_;
    clock_.Advance(std::chrono::milliseconds(500));
    const Duration before = CpuTime();
    const auto start = std::chrono::steady_clock::now();
    engine_.Turn(clock_.Now());
    slowest_ = std::max<Duration>(slowest_, std::chrono::steady_clock::now() - start);
    cpu_ += CpuTime() - before;
  }

  void Report(double resident_before) const {
    const double virtual_seconds = 0.5 * static_cast<double>(step_);
    const HistoryBoard::Pointer self = history_.Find(0);
    fmt::print("| {} | {:.0f} | {:.2f} | {:.0f} | {:.1f} | {:.0f} | {:.1f} |\n", traces_.size(),
               virtual_seconds, 100 * ToSeconds(cpu_) / virtual_seconds, 1000 * ToSeconds(slowest_),
               ResidentMiB() - resident_before,
               static_cast<double>(self->extent.bytes) / static_cast<double>(self->rows),
               static_cast<double>(self->extent.disk_bytes) / (1U << 20U));
  }

  const ProberKey& Key(std::size_t target) const { return traces_.at(target).status.key; }
  WallTime Now() const { return clock_.WallNow(); }

 private:
  std::vector<std::shared_ptr<const Round>> rounds_;
  SteppedClock clock_;
  RecordingLog log_;
  Config config_;
  TraceBoard trace_board_;
  TraceBoard::Writer writer_ = trace_board_.NewWriter();
  HttpsBoard https_;
  RouteBoard routes_;
  IncidentBoard incidents_;
  OneWayBoard one_way_;
  PtrBoard names_;
  HistoryBoard history_;
  std::vector<TraceSnapshot> traces_;
  std::uint64_t step_ = 0;
  Duration cpu_{};
  Duration slowest_{};
  HistoryEngine engine_{{.traces = trace_board_,
                         .https = https_,
                         .one_way = one_way_,
                         .routes = routes_,
                         .incidents = incidents_,
                         .names = names_,
                         .history = history_},
                        clock_,
                        log_};
};

/// Five minutes of hops, and the routes, at each of three moments, by a reader that is new.
void Compare(const Bench& bench, const std::string& folder) {
  std::vector<double> took;
  std::size_t hops = 0;
  for (std::size_t target = 0; target < 50; ++target) {
    const auto start = std::chrono::steady_clock::now();
    HistoryReader reader(folder);
    for (const auto ago : {seconds(900), seconds(600), seconds(300)}) {
      const WallTime at = bench.Now() - ago;
      const auto stats = reader.TraceBetween(bench.Key(target), at, at + seconds(300));
      hops += stats ? stats->hops.size() : 0;
      hops += reader.RoutesAt(bench.Key(target), at).size();
    }
    took.push_back(1000 * ToSeconds(std::chrono::steady_clock::now() - start));
  }
  std::sort(took.begin(), took.end());
  fmt::print("three moments compared: median {:.1f} ms, slowest of 50 {:.1f} ms ({} hops)\n",
             took[took.size() / 2], took.back(), hops);
}

}  // namespace
}  // namespace pathwitness

int main(int argc, char** argv) {
  using namespace pathwitness;
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  const std::size_t targets = argc > 1 ? std::stoull(arguments[1]) : 10000;
  const unsigned long minutes = argc > 2 ? std::stoul(arguments[2]) : 20;
  const std::string folder =
      argc > 3 ? arguments[3]
               : (std::filesystem::temp_directory_path() / "pathwitness-history-bench").string();
  std::filesystem::remove_all(folder);
  Bench bench(targets, folder);
  const double resident = ResidentMiB();
  for (unsigned long step = 0; step < minutes * 120; ++step) {
    bench.Step();
  }
  fmt::print(
      "| targets | seconds | CPU % of a core | slowest turn ms | memory MiB | bytes per fine "
      "bucket "
      "| disk MiB |\n|---|---|---|---|---|---|---|\n");
  bench.Report(resident);
  Compare(bench, folder);
  std::filesystem::remove_all(folder);
  return 0;
}
