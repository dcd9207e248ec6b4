#pragma once

#include <optional>
#include <string>
#include <vector>

#include "diagnosis/verdict.h"

namespace pathwitness {

/// The view of one end of a path: what it saw while it traced the other end, and what that means.
struct EndView {
  const Observations& observations;
  const Verdict& verdict;
};

/// What the views of both ends mean together.
struct TwoEnds {
  std::optional<std::string> owner;  // who is named
  double probability = 0;            // of that owner, or of the likeliest
  std::string text;                  // whole sentences
};

/// A round trip goes both ways, so each end sees the fault, wherever it is, and neither knows which
/// way it is on. Where both ways lead through the same networks, that one is at fault which both
/// ends suspect. A reflector that knows the direction decides which end's view holds.
TwoEnds JudgeTogether(const EndView& ours, const EndView& theirs);

}  // namespace pathwitness
