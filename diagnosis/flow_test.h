#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "diagnosis/statistics.h"

namespace pathwitness {

/// Whether some flows lose more than chance allows, as they do when one of several equal links of a
/// bundle is bad.
struct FlowTest {
  double statistic = 0;  // of chi-square; degrees of freedom: flows that were probed, less one
  double p = 1;
  bool is_dependent = false;     // p < 0.001
  std::vector<std::size_t> bad;  // indexes of the flows that lose more than the others together
};

/// `flows` are counts of the same destination and the same time.
FlowTest TestFlows(std::span<const Counts> flows);

}  // namespace pathwitness
