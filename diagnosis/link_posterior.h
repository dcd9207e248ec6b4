#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pathwitness {

/// A name is given only when it is that likely: false blame is worse than none.
inline constexpr double kSureEnough = 0.95;

/// Two hops with something between them; 0 is the prober itself.
struct HopSpan {
  std::size_t before = 0;
  std::size_t behind = 0;

  bool operator==(const HopSpan&) const = default;
};

/// How likely a fault sits on each link. `links[k - 1]` is link k, from hop k - 1 to hop k; with
/// `none` they sum up to 1.
struct LinkPosterior {
  double none = 1;
  std::vector<double> links;
  /// The fewest links in a row that hold 95 % of a fault's probability. Hops at their ends.
  HopSpan likely;
  /// What the links of an owner must add up to before it is named.
  double needed = kSureEnough;
};

/// From what the observations weigh under each hypothesis: `log_none` without a fault, and
/// `log_links[k - 1]` with one at link k. Before any observation a fault is as likely as none, and
/// all links are alike.
LinkPosterior WeighLinks(double log_none, std::span<const double> log_links);

/// The logarithm of the sum of the exponentials; -infinity of nothing.
double LogSumExp(std::span<const double> logs);

}  // namespace pathwitness
