#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "diagnosis/owners.h"
#include "diagnosis/route_class.h"
#include "diagnosis/route_watch.h"
#include "probes/asn/mmdb_file.h"
#include "probes/base/prober_status.h"
#include "probes/base/snapshot_board.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What is known of the route of one trace prober.
struct RouteSnapshot {
  ProberStatus status;                     // of the trace prober
  std::array<std::uint64_t, 4> changes{};  // by RouteChangeClass
  std::uint64_t ecmp_changes = 0;
  std::uint64_t hop_silences = 0;
  std::optional<RouteEvent> last_change;  // of kind RouteChanged
  LocatedChange last_located;             // where that was
  unsigned ecmp_width = 0;
  bool is_looping = false;

  std::vector<std::optional<IpAddress>> path;  // by TTL - 1: the newest responder
  std::vector<AddressOwner> networks;          // of `path`, each by itself
  std::vector<HopOwner> owners;                // of `path`, each by its neighbours
};

using RouteBoard = SnapshotBoard<ProberKey, RouteSnapshot>;

/// How it stands with the ASN database. Nothing is on the board when none is configured.
struct AsnSnapshot {
  std::string path;
  std::optional<MmdbFailure> failure;  // of the newest file; an older one may be in use
  std::optional<WallTime> built;       // of the one in use
};

using AsnBoard = SnapshotBoard<int, AsnSnapshot>;  // one entry at most, key 0

}  // namespace pathwitness
