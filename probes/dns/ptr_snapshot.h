#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "probes/base/ip_address.h"
#include "probes/base/snapshot_board.h"

namespace pathwitness {

/// The names of routers, as far as they are known.
struct PtrSnapshot {
  std::unordered_map<IpAddress, std::string> names;  // of letters, digits, '.', '-' and '_'
  std::uint64_t lookups = 0;
  std::uint64_t failures = 0;  // no answer, or an error other than "no such record"
  std::uint64_t refused = 0;   // routers that there is no room for
};

using PtrBoard = SnapshotBoard<int, PtrSnapshot>;  // key 0; nothing when names are not asked for

}  // namespace pathwitness
