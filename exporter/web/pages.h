#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/diagnosis/verdict_snapshot.h"
#include "probes/base/time.h"
#include "probes/https/https_snapshot.h"
#include "probes/pulse/pulse_snapshot.h"
#include "probes/trace/trace_snapshot.h"

// HTML from values. Pure. Whatever the values hold (names, errors and certificates are other
// people's text) comes out as text.
namespace pathwitness {

/// What the status page shows; snapshots in the order of their keys.
struct StatusView {
  std::string version;
  std::string environment;
  std::string telemetry_path;
  WallTime now;
  std::vector<std::string> targets;  // names of all that are configured
  std::vector<std::shared_ptr<const TraceSnapshot>> traces;
  std::vector<std::shared_ptr<const HttpsSnapshot>> https;
  std::vector<std::shared_ptr<const PulseSnapshot>> pulses;
  std::vector<std::shared_ptr<const VerdictSnapshot>> verdicts;  // of the probers above
};

/// The page at `/`: one row for each prober of each target; a target without any has a row too.
std::string StatusPage(const StatusView& view);

/// `text` fit to stand in an element or a quoted attribute; control characters become U+FFFD.
std::string EscapeHtml(std::string_view text);

}  // namespace pathwitness
