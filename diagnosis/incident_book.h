#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "diagnosis/scope.h"
#include "probes/base/time.h"

namespace pathwitness {

/// A cause as it shows itself now, and what it makes fail.
struct CauseSighting {
  CauseKind kind = CauseKind::Path;
  std::string at;                    // of an own cause, a source or a destination: its name
  std::vector<PathLink> links;       // suspects
  std::vector<std::string> targets;  // sorted
  WallTime since;                    // the first sign
  WallTime last_seen;                // the last one
};

/// Gives each cause an identity that lasts while it does, so that twenty alerts of one cause are
/// one incident.
class IncidentBook {
 public:
  struct Incident {
    std::string id;                    // as "20261121T161320Z-0002"
    CauseSighting cause;               // as it was seen last
    std::vector<std::string> targets;  // of all sightings, sorted
    WallTime opened;
    std::optional<std::size_t> sighting;  // index of the one in the last update that it is
    std::optional<WallTime> closed;       // in the last update
    std::string merged_into;
    WallTime last_update;  // in which it was seen
  };

  /// Takes all that is seen now. A sighting is that of an open incident when they share a link, the
  /// name of a source or target, or most of the smaller one's targets; a fault of this exporter may
  /// turn out to be behind paths that failed, and a service is nobody else's fault. An incident
  /// that others turn out to explain is merged into the first of those; one that was not seen for
  /// kLinger is over. Returns all that were open before or are now, oldest first.
  const std::vector<Incident>& Update(const std::vector<CauseSighting>& sightings, WallTime now);

  /// Takes up an open incident of an earlier book. Pre: before the first Update.
  void Resume(Incident incident);

  bool HasOpen() const;

  static constexpr Duration kLinger = std::chrono::minutes(2);

 private:
  Incident* FindOpen(const CauseSighting& sighting);
  void Open(const CauseSighting& sighting, std::size_t index, WallTime now);
  void MergeExplained(WallTime now);
  void CloseOld(WallTime now);

  std::vector<Incident> incidents_;
  std::uint64_t count_ = 0;
};

}  // namespace pathwitness
