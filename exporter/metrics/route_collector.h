#pragma once

#include <memory>
#include <vector>

#include "config/config.h"
#include "exporter/diagnosis/route_snapshot.h"
#include "exporter/diagnosis/verdict_snapshot.h"
#include "exporter/metrics/page_writer.h"
#include "probes/base/time.h"
#include "probes/dns/ptr_snapshot.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// What is known of routes. A trace without a route has hops without owners, one without a verdict
/// hops of which nobody knows whether they limit their answers.
struct RouteSights {
  std::vector<TraceBoard::Pointer> traces;  // whose hops are shown
  std::vector<RouteBoard::Pointer> routes;
  std::vector<VerdictBoard::Pointer> verdicts;
  AsnBoard::Pointer asn;    // may be null
  PtrBoard::Pointer names;  // may be null
  std::shared_ptr<const Config> config;
};

/// Who stands at each hop, whose that is, and how the routes changed.
class RouteCollector {
 public:
  RouteCollector(RouteSights sights, WallTime now);
  void Write(PageWriter& page) const;

  static constexpr std::size_t kLongestAsPath = 16;

 private:
  RouteSights sights_;
  WallTime now_;
};

/// pathwitness_path_hop_info alone.
void WriteHopInfo(const RouteSights& sights, WallTime now, PageWriter& page);

}  // namespace pathwitness
