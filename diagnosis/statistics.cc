#include "diagnosis/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace pathwitness {
namespace {

constexpr double kZ = 1.96;  // two-sided 95 %

double LogChoose(double from, double take) {
  return std::lgamma(from + 1) - std::lgamma(take + 1) - std::lgamma(from - take + 1);
}

// Regularised upper incomplete gamma function Q(a, x): a series where x is small, a continued
// fraction elsewhere, each where it converges fast.
// Source: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), 6.5.29 and 6.5.31.
double UpperGamma(double a, double x) {
  constexpr int kSteps = 500;
  constexpr double kEnough = 1e-14;
  const double log_front = a * std::log(x) - x - std::lgamma(a);
  if (x < a + 1) {
    double term = 1 / a;
    double sum = term;
    for (int n = 1; n < kSteps && term > sum * kEnough; ++n) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - sum * std::exp(log_front);
  }
  // Lentz's evaluation of the continued fraction.
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a;
  double c = 1 / kTiny;
  double d = 1 / b;
  double fraction = d;
  for (int n = 1; n < kSteps; ++n) {
    const double numerator = -n * (n - a);
    b += 2;
    d = 1 / (std::abs(numerator * d + b) < kTiny ? kTiny : numerator * d + b);
    c = std::abs(b + numerator / c) < kTiny ? kTiny : b + numerator / c;
    fraction *= d * c;
    if (std::abs(d * c - 1) < kEnough) {
      break;
    }
  }
  return fraction * std::exp(log_front);
}

Tally SumOf(std::span<const Tally> tallies) {
  return std::accumulate(tallies.begin(), tallies.end(), Tally{},
                         [](Tally sum, const Tally& tally) { return sum += tally; });
}

}  // namespace

Interval WilsonInterval(double hits, double count) {
  if (!(count > 0)) {
    return {.low = 0, .high = 1};
  }
  const double ratio = std::clamp(hits / count, 0.0, 1.0);
  const double scale = 1 + kZ * kZ / count;
  const double centre = (ratio + kZ * kZ / (2 * count)) / scale;
  const double half =
      kZ * std::sqrt(ratio * (1 - ratio) / count + kZ * kZ / (4 * count * count)) / scale;
  return {.low = std::max(0.0, centre - half), .high = std::min(1.0, centre + half)};
}

double FisherLower(unsigned first_hits, unsigned first_count, unsigned second_hits,
                   unsigned second_count) {
  const double hits = static_cast<double>(first_hits) + second_hits;
  const double count = static_cast<double>(first_count) + second_count;
  const double fewest = std::max(0.0, hits - second_count);
  const double all = LogChoose(count, hits);
  double sum = 0;
  for (double x = fewest; x <= first_hits; ++x) {
    sum += std::exp(LogChoose(first_count, x) + LogChoose(second_count, hits - x) - all);
  }
  return std::min(1.0, sum);
}

double ChiSquareTail(double value, double degrees) {
  if (!(value > 0) || !(degrees > 0)) {
    return 1;
  }
  return std::clamp(UpperGamma(degrees / 2, value / 2), 0.0, 1.0);
}

std::optional<MedianEstimate> EstimateMedian(std::vector<double> samples) {
  constexpr std::size_t kFewest = 3;
  std::erase_if(samples, [](double sample) { return !std::isfinite(sample); });
  if (samples.size() < kFewest) {
    return std::nullopt;
  }
  std::sort(samples.begin(), samples.end());
  const auto count = static_cast<double>(samples.size());
  const Interval ranks = WilsonInterval(count / 2, count);
  const auto at = [&](double rank) {
    return samples[std::min(static_cast<std::size_t>(rank), samples.size() - 1)];
  };
  const std::size_t middle = samples.size() / 2;
  const double median =
      samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
  return MedianEstimate{
      .median = median,
      .interval = {.low = at(std::floor(count * ranks.low)), .high = at(count * ranks.high)}};
}

double BurstFactor(std::span<const Tally> blocks) {
  constexpr std::size_t kEnoughBlocks = 30;
  constexpr double kAssumed = 3;
  constexpr double kMost = 10;
  const Tally sum = SumOf(blocks);
  const double ratio = sum.Ratio();
  if (blocks.size() < kEnoughBlocks || !(ratio > 0 && ratio < 1)) {
    return kAssumed;
  }
  // Each block against what it would lose on average; the same as the variance of equal blocks.
  double squares = 0;
  double expected = 0;
  for (const Tally& block : blocks) {
    const double difference = block.lost - block.sent * ratio;
    squares += difference * difference;
    expected += block.sent * ratio * (1 - ratio);
  }
  const auto count = static_cast<double>(blocks.size());
  return std::clamp(squares / expected * count / (count - 1), 1.0, kMost);
}

FlowTest CompareFlows(std::span<const Tally> flows) {
  constexpr double kUnlikely = 1e-3;
  FlowTest test;
  const Tally sum = SumOf(flows);
  const double ratio = sum.Ratio();
  if (!(ratio > 0 && ratio < 1)) {
    return test;
  }
  double used = 0;
  for (const Tally& flow : flows) {
    if (flow.sent > 0) {
      const double difference = flow.lost - flow.sent * ratio;
      test.statistic += difference * difference / (flow.sent * ratio * (1 - ratio));
      ++used;
    }
  }
  test.probability = ChiSquareTail(test.statistic, used - 1);
  test.is_dependent = test.probability < kUnlikely;
  for (std::size_t i = 0; test.is_dependent && i < flows.size(); ++i) {
    if (flows[i].sent > 0 && WilsonInterval(flows[i].lost, flows[i].sent).low > ratio) {
      test.bad.push_back(i);
    }
  }
  return test;
}

}  // namespace pathwitness
