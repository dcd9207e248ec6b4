#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace pathwitness {

/// A classic Prometheus histogram as a value.
///
/// `counts[i]` holds observations in (bounds[i-1], bounds[i]]; the last element, one more than
/// there are bounds, holds those above all bounds. Counts are *not* cumulative.
struct Histogram {
  std::vector<double> bounds;         // ascending, in base units
  std::vector<std::uint64_t> counts;  // bounds.size() + 1 elements
  double sum = 0;

  Histogram() = default;
  explicit Histogram(std::vector<double> upper_bounds)
      : bounds(std::move(upper_bounds)), counts(bounds.size() + 1) {}

  void Observe(double value) {
    const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
    ++counts[static_cast<std::size_t>(bucket)];
    sum += value;
  }

  std::uint64_t Count() const {
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts) {
      total += count;
    }
    return total;
  }

  bool operator==(const Histogram&) const = default;
};

}  // namespace pathwitness
