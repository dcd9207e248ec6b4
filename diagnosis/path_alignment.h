#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "probes/base/ip_address.h"

namespace pathwitness {

/// The hops of a path: element i holds every address that answered at TTL i + 1, none when it is
/// silent.
using PathView = std::vector<std::vector<IpAddress>>;

/// True when the two hops have an address in common.
bool HasCommonAddress(const std::vector<IpAddress>& a, const std::vector<IpAddress>& b);

/// Two paths laid beside each other so that as little as possible differs. A silent hop equals any
/// hop; a hop that is exchanged, inserted or left out costs 1.
struct PathAlignment {
  std::uint8_t first_different = 0;  // TTL of the later path; 0: the paths are equal
  std::uint8_t last_common = 0;      // TTL of the last answering hop before that; 0: none
  std::uint8_t rejoin_before = 0;    // TTLs of the first answering hop they share after it, in the
  std::uint8_t rejoin_after = 0;     // earlier and the later path; 0: they share none
  /// For each hop of the later path its index in the earlier one; empty: it was inserted.
  std::vector<std::optional<std::size_t>> partners;

  bool operator==(const PathAlignment&) const = default;
};

/// Pre: both paths have at most 255 hops.
PathAlignment AlignPaths(const PathView& before, const PathView& after);

}  // namespace pathwitness
