#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/incident_book.h"
#include "exporter/diagnosis/incident_snapshot.h"
#include "exporter/diagnosis/seen_causes.h"
#include "probes/base/event_log.h"

namespace pathwitness {

/// Looks at all verdicts together and writes the incidents that they are of to the board. Incidents
/// that open, change or close are logged.
class IncidentDesk {
 public:
  /// Takes up those left open on the board. Everything must outlive the desk.
  IncidentDesk(IncidentBoard& board, const Clock& clock, EventLog& log);

  /// Nothing is open or shown, so that without verdicts there is nothing to update.
  bool IsIdle() const { return !book_.HasOpen() && closed_.empty(); }

  /// All paths and services that there are.
  void Update(const std::vector<JudgedPath>& paths,
              const std::vector<VerdictBoard::Pointer>& services);

  static constexpr Duration kShowsClosed = std::chrono::hours(1);
  static constexpr std::size_t kMostClosed = 1000;  // shown; the newest

 private:
  void Publish(const IncidentBook::Incident& incident, const SeenCause* seen);
  void Log(std::string_view message, const IncidentSnapshot& incident);
  void ForgetClosed(WallTime now);

  IncidentBoard::Writer writer_;
  const Clock& clock_;
  EventLog& log_;
  IncidentBook book_;
  std::map<std::string, IncidentBoard::Pointer> open_;  // by id, as published last
  std::deque<IncidentBoard::Pointer> closed_;           // that are still on the board
};

}  // namespace pathwitness
