#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/history/history_values.h"

// The bytes in which the history keeps what there is much of (docs/history.md has the layout).
// Every decoder takes whatever a damaged file holds: what it does not understand is empty.
namespace pathwitness {

/// Ids that the file gave to the routes of a bucket; as many and in the order of TraceStats.
using RouteIds = std::vector<std::int64_t>;

/// Of a bucket: all but its routes. Durations are rounded to microseconds.
std::string EncodeStats(const TraceStats& stats);
std::string EncodeStats(const HttpsStats& stats);
std::string EncodeStats(const OneWayStats& stats);

/// What stands before that.
std::string EncodeRouteIds(const RouteIds& ids);

struct DecodedBucket {
  RouteIds route_ids;
  ProberStats stats;  // without routes
};

/// Reads the ids and the stats behind them.
std::optional<DecodedBucket> DecodeBucket(std::string_view bytes);

std::string EncodeRoute(const Route& route);
std::optional<Route> DecodeRoute(std::string_view bytes);

/// A change of a route with its class.
std::string EncodeRouteChange(const RouteEvent& event, RouteChangeClass kind);

struct DecodedRouteChange {
  RouteEvent event;
  RouteChangeClass kind = RouteChangeClass::Unknown;
};
std::optional<DecodedRouteChange> DecodeRouteChange(std::string_view bytes);

}  // namespace pathwitness
