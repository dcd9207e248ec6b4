#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "exporter/diagnosis/incident_snapshot.h"
#include "exporter/history/history_values.h"

namespace pathwitness {

/// The record of an incident as it stands, with one update: what is said at `at`.
IncidentRecord RecordOf(const IncidentSnapshot& incident, WallTime at);

/// Follows the board of incidents and tells what is new about them since it was asked last.
///
/// Each other extent, owner or state is an update; where only the figures of the text are others,
/// one in a minute is kept.
class IncidentLog {
 public:
  /// All that there are.
  void Look(const std::vector<IncidentBoard::Pointer>& all, WallTime now);

  std::vector<IncidentRecord> TakeNews();

  /// As if nothing had been told yet.
  void TellAgain() { known_.clear(); }

  static constexpr Duration kFiguresEvery = std::chrono::minutes(1);

 private:
  struct Known {
    IncidentBoard::Pointer snapshot;
    IncidentUpdate last;
  };

  std::map<std::string, Known> known_;
  std::map<std::string, IncidentRecord> news_;
};

}  // namespace pathwitness
