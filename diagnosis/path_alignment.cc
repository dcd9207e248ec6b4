#include "diagnosis/path_alignment.h"

#include <algorithm>

namespace pathwitness {
namespace {

bool IsSilent(const std::vector<IpAddress>& hop) {
  return hop.empty();
}

unsigned CostOfPair(const std::vector<IpAddress>& a, const std::vector<IpAddress>& b) {
  return IsSilent(a) || IsSilent(b) || HasCommonAddress(a, b) ? 0 : 1;
}

// costs[i][j]: what the rests from hop i of one and hop j of the other differ in.
std::vector<std::vector<unsigned>> CostsOfRests(const PathView& before, const PathView& after) {
  std::vector<std::vector<unsigned>> costs(before.size() + 1,
                                           std::vector<unsigned>(after.size() + 1));
  for (std::size_t i = before.size() + 1; i-- > 0;) {
    for (std::size_t j = after.size() + 1; j-- > 0;) {
      const std::size_t left = before.size() - i;
      const std::size_t right = after.size() - j;
      if (left == 0 || right == 0) {
        costs[i][j] = static_cast<unsigned>(left + right);
        continue;
      }
      costs[i][j] = std::min({costs[i + 1][j + 1] + CostOfPair(before[i], after[j]),
                              costs[i + 1][j] + 1, costs[i][j + 1] + 1});
    }
  }
  return costs;
}

std::uint8_t TtlOf(std::size_t index) {
  return static_cast<std::uint8_t>(index + 1);
}

// One hop of either path or of both, and whether it is a difference.
struct Step {
  std::size_t before = 0;
  std::size_t after = 0;
  bool is_pair = false;
  bool is_different = true;
};

// From the source on, hops are paired as long as that is among the cheapest ways, so that the first
// difference is as late as it can be.
std::vector<Step> CheapestSteps(const PathView& before, const PathView& after) {
  const std::vector<std::vector<unsigned>> costs = CostsOfRests(before, after);
  std::vector<Step> steps;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < before.size() || j < after.size()) {
    const bool can_pair = i < before.size() && j < after.size();
    const unsigned cost = can_pair ? CostOfPair(before[i], after[j]) : 0;
    Step& step = steps.emplace_back(Step{.before = i, .after = j});
    if (can_pair && costs[i][j] == costs[i + 1][j + 1] + cost) {
      step.is_pair = true;
      step.is_different = cost != 0;
      ++i;
      ++j;
      continue;
    }
    const bool is_left_out =
        j == after.size() || (i < before.size() && costs[i][j] == costs[i + 1][j] + 1);
    ++(is_left_out ? i : j);
  }
  return steps;
}

}  // namespace

bool HasCommonAddress(const std::vector<IpAddress>& a, const std::vector<IpAddress>& b) {
  return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
}

PathAlignment AlignPaths(const PathView& before, const PathView& after) {
  PathAlignment alignment;
  alignment.partners.resize(after.size());
  for (const Step& step : CheapestSteps(before, after)) {
    if (step.is_different && alignment.first_different == 0) {
      alignment.first_different = TtlOf(step.after);
    }
    if (!step.is_pair) {
      continue;
    }
    alignment.partners[step.after] = step.before;
    if (!HasCommonAddress(before[step.before], after[step.after])) {
      continue;
    }
    if (alignment.first_different == 0) {
      alignment.last_common = TtlOf(step.after);
    } else if (alignment.rejoin_after == 0) {
      alignment.rejoin_before = TtlOf(step.before);
      alignment.rejoin_after = TtlOf(step.after);
    }
  }
  return alignment;
}

}  // namespace pathwitness
