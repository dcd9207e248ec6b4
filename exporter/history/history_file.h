#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "exporter/history/history_codec.h"
#include "exporter/history/history_values.h"
#include "exporter/history/sqlite.h"

namespace pathwitness {

/// What became known of one prober since the flush before, on its way to disk.
struct HistoryRow {
  ProberKey prober;
  std::vector<std::shared_ptr<const Route>> routes;
  std::string stats;  // see EncodeStats
};

/// All that one flush writes.
struct HistoryBatch {
  WallTime start;  // of the fine bucket that all rows belong to
  std::vector<HistoryRow> rows;
  std::vector<RouteChangeRecord> route_changes;
  std::vector<ResponderFacts> responders;  // those that are new or changed
  std::vector<IncidentRecord> incidents;   // those that are new or changed; without follow-ups
};

/// How much is kept of what.
struct HistoryLimits {
  Duration fine = std::chrono::hours(2);
  Duration coarse = std::chrono::days(14);
  Duration incidents = std::chrono::days(90);
  std::uint64_t max_bytes = std::uint64_t{4} << 30U;
  std::int64_t rows_at_once = 100'000;  // of each kind of bucket, that one turn lets go

  bool operator==(const HistoryLimits&) const = default;
};

/// What is on disk.
struct HistoryExtent {
  std::uint64_t bytes = 0;       // of the file, what is free in it left out
  std::uint64_t disk_bytes = 0;  // of all its files
  std::optional<WallTime> oldest_fine;
  std::optional<WallTime> oldest_coarse;
};

/// The open file of a history, for the one who writes. See HistoryStore, which deals with failures:
/// here the first one stays in Database(), and whoever sees one is done with this file.
class HistoryFile {
 public:
  explicit HistoryFile(const std::filesystem::path& path);
  ~HistoryFile();
  HistoryFile(const HistoryFile&) = delete;
  HistoryFile& operator=(const HistoryFile&) = delete;

  void Write(const HistoryBatch& batch);

  /// Makes coarse buckets of every minute but that of `now`. Rows that make no sense are left out;
  /// returns how many.
  std::uint64_t RollUp(WallTime now);

  /// Lets go the fine buckets that are too old and in no incident, and the coarse ones.
  void Thin(const HistoryLimits& limits, WallTime now);

  /// Lets go incidents that are too old, and what nothing refers to any more.
  void Forget(const HistoryLimits& limits, WallTime now);

  /// Lets go the oldest buckets, whatever they are, while more than `max_bytes` are kept.
  void Shrink(const HistoryLimits& limits);

  FollowUpOutcome AddFollowUp(const std::string& incident, const FollowUp& follow_up);
  void CloseOrphans(const std::vector<std::string>& open);

  HistoryExtent Extent();
  SqliteDatabase& Database() { return database_; }

 private:
  struct Statements;
  struct KnownProber {
    std::int64_t id = 0;
    std::int64_t used = 0;  // seconds, as in the file
  };
  struct KnownRoute {
    std::shared_ptr<const Route> route;  // keeps the address that it is known by
    std::int64_t id = 0;
    std::int64_t used = 0;
  };

  std::int64_t NextFlush();
  std::int64_t IdOf(const ProberKey& prober, std::int64_t now);
  std::int64_t IdOf(const std::shared_ptr<const Route>& route, std::int64_t prober,
                    std::int64_t now);
  void WriteRow(const HistoryRow& row, std::int64_t start, std::int64_t flush);
  void Write(const RouteChangeRecord& change, std::int64_t now);
  void Write(const ResponderFacts& facts);
  void Write(const IncidentRecord& incident);
  std::uint64_t RollUpMinute(std::int64_t minute);
  void ThinBetween(std::int64_t from, std::int64_t until);
  void ForgetIncidents(std::int64_t before_ms);
  void ForgetUnreferenced();
  std::optional<std::int64_t> Oldest(const char* table);
  std::int64_t EndOfTurn(std::string_view table, std::int64_t from, std::int64_t horizon,
                         std::int64_t most_rows);

  std::filesystem::path path_;
  SqliteDatabase database_;
  std::unique_ptr<Statements> statements_;  // null when the file could not be brought up to date
  std::map<ProberKey, KnownProber> probers_;
  std::unordered_map<const Route*, KnownRoute> routes_;
};

}  // namespace pathwitness
