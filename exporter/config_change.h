#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/config.h"

namespace pathwitness {

/// How many targets differ between two configurations.
struct TargetChanges {
  std::size_t added = 0;
  std::size_t removed = 0;
  std::size_t changed = 0;

  bool operator==(const TargetChanges&) const = default;
};

TargetChanges CompareTargets(const Config& before, const Config& after);

/// What of `after` cannot be had without a restart, as `started` is what the process opened its
/// sockets for before it gave up its privileges; a line each.
std::vector<std::string> NeedsRestart(const Config& started, const Config& after);

}  // namespace pathwitness
