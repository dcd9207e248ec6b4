#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "diagnosis/statistics.h"
#include "probes/base/time.h"

namespace pathwitness {

/// Which way packets get lost. Round trips alone cannot tell.
enum class Direction : std::uint8_t { Unknown, Forward, Return, Both };

/// The `direction` label: unknown, fwd, rev or both.
std::string_view DirectionName(Direction direction);

/// What a prober knows of a reflector that counts: all counted since both began.
struct ReflectorCounts {
  std::uint64_t last_sequence = 0;  // requests sent up to the one answered last
  std::uint64_t last_count = 0;     // requests that the reflector had seen by then
  std::uint64_t received = 0;       // of its answers, up to that one
};

/// Loss of each direction. What was sent after the last answer is unknown and counts nowhere.
struct OneWayLoss {
  Counts forward;
  Counts backward;

  bool operator==(const OneWayLoss&) const = default;
};

/// Copies that arrive twice never make a negative loss.
OneWayLoss SplitLoss(const ReflectorCounts& counts);

/// Unknown when neither direction loses significantly.
Direction DirectionOf(const OneWayLoss& loss);

/// What a reflector counted, over the time that may be judged.
class OneWayHistory {
 public:
  /// `totals` since any beginning, the same one each time.
  void Add(const OneWayLoss& totals, MonoTime at);

  /// What was added behind the newest totals that are not after `since`, or behind the oldest ones.
  /// Empty when that is nothing.
  std::optional<OneWayLoss> Since(MonoTime since) const;

  static constexpr Duration kRemembers = std::chrono::minutes(6);

 private:
  struct Sample {
    MonoTime at;
    OneWayLoss totals;
  };

  std::vector<Sample> samples_;  // few; and most paths have none
};

/// What two probers at both ends of a path, each seeing round trips only, make of its segments
/// together. `ours` and `theirs` are probabilities of the same segments in the same order.
/// Nothing when they contradict each other: then the ways there and back differ, the direction is
/// unknown and nobody is to be named.
std::optional<std::vector<double>> CombineEnds(std::span<const double> ours,
                                               std::span<const double> theirs);

}  // namespace pathwitness
