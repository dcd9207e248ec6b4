#pragma once

#include <memory>
#include <vector>

#include "exporter/diagnosis/route_snapshot.h"
#include "exporter/metrics/page_writer.h"
#include "probes/base/time.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// Who stands at each hop, whose that is, and how the routes changed.
class RouteCollector {
 public:
  /// `asn` may be null. A trace without a route has hops without owners.
  RouteCollector(std::vector<TraceBoard::Pointer> traces, std::vector<RouteBoard::Pointer> routes,
                 AsnBoard::Pointer asn, WallTime now);
  void Write(PageWriter& page) const;

 private:
  std::vector<TraceBoard::Pointer> traces_;
  std::vector<RouteBoard::Pointer> routes_;
  AsnBoard::Pointer asn_;
  WallTime now_;
};

/// pathwitness_path_hop_info alone; `routes` may be empty.
void WriteHopInfo(const std::vector<TraceBoard::Pointer>& traces,
                  const std::vector<RouteBoard::Pointer>& routes, WallTime now, PageWriter& page);

}  // namespace pathwitness
