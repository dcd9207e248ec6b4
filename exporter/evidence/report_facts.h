#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "diagnosis/one_way.h"
#include "diagnosis/owners.h"
#include "diagnosis/verdict.h"
#include "exporter/evidence/report.h"

namespace pathwitness {

struct WindowFacts {
  std::string name;
  WallTime from;
  WallTime to;
  std::optional<TraceStats> trace;
  std::optional<HttpsStats> service;
};

/// How the end-to-end probes of another target fared meanwhile.
struct NeighbourFacts {
  std::string target;
  EndToEndStats end_to_end;
};

/// All that a report is made of.
struct ReportFacts {
  ProberKey prober;
  TargetConfig target;  // of the configuration; only its name where it is not known any more
  std::vector<WindowFacts> windows;  // "before", "during", "after"
  std::vector<TraceBucket> minutes;  // of all the time
  std::vector<RouteChangeRecord> changes;
  std::optional<IncidentRecord> incident;
  std::vector<NeighbourFacts> neighbours;
  bool are_neighbours_known = false;
  Responders responders;
  std::vector<Counts> flows;              // "during", by index; empty: there is but one
  std::vector<std::uint16_t> flow_ports;  // of the running exporter; empty: unknown
  std::optional<OneWayLoss> one_way;      // "during", of a reflector; empty: not measured
  std::optional<Verdict> verdict;         // of the running exporter; empty: judged by the windows

  std::vector<OwnerConfig> owners;  // of the configuration
  std::vector<ExchangeConfig> exchanges;
  std::optional<ReportClock> clock;
  WallTime made_at;
  std::string version;
  std::string revision;
};

/// What the windows mean: "during" against "before". Nothing without a known "during".
std::optional<Verdict> JudgeWindows(const ReportFacts& facts);

/// "route_changed", "ecmp_changed" or "hop_went_silent".
std::string_view RouteEventKindName(RouteEventKind kind);

/// Pure: the same facts make the same report.
Report MakeReport(const ReportFacts& facts);

}  // namespace pathwitness
