#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace pathwitness {

/// Two ends of an interval, both within it.
struct Interval {
  double low = 0;
  double high = 0;

  bool operator==(const Interval&) const = default;
};

/// The 95 % interval of a ratio of which `hits` of `count` were seen; all of [0, 1] for none. Counts
/// need not be whole: bursts make them effective ones.
/// Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA
/// 1927.
Interval WilsonInterval(double hits, double count);

/// How likely `first_hits` of `first_count` or fewer are when both samples come from one source,
/// given how many hits there are in all. One-sided; small: the first ratio is the lower one.
/// Source: Fisher, "Statistical Methods for Research Workers" (1934), 21.02.
double FisherLower(unsigned first_hits, unsigned first_count, unsigned second_hits,
                   unsigned second_count);

/// P(X >= `value`) for chi-square with `degrees` of freedom.
double ChiSquareTail(double value, double degrees);

/// A median and its 95 % interval by ranks, which needs no shape of the distribution.
struct MedianEstimate {
  double median = 0;
  Interval interval;

  /// As if the interval were that of a normal distribution.
  double StandardError() const { return (interval.high - interval.low) / (2 * 1.96); }

  bool operator==(const MedianEstimate&) const = default;
};

/// Empty for less than three samples. Not finite ones are left out.
std::optional<MedianEstimate> EstimateMedian(std::vector<double> samples);

/// What was sent, and what of it was lost or missing.
struct Tally {
  double sent = 0;
  double lost = 0;

  Tally& operator+=(const Tally& other) {
    sent += other.sent;
    lost += other.lost;
    return *this;
  }
  double Ratio() const { return sent > 0 ? lost / sent : 0; }
  bool operator==(const Tally&) const = default;
};

/// How many times more the losses of equal blocks vary than independent losses would: lost packets
/// come in bursts, and so many of them tell no more than one. Between 1 and 10; 3 for less than 30
/// blocks, which are too few to see it.
double BurstFactor(std::span<const Tally> blocks);

/// Whether flows lose unequally, as when one of several equal links is broken.
struct FlowTest {
  double statistic = 0;    // chi-square with one degree less than there are flows
  double probability = 1;  // of being as unequal by chance
  bool is_dependent = false;
  std::vector<std::size_t> bad;  // indices of the flows that lose more than all together
};

/// Flows of which nothing was sent are left out.
FlowTest CompareFlows(std::span<const Tally> flows);

}  // namespace pathwitness
