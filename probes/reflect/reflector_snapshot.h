#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "probes/base/snapshot_board.h"
#include "probes/reflect/reflector.h"

namespace pathwitness {

/// What this process did for others as their reflector.
struct ReflectorSnapshot {
  std::uint64_t answers = 0;
  std::array<std::uint64_t, kReflectRefusalNames.size()> refused{};
  std::size_t sessions = 0;
};

using ReflectorBoard = SnapshotBoard<int, ReflectorSnapshot>;  // one entry at most, key 0

}  // namespace pathwitness
