// What a scrape of many series costs: CPU time per series and how far memory grows while the page
// is written.

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "exporter/metrics/render.h"
#include "tests/exporter/metrics/sample_world.h"

namespace pathwitness {
namespace {

constexpr std::size_t kHops = 15;
constexpr int kScrapes = 5;

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double ResidentMebibytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident) * 4096 / (1U << 20U);
}

double MostResidentMebibytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void AddTargets(SampleWorld& world, int count) {
  TraceSnapshot trace = ReachedTrace(world.clock.WallNow());
  trace.hops.resize(kHops, trace.hops.front());
  trace.round_trips = Histogram(MetricsConfig().rtt_buckets);
  auto writer = world.traces.NewWriter();
  for (int i = 0; i < count; ++i) {
    trace.status.key.target = "target-" + std::to_string(i);
    writer.Publish(trace.status.key, std::make_shared<const TraceSnapshot>(trace));
  }
}

struct Page {
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
};

template <typename Render>
void Measure(std::string_view name, const MetricSources& sources, std::uint64_t series,
             Render render) {
  double least = 1e9;
  Page page;
  for (int i = 0; i < kScrapes; ++i) {
    page = {};
    const double start = CpuSeconds();
    render(sources, [&](std::string_view piece) {
      page.bytes += piece.size();
      return true;
    });
    least = std::min(least, CpuSeconds() - start);
  }
  fmt::print("| {} | {} | {} | {:.0f} | {:.0f} | {:.1f} |\n", name, series, page.bytes, 1e3 * least,
             1e9 * least / static_cast<double>(series), MostResidentMebibytes());
}

void Run(int targets) {
  SampleWorld world;
  AddTargets(world, targets);
  const MetricSources sources = world.Sources();
  Page page;
  RenderMetrics(sources, [&](std::string_view piece) {
    page.lines += static_cast<std::uint64_t>(std::count(piece.begin(), piece.end(), '\n'));
    return true;
  });
  fmt::print("{} targets, {:.1f} MiB resident before the scrapes\n", targets, ResidentMebibytes());
  Measure("plain", sources, page.lines, [](const MetricSources& from, PageWriter::Take take) {
    RenderMetrics(from, std::move(take));
  });
  Measure("gzip", sources, page.lines,
          [](const MetricSources& from, const PageWriter::Take& take) { RenderGzip(from, take); });
}

}  // namespace
}  // namespace pathwitness

int main() {
  fmt::print("| page | series | bytes | CPU ms | ns per series | most resident MiB |\n");
  for (const int targets : {700, 7000}) {
    pathwitness::Run(targets);
  }
  return 0;
}
