#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// The rounds that `now` shows and that ended behind `seen`, the oldest first. All that it shows
/// when `seen` is null, of long ago, or of another prober.
inline std::vector<std::shared_ptr<const Round>> RoundsSince(const Round* seen,
                                                             const TraceSnapshot& now) {
  std::vector<std::shared_ptr<const Round>> rounds;
  if (now.last_round == nullptr || now.last_round.get() == seen) {
    return rounds;
  }
  const auto before =
      std::ranges::find(now.rounds_before, seen,
                        [](const EndedRound& ended) -> const Round* { return ended.round.get(); });
  auto next = before == now.rounds_before.end() ? now.rounds_before.begin() : std::next(before);
  for (; next != now.rounds_before.end(); ++next) {
    rounds.push_back(next->round);
  }
  rounds.push_back(now.last_round);
  return rounds;
}

}  // namespace pathwitness
