#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "probes/trace/shared_paths.h"

namespace pathwitness {

/// A prober whose loss gate is open.
struct FailingPath {
  std::uint32_t prober = 0;
  const PathMembership* paths = nullptr;
};

/// Which of the failing probers shall be looked at closely: one for each fault, not one for each
/// target that suffers from it.
///
/// Probers belong together when their paths share a responder of whose paths at least half fail;
/// the first such responder counts. The first prober of each of the `limit` largest clusters, the
/// largest first. A prober without such a responder is a cluster of its own.
std::vector<std::uint32_t> PickFocus(const SharedPaths& tree,
                                     const std::vector<FailingPath>& failing, std::size_t limit);

}  // namespace pathwitness
