#include <benchmark/benchmark.h>

#include <vector>

#include "diagnosis/verdict.h"

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

}  // namespace
}  // namespace pathwitness

int main(int argc, char** argv) {
  benchmark::RegisterBenchmark("LossPosterior", pathwitness::LossPosterior);
  benchmark::RegisterBenchmark("LatencyPosterior", pathwitness::LatencyPosterior);
  benchmark::RegisterBenchmark("QuietPath", pathwitness::QuietPath);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
