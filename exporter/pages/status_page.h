#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "exporter/diagnosis/verdict_snapshot.h"
#include "exporter/history/history_values.h"
#include "exporter/pages/html.h"
#include "probes/https/https_snapshot.h"
#include "probes/pulse/pulse_snapshot.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// What the status page shows; snapshots in the order of their keys.
struct StatusView {
  PageFrame frame;
  std::vector<std::string> targets;  // names of all that are configured
  std::vector<std::shared_ptr<const TraceSnapshot>> traces;
  std::vector<std::shared_ptr<const HttpsSnapshot>> https;
  std::vector<std::shared_ptr<const PulseSnapshot>> pulses;
  std::vector<std::shared_ptr<const VerdictSnapshot>> verdicts;  // of the probers above
  std::vector<IncidentRecord> open_incidents;

  std::string search;    // only targets with this in their names
  std::size_t page = 0;  // from 0
};

inline constexpr std::size_t kRowsOfAPage = 200;

/// The page at `/`: one row for each prober of each target, the worst first; a target without any
/// has a row too.
std::string StatusPage(const StatusView& view);

/// The rows alone, all of them, in a box; of verdicts they have the states alone.
std::string StatusTable(const StatusView& view);

}  // namespace pathwitness
