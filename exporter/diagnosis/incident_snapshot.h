#pragma once

#include <optional>
#include <string>
#include <vector>

#include "diagnosis/scope.h"
#include "diagnosis/verdict.h"
#include "probes/base/prober_key.h"
#include "probes/base/snapshot_board.h"
#include "probes/base/time.h"

namespace pathwitness {

/// How far an incident reaches, in targets.
struct IncidentScope {
  unsigned bad = 0;    // that it explains
  unsigned total = 0;  // that were judged then
  std::string via;     // the link they share, as "192.0.2.1-192.0.2.2"; empty: none or unknown

  bool operator==(const IncidentScope&) const = default;
};

/// One cause and all that it makes fail, from its first sign to its end.
struct IncidentSnapshot {
  std::string id;                  // as "20261121T161320Z-0002": never changes, sorts by `opened`
  WallTime opened;                 // when it was told of first
  WallTime since;                  // the first sign of it that was known, at `opened` or before
  WallTime last_seen;              // when a verdict last belonged to it
  std::optional<WallTime> closed;  // empty: open
  std::string merged_into;         // closed because it was part of the incident with this id

  CauseKind cause = CauseKind::Path;  // the primary one, of which the rest follows
  std::string at;                     // of an own cause: what of us, as "uplink"; else empty
  IncidentScope scope;
  std::vector<std::string> targets;  // that it explains, now or before; sorted

  ProberKey witness;              // whose verdict explains it best
  Verdict verdict;                // that one, the newest
  std::optional<HopOwner> owner;  // whom those verdicts name that name somebody, when they agree
  std::string text;               // whole sentences: scope, then verdict

  bool IsOpen() const { return !closed.has_value(); }
};

/// By id. Those closed stay for an hour, so that nobody who looks now and then misses one.
///
/// Open ones that are on the board when the engine starts are taken up by it: they go on, or are
/// closed as of when they were last seen.
using IncidentBoard = SnapshotBoard<std::string, IncidentSnapshot>;

}  // namespace pathwitness
