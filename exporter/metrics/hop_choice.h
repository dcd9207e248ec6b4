#pragma once

#include <cstdint>
#include <vector>

#include "config/config.h"
#include "probes/base/time.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// Whose hops are on a page.
struct HopChoice {
  std::vector<TraceBoard::Pointer> shown;  // in the order given
  std::uint64_t refused = 0;               // series that are left out for the cap
};

/// Chooses among `traces` as `config` says; under the cap those in trouble go first, then the
/// first ones. A prober's hops are shown all or none. Pre: no pointer is null.
HopChoice ChooseHops(const std::vector<TraceBoard::Pointer>& traces, const MetricsConfig& config,
                     WallTime now);

}  // namespace pathwitness
