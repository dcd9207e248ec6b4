#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the servers on a page's way say about a drill, out of their answers. Pure; an answer that is
// not what it should be is no sight, never an error.
namespace pathwitness {

/// One alert of a drill, as somebody on the way holds it.
struct DrillSight {
  std::string alert;
  std::string severity;
  std::string state;                   // in the words of who holds it
  std::vector<std::string> receivers;  // to whom it goes; empty where nobody knows

  bool operator==(const DrillSight&) const = default;
};

/// A drill as its exporter tells it.
struct DrillAtExporter {
  std::string id;
  bool is_running = false;
  std::uint64_t probes = 0;
  std::uint64_t lost = 0;
  std::vector<DrillSight> notices;  // arrived at the drill receiver

  bool operator==(const DrillAtExporter&) const = default;
};

/// Reads the answer to POST /-/drill.
std::optional<DrillAtExporter> ReadStartedDrill(std::string_view body);

/// Reads one drill out of the answer to GET /-/drill.
std::optional<DrillAtExporter> ReadListedDrill(std::string_view body, std::string_view id);

/// What a Prometheus knows of a drill.
struct DrillAtPrometheus {
  bool is_scraped = false;
  std::vector<DrillSight> alerts;  // "pending" or "firing"
};

/// The path and query to ask of a Prometheus, and what its answer says.
std::string PrometheusQuery(std::string_view drill);
std::optional<DrillAtPrometheus> ReadPrometheus(std::string_view body);

/// The path and query to ask of an Alertmanager, and what its answer says; states are "active",
/// "suppressed" and "unprocessed".
std::string AlertmanagerQuery(std::string_view drill);
std::optional<std::vector<DrillSight>> ReadAlertmanager(std::string_view body);

}  // namespace pathwitness
