#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "exporter/history/history_values.h"

namespace pathwitness {

enum class Resolution : std::uint8_t {
  Fine,    // 10 s, where they are still kept; a minute otherwise
  Coarse,  // a minute
  Best,    // fine up to an hour, coarse beyond
};

/// Which times the history knows anything of.
struct HistorySpan {
  std::optional<WallTime> oldest_fine;
  std::optional<WallTime> oldest_coarse;
  std::optional<WallTime> newest;
};

/// Reads what a running exporter, or one that ran, keeps in its history.
///
/// Belongs to one thread; any number may read beside each other and beside the exporter that
/// writes, also in other processes. Making one is cheap (a file is opened at the first question),
/// so that each request can have its own. Nothing throws: what cannot be read is empty, and Failure
/// says why. Times are [from, to).
class HistoryReader {
 public:
  /// `directory`: see HistoryDirectory.
  explicit HistoryReader(const std::filesystem::path& directory);
  ~HistoryReader();
  HistoryReader(const HistoryReader&) = delete;
  HistoryReader& operator=(const HistoryReader&) = delete;

  /// Of the last question; empty: it was answered, if only by nothing.
  std::optional<HistoryFailure> Failure() const;

  HistorySpan Span();

  /// All that anything was ever kept of and still is, in order.
  std::vector<ProberKey> Probers();

  /// In time order. A bucket that is missing: nothing became known then, as nobody probed. Empty
  /// for a prober that is no trace.
  std::vector<TraceBucket> Traces(const ProberKey& prober, WallTime from, WallTime to,
                                  Resolution resolution = Resolution::Best);
  std::vector<HttpsBucket> Https(const ProberKey& prober, WallTime from, WallTime to,
                                 Resolution resolution = Resolution::Best);

  std::vector<OneWayBucket> OneWay(const ProberKey& prober, WallTime from, WallTime to,
                                   Resolution resolution = Resolution::Best);

  /// All of a time in one, as for a table in mtr's layout. Empty when nothing is known.
  std::optional<TraceStats> TraceBetween(const ProberKey& prober, WallTime from, WallTime to);
  std::optional<HttpsStats> HttpsBetween(const ProberKey& prober, WallTime from, WallTime to);
  std::optional<OneWayStats> OneWayBetween(const ProberKey& prober, WallTime from, WallTime to);

  /// The routes of the flows at a time: those of the minute before it, or of the newest bucket of
  /// the hour before it. Empty when nothing is known.
  std::vector<std::shared_ptr<const Route>> RoutesAt(const ProberKey& prober, WallTime at);

  /// In time order.
  std::vector<RouteChangeRecord> RouteChanges(const ProberKey& prober, WallTime from, WallTime to);

  /// What was known of an address at a time, or else first after it.
  std::optional<ResponderFacts> Responder(const IpAddress& address, WallTime at);

  /// Those that were open at any time in it, in the order in which they opened.
  std::vector<IncidentRecord> Incidents(WallTime from, WallTime to);
  std::vector<IncidentRecord> OpenIncidents();
  std::optional<IncidentRecord> Incident(const std::string& id);

  /// Buckets that were read but could not be understood, so far: damage that SQLite did not see.
  std::uint64_t Damaged() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Where the history of a configuration is.
std::filesystem::path HistoryDirectory(const HistoryConfig& history,
                                       const std::string& state_directory);

}  // namespace pathwitness
