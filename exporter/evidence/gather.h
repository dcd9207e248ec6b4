#pragma once

#include <optional>
#include <vector>

#include "config/config.h"
#include "exporter/evidence/comparison.h"
#include "exporter/evidence/report_facts.h"
#include "exporter/history/history_reader.h"

// From the history to the facts of a comparison or a report. What cannot be read is missing, and
// the reader's Failure says why.
namespace pathwitness {

/// What is known of everybody on the paths, as of `at`.
Responders GatherResponders(HistoryReader& history, const std::vector<TraceStats>& paths,
                            WallTime at);

/// The path from each of `moments` on for `length`, laid side by side. `config` may be null.
Comparison CompareMoments(HistoryReader& history, const ProberKey& prober,
                          const std::vector<WallTime>& moments, Duration length,
                          const Config* config);

/// What a report is wanted of.
struct ReportOrder {
  ProberKey prober;
  WallTime from;  // of "during"
  WallTime to;
  Duration around = std::chrono::minutes(15);  // of "before" and "after"
  WallTime now;
  /// The first known sign of a fault: "before" ends with the last bucket ahead of it in which
  /// nothing was lost and no route was new. Empty: it ends at `from`.
  std::optional<WallTime> since;
};

/// `config` may be null: then the target's settings and owners are unknown. The incident is the
/// newest one of the target in that time. Clock and version are left to the caller.
ReportFacts GatherReport(HistoryReader& history, const ReportOrder& order, const Config* config);

}  // namespace pathwitness
