#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>

#include "exporter/metrics/render.h"
#include "tests/exporter/metrics/sample_world.h"

namespace pathwitness {
namespace {

constexpr std::int64_t kSeries = 100000;

std::int64_t CountSeries(const std::string& page) {
  const auto lines = std::count(page.begin(), page.end(), '\n');
  std::int64_t comments = 0;
  for (auto at = page.find("\n# "); at != std::string::npos; at = page.find("\n# ", at + 1)) {
    ++comments;
  }
  return lines - comments;
}

/// Traced targets of 15 hops and 13 buckets each, until the page has kSeries series.
void Grow(SampleWorld& world) {
  TraceSnapshot trace = ReachedTrace(world.clock.WallNow());
  trace.hops.resize(15, trace.hops.front());
  trace.round_trips = Histogram(MetricsConfig().rtt_buckets);
  auto writer = world.traces.NewWriter();
  const auto add = [&](std::int64_t number) {
    trace.status.key.target = "target-" + std::to_string(number);
    writer.Publish(trace.status.key, std::make_shared<const TraceSnapshot>(trace));
  };
  const std::int64_t before = CountSeries(MetricsPage(world.Sources()));
  add(0);
  const std::int64_t each = CountSeries(MetricsPage(world.Sources())) - before;
  for (std::int64_t i = 1; i < (kSeries - before) / each; ++i) {
    add(i);
  }
}

template <std::string (*render)(const MetricSources&)>
void Page(benchmark::State& state) {
  SampleWorld world;
  Grow(world);
  const MetricSources sources = world.Sources();
  const auto series = static_cast<double>(CountSeries(MetricsPage(sources)));
  std::size_t bytes = 0;
  for (auto step : state) {
    static_cast<void>(step);
    bytes = render(sources).size();
  }
  state.counters["series"] = series;
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["per_series"] = benchmark::Counter(
      series, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

}  // namespace
}  // namespace pathwitness

int main(int argc, char** argv) {
  using pathwitness::Page;
  benchmark::RegisterBenchmark("RenderMetrics", Page<pathwitness::MetricsPage>)
      ->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("RenderGzip", Page<pathwitness::GzipPage>)
      ->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
