#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exporter/pages/incident_pages.h"
#include "exporter/pages/pages.h"
#include "exporter/pages/status_page.h"
#include "exporter/pages/target_page.h"

// From boards and the history to what pages show.
namespace pathwitness {

StatusView GatherStatus(const PageSources& sources);

/// Nothing for a target that is not configured. `has_long_charts`: those of 14 days too, which are
/// the slowest to read.
struct TargetOrder {
  std::string name;
  bool has_long_charts = false;
};
std::optional<TargetView> GatherTarget(const PageSources& sources, const TargetOrder& order);

/// The newest first, at most kMostListedIncidents.
IncidentsView GatherIncidents(const PageSources& sources);
inline constexpr std::size_t kMostListedIncidents = 200;

/// With the reports of its witness. Nothing when no such incident is known.
std::optional<IncidentView> GatherIncident(const PageSources& sources, const std::string& id);

}  // namespace pathwitness
