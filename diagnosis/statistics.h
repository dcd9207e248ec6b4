#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "probes/base/wilson_interval.h"

namespace pathwitness {

/// Probes sent and replies received. Fractions come from counts that were divided by a dispersion.
struct Counts {
  double sent = 0;
  double received = 0;

  double Lost() const { return sent - received; }
  double LossRatio() const { return sent > 0 ? Lost() / sent : 0; }

  bool operator==(const Counts&) const = default;
};

/// How likely it is that the first of two samples with one common loss ratio has at most as few
/// losses as it has, given how many both have together. Rounds fractions; 1 when a sample is empty.
/// Source: Fisher's exact test, one-sided.
double FisherAtMost(double first_lost, double first_sent, double second_lost, double second_sent);

/// How likely a chi-square variable of so many degrees of freedom is at least `value`.
double ChiSquareTail(double value, double degrees);

/// Positions of the 95 % interval of a median among `count` sorted values, from 0.
/// Pre: count > 0. Source: order statistics with Wilson's interval for 1/2, as the Internet delay
/// work of Fontugne et al. (IMC 2017) has it.
struct Ranks {
  std::size_t low = 0;
  std::size_t high = 0;

  bool operator==(const Ranks&) const = default;
};
Ranks MedianRanks(std::size_t count);

/// A median with its 95 % interval, in the unit of the values.
struct MedianEstimate {
  double median = 0;
  Interval interval;

  double StandardError() const { return (interval.high - interval.low) / (2 * kZ95); }

  bool operator==(const MedianEstimate&) const = default;
};

/// Nothing when there are no values. Pre: `sorted` is in ascending order.
std::optional<MedianEstimate> EstimateMedian(std::span<const double> sorted);

/// What is taken as long as there are too few blocks to tell.
inline constexpr double kDefaultDispersion = 3;
inline constexpr std::size_t kFewestBlocks = 30;

/// By how much losses vary more than independent ones would: counts divided by it may be treated as
/// independent. From 1 to 10, by the variance between `blocks`, which are counts of equally long
/// times in a row; kDefaultDispersion below kFewestBlocks, 1 when nothing or all was lost.
double Dispersion(std::span<const Counts> blocks);

}  // namespace pathwitness
