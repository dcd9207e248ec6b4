#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <vector>

#include "diagnosis/diagnostician.h"
#include "diagnosis/verdict.h"
#include "tests/diagnosis/virtual_path.h"

namespace pathwitness {
namespace {

/// Twelve hops of which one limits its answers, 10 % loss from the seventh on, and a past.
LossEvidence LossyPath() {
  LossEvidence evidence;
  evidence.hops = std::vector<Counts>(6, {.sent = 300, .received = 300});
  evidence.hops.insert(evidence.hops.end(), 6, {.sent = 300, .received = 270});
  evidence.reference = std::vector<Counts>(12, {.sent = 300, .received = 300});
  evidence.hops[3].received = 36;
  evidence.reference[3].received = 36;
  return evidence;
}

LatencyEvidence SlowPath() {
  LatencyEvidence evidence;
  evidence.hops.assign(6, HopShift{.shift = 0.1, .standard_error = 0.3});
  evidence.hops.insert(evidence.hops.end(), 6, HopShift{.shift = 12, .standard_error = 0.4});
  return evidence;
}

void LossPosterior(benchmark::State& state) {
  const LossEvidence evidence = LossyPath();
  for ([[maybe_unused]] const auto turn : state) {
    benchmark::DoNotOptimize(BlameLoss(evidence));
  }
}

void LatencyPosterior(benchmark::State& state) {
  const LatencyEvidence evidence = SlowPath();
  for ([[maybe_unused]] const auto turn : state) {
    benchmark::DoNotOptimize(BlameLatency(evidence));
  }
}

/// As most paths are: no gate opens.
void QuietPath(benchmark::State& state) {
  LossEvidence evidence = LossyPath();
  evidence.hops = evidence.reference;
  for ([[maybe_unused]] const auto turn : state) {
    benchmark::DoNotOptimize(BlameLoss(evidence));
  }
}

/// Five seconds of paths on which nothing is wrong, 50 minutes old; 2,000 turns are a second of
/// 10,000 of them. The path that is taken is another one each time, as caches have it.
void QuietPaths(benchmark::State& state) {
  constexpr std::size_t kPaths = 1000;
  std::vector<VirtualPath> paths;
  for (std::size_t i = 0; i < kPaths; ++i) {
    paths.emplace_back(i).Live(std::chrono::minutes(50));
  }
  const std::array<Counts, 4> train = {Counts{2, 2}, Counts{1, 1}, Counts{1, 1}, Counts{1, 1}};
  MonoTime now = paths.front().Now();
  std::size_t next = 0;
  for ([[maybe_unused]] const auto turn : state) {
    Diagnostician& diagnostician = paths[next].Judge();
    diagnostician.OnEndToEnd(train, now);
    benchmark::DoNotOptimize(diagnostician.Evaluate({.until_lost = std::chrono::seconds(6)}, now));
    benchmark::DoNotOptimize(diagnostician.LossBounds(now));
    next = (next + 1) % kPaths;
    now += next == 0 ? std::chrono::seconds(5) : std::chrono::seconds(0);
  }
}

}  // namespace
}  // namespace pathwitness

int main(int argc, char** argv) {
  benchmark::RegisterBenchmark("LossPosterior", pathwitness::LossPosterior);
  benchmark::RegisterBenchmark("LatencyPosterior", pathwitness::LatencyPosterior);
  benchmark::RegisterBenchmark("QuietPath", pathwitness::QuietPath);
  // For a minute, as no new rounds come and what is known of the destination's delay grows old.
  benchmark::RegisterBenchmark("QuietPaths", pathwitness::QuietPaths)->Iterations(12000);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
