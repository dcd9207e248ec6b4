#include "diagnosis/link_posterior.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace pathwitness {
namespace {

constexpr double kLikely = 0.95;
constexpr double kNegligible = -40;  // what is left of it is beyond the digits of a double

// Of several equally short ones the likeliest.
HopSpan ShortestLikely(std::span<const double> links) {
  const double wanted = kLikely * std::accumulate(links.begin(), links.end(), 0.0);
  for (std::size_t width = 1; width < links.size(); ++width) {
    HopSpan best;
    double most = 0;
    for (std::size_t first = 0; first + width <= links.size(); ++first) {
      const auto window = links.subspan(first, width);
      const double mass = std::accumulate(window.begin(), window.end(), 0.0);
      if (mass >= wanted && mass > most) {
        most = mass;
        best = {.before = first, .behind = first + width};
      }
    }
    if (best.behind != 0) {
      return best;
    }
  }
  return {.before = 0, .behind = links.size()};
}

}  // namespace

double LogSumExp(std::span<const double> logs) {
  if (logs.empty()) {
    return -std::numeric_limits<double>::infinity();
  }
  const double largest = *std::ranges::max_element(logs);
  if (std::isinf(largest)) {
    return largest;
  }
  double sum = 0;
  for (const double value : logs) {
    if (value - largest > kNegligible) {
      sum += std::exp(value - largest);
    }
  }
  return largest + std::log(sum);
}

LinkPosterior WeighLinks(double log_none, std::span<const double> log_links) {
  const double log_share = std::log(static_cast<double>(log_links.size()));
  const std::array all = {log_none, LogSumExp(log_links) - log_share};
  const double total = LogSumExp(all);
  LinkPosterior posterior{.none = std::exp(log_none - total), .links = {}, .likely = {}};
  posterior.links.reserve(log_links.size());
  for (const double link : log_links) {
    posterior.links.push_back(std::exp(link - log_share - total));
  }
  posterior.likely = ShortestLikely(posterior.links);
  return posterior;
}

}  // namespace pathwitness
