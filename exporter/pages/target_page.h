#pragma once

#include <memory>
#include <string>
#include <vector>

#include "exporter/diagnosis/route_snapshot.h"
#include "exporter/diagnosis/verdict_snapshot.h"
#include "exporter/evidence/hop_row.h"
#include "exporter/history/history_values.h"
#include "exporter/pages/chart.h"
#include "exporter/pages/service_chart.h"
#include "exporter/pages/status_page.h"
#include "probes/dns/ptr_snapshot.h"

namespace pathwitness {

/// A chart with its name, as "Last hour".
struct NamedChart {
  std::string name;
  PathChart chart;
};

struct NamedServiceChart {
  std::string name;
  ServiceChart chart;
};

/// One traced path of a target, now and, as far as the history knows, before.
struct TracedPath {
  std::shared_ptr<const TraceSnapshot> trace;
  std::shared_ptr<const RouteSnapshot> route;   // may be null
  std::shared_ptr<const VerdictSnapshot> said;  // may be null
  std::shared_ptr<const PtrSnapshot> names;     // may be null
  std::vector<NamedChart> charts;
  std::vector<RouteChangeRecord> changes;  // the newest first
};

/// One HTTPS service of a target, as far as the history knows.
struct WatchedService {
  ProberKey prober;
  std::vector<NamedServiceChart> charts;
};

/// One hop as it is now.
struct LiveHop {
  unsigned ttl = 0;
  ShownAddress responder;  // nobody: silent
  HopCounters counters;    // since the prober's start
  std::string hop_class;   // as in reports; empty: not judged
};

/// What the page of a target shows.
struct TargetView {
  std::string name;
  StatusView status;  // of this target alone, with the open incidents that concern it
  std::vector<WatchedService> services;
  std::vector<TracedPath> paths;
  std::string history_problem;  // why charts and changes are missing; empty: they are not
};

/// The hops of a path with their owners and names.
std::vector<LiveHop> LiveHopsOf(const TracedPath& path);

/// The page at `/targets/<name>`.
std::string TargetPage(const TargetView& view);

}  // namespace pathwitness
