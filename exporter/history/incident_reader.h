#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "exporter/history/history_values.h"
#include "exporter/history/sqlite.h"

namespace pathwitness {

/// Incidents that were open at any time of [from, to), in Unix milliseconds, in the order in which
/// they opened.
std::vector<IncidentRecord> ReadIncidents(SqliteDatabase& database, std::int64_t from,
                                          std::int64_t to);
std::vector<IncidentRecord> ReadOpenIncidents(SqliteDatabase& database);
std::optional<IncidentRecord> ReadIncident(SqliteDatabase& database, const std::string& id);

}  // namespace pathwitness
