#pragma once

#include <string>
#include <vector>

#include "exporter/history/history_values.h"

namespace pathwitness {

/// For programs, ending in a line feed; docs/pages.md describes the fields.
std::string IncidentDocument(const IncidentRecord& incident);

/// All of them, in their order, below "incidents".
std::string IncidentsDocument(const std::vector<IncidentRecord>& incidents);

}  // namespace pathwitness
