#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/statistics.h"
#include "exporter/evidence/hop_row.h"
#include "exporter/history/history_values.h"
#include "probes/base/time.h"

// What is sent to whoever is responsible for a network: all that is known of a path before, during
// and after a fault, as values that are only to be written down. docs/report.md describes them.
namespace pathwitness {

/// Of the documents. A field that is added is no new version; one that changes is.
inline constexpr int kReportVersion = 1;
inline constexpr std::string_view kReportSchema = "pathwitness.report";

/// The path over one time.
struct ReportWindow {
  std::string name;  // "before", "during" or "after"; "now" of a trace that is not of the history
  WallTime from;
  WallTime to;
  bool is_known = false;  // nothing below without it
  bool is_reached = false;
  std::uint64_t rounds = 0;
  EndToEndStats end_to_end;
  std::vector<HopRow> hops;
  std::optional<HttpsStats> service;  // of the same target; empty: there is none
};

struct ReportProbes {
  std::string protocol;    // "icmp", "udp" or "tcp"
  std::uint16_t port = 0;  // of the destination; 0: the protocol has none
  unsigned payload_bytes = 0;
  unsigned dscp = 0;
  unsigned flows = 0;
  Duration interval{};
  Duration end_to_end_interval{};
  Duration timeout{};
};

/// The end-to-end probes of one 5-tuple.
struct ReportFlow {
  std::size_t index = 0;
  std::uint16_t source_port = 0;  // or ICMP identifier; 0: unknown
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  bool is_bad = false;
};

struct ReportVerdict {
  std::string state;
  std::string direction;
  std::string segment;
  std::string owner;       // named; empty: nobody
  double probability = 0;  // of that owner, or of the likeliest
  std::string likeliest;
  std::string second;
  double second_probability = 0;
  std::optional<std::array<std::size_t, 2>> likely;  // the hops around the likely links
  std::string text;
};

/// Losses and round trips of a minute at the destination and the hops on both sides of the fault.
struct ReportMinute {
  struct Cell {
    std::uint64_t sent = 0;
    std::uint64_t lost = 0;
    std::optional<double> average;  // seconds
  };

  WallTime at;
  Duration length{};
  Cell destination;
  std::optional<Cell> near_hop;  // empty: there is no such hop
  std::optional<Cell> far_hop;
};

/// Something else that might explain what was seen.
struct ReportFinding {
  std::string
      what;  // "icmp_limiting", "unsent", "first_hop", "dns", "server", "other_targets", ...
  std::string state;  // "ruled_out", "suspect" or "unknown"
  std::string text;
};

struct ReportChange {
  WallTime at;
  std::string kind;   // "route_changed", "ecmp_changed" or "hop_went_silent"
  std::string where;  // the class: "intra_as", ...
  unsigned ttl = 0;
  ShownAddress last_common;
  std::vector<ShownAddress> before;  // one of each hop, nobody where it is silent
  std::vector<ShownAddress> after;
};

struct ReportContact {
  std::string who;
  std::uint32_t asn = 0;
  std::string why;
};

/// Of the clock that stamped the report.
struct ReportClock {
  bool is_synchronized = false;
  std::optional<double> offset;   // seconds, as the kernel estimates
  std::optional<double> maximum;  // the largest error, in seconds
};

struct Report {
  WallTime made_at;
  std::string version;
  std::string revision;
  bool is_redacted = false;

  std::string target;
  std::string prober;
  std::string family;
  std::string host;  // as configured
  ShownAddress source;
  ShownAddress destination;
  ReportProbes probes;

  std::optional<ReportVerdict> verdict;    // empty: nothing is known of the time
  std::optional<IncidentRecord> incident;  // plain text too
  std::vector<ReportWindow> windows;       // in time order
  std::vector<ReportMinute> minutes;
  std::size_t near_ttl = 0;  // of the hops in `minutes`; 0: none
  std::size_t far_ttl = 0;
  std::vector<ReportFlow> flows;  // empty: not kept
  std::optional<Counts> forward;  // of a reflector; empty: not measured
  std::optional<Counts> backward;
  std::vector<ReportFinding> findings;
  std::vector<ReportChange> changes;
  std::optional<ReportClock> clock;
  std::string method;
  std::vector<ReportContact> contacts;
};

/// For people, with tables as mtr has them. 110 columns wide at most where names are not longer.
std::string ReportText(const Report& report);

/// By docs/report.schema.json, ending in a line feed.
std::string ReportJson(const Report& report);

/// The table alone, as `mtr --report` prints it with a column of owners and one of classes.
std::string MtrTable(const ReportWindow& window, std::string_view source);

}  // namespace pathwitness
