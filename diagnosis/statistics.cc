#include "diagnosis/statistics.h"

#include <algorithm>
#include <cmath>  // and lgamma_r of POSIX

namespace pathwitness {
namespace {

// std::lgamma writes the sign to a global, which other threads may be reading.
double LogGamma(double value) {
  int sign = 0;
  return lgamma_r(value, &sign);
}

double LogChoose(double n, double k) {
  return LogGamma(n + 1) - LogGamma(k + 1) - LogGamma(n - k + 1);
}

constexpr int kMostTerms = 10'000;
constexpr double kPrecision = 1e-14;

// The regularised lower incomplete gamma function as a power series; converges fast below a + 1.
double LowerGammaSeries(double a, double x) {
  double term = 1 / a;
  double sum = term;
  for (int n = 1; n < kMostTerms && term > sum * kPrecision; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * std::exp(a * std::log(x) - x - LogGamma(a));
}

// The upper one as a continued fraction, evaluated from the front (Lentz); for the rest.
double UpperGammaFraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a;
  double c = 1 / kTiny;
  double d = 1 / b;
  double fraction = d;
  for (int n = 1; n < kMostTerms; ++n) {
    const double step = -n * (n - a);
    b += 2;
    d = step * d + b;
    d = 1 / (std::abs(d) < kTiny ? kTiny : d);
    c = b + step / c;
    c = std::abs(c) < kTiny ? kTiny : c;
    fraction *= c * d;
    if (std::abs(c * d - 1) < kPrecision) {
      break;
    }
  }
  return fraction * std::exp(a * std::log(x) - x - LogGamma(a));
}

}  // namespace

double FisherAtMost(double first_lost, double first_sent, double second_lost, double second_sent) {
  const double x1 = std::round(first_lost);
  const double n1 = std::max(x1, std::round(first_sent));
  const double x2 = std::round(second_lost);
  const double n2 = std::max(x2, std::round(second_sent));
  if (n1 <= 0 || n2 <= 0) {
    return 1;
  }
  const double lost = x1 + x2;
  const double all = LogChoose(n1 + n2, lost);
  const auto term = [&](double x) {
    return std::exp(LogChoose(n1, x) + LogChoose(n2, lost - x) - all);
  };
  // Away from the mode terms only fall, so either tail may be left as soon as it adds nothing.
  const bool is_below_mode = x1 * (n1 + n2) < lost * n1;
  const double step = is_below_mode ? -1 : 1;
  const double last = is_below_mode ? std::max(0.0, lost - n2) : std::min(n1, lost);
  double sum = 0;
  for (double x = is_below_mode ? x1 : x1 + 1; x * step <= last * step; x += step) {
    const double share = term(x);
    sum += share;
    if (share < sum * kPrecision) {
      break;
    }
  }
  return std::clamp(is_below_mode ? sum : 1 - sum, 0.0, 1.0);
}

double ChiSquareTail(double value, double degrees) {
  if (!(value > 0) || !(degrees > 0)) {
    return 1;
  }
  const double a = degrees / 2;
  const double x = value / 2;
  return x < a + 1 ? 1 - LowerGammaSeries(a, x) : UpperGammaFraction(a, x);
}

Ranks MedianRanks(std::size_t count) {
  const auto n = static_cast<double>(count);
  const Interval half = WilsonInterval(n / 2, n);
  const auto rank = [&](double share) {
    return std::min(count - 1, static_cast<std::size_t>(std::floor(n * share)));
  };
  return {.low = rank(half.low), .high = rank(half.high)};
}

std::optional<MedianEstimate> EstimateMedian(std::span<const double> sorted) {
  if (sorted.empty()) {
    return std::nullopt;
  }
  const std::size_t upper = sorted.size() / 2;
  const std::size_t lower = (sorted.size() - 1) / 2;
  const Ranks ranks = MedianRanks(sorted.size());
  return MedianEstimate{.median = (sorted[lower] + sorted[upper]) / 2,
                        .interval = {.low = sorted[ranks.low], .high = sorted[ranks.high]}};
}

double Dispersion(std::span<const Counts> blocks) {
  constexpr double kLargest = 10;
  if (blocks.size() < kFewestBlocks) {
    return kDefaultDispersion;
  }
  Counts all;
  for (const Counts& block : blocks) {
    all.sent += block.sent;
    all.received += block.received;
  }
  const double ratio = all.LossRatio();
  const double expected = all.sent / static_cast<double>(blocks.size()) * ratio * (1 - ratio);
  if (!(expected > 0)) {
    return 1;
  }
  double squares = 0;
  for (const Counts& block : blocks) {
    const double surplus = block.Lost() - ratio * block.sent;
    squares += surplus * surplus;
  }
  return std::clamp(squares / static_cast<double>(blocks.size() - 1) / expected, 1.0, kLargest);
}

}  // namespace pathwitness
