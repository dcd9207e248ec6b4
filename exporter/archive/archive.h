#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "config/config.h"
#include "exporter/archive/archive_snapshot.h"
#include "exporter/archive/report_files.h"
#include "exporter/archive/report_name.h"
#include "exporter/archive/report_store.h"
#include "probes/base/event_log.h"
#include "probes/base/time.h"

namespace pathwitness {

/// The folder of a configuration's archive.
std::filesystem::path ArchiveFolder(const Config& config);

/// Reports on this disk: written whole or not at all, and removed, the oldest first, by age, total
/// size and free space. It removes only what manifests of its own name; whatever else is in its
/// folders stays. Throws nothing.
///
/// Single-threaded, and the only one that writes to its folder.
class Archive {
 public:
  struct Limits {
    Duration retention{};
    std::uint64_t max_bytes = 0;
    std::uint64_t min_free_bytes = 0;
    bool is_uploading = false;  // then each report has a ticket in the spool
  };

  /// Counters go on from those of `earlier`. Touches no disk.
  Archive(std::filesystem::path folder, const ArchiveSnapshot& earlier, const Clock& clock,
          EventLog& log);

  void SetLimits(const Limits& limits) { limits_ = limits; }
  const std::filesystem::path& Folder() const { return store_.Folder(); }

  /// Puts a report on disk, with its manifest; it is there when this returns its name.
  std::variant<ReportName, KeepFailure> Keep(const ReportFiles& report);

  /// Goes on counting what earlier runs left, and finishes or undoes what a crash cut off. Returns
  /// at `until`; false when there is more to look at.
  bool Explore(MonoTime until);

  /// Removes what is beyond the limits; returns at `until`, false when there is more to remove.
  /// Nothing before Explore is through, and nothing by age within an hour of a step of the wall
  /// clock: a wrong date must not cost all evidence. To be called every minute at least.
  bool Sweep(MonoTime until);

  ArchiveSnapshot Look() const;

 private:
  using Key = std::pair<WallTime, std::string>;  // of the report; its path

  std::variant<ReportName, KeepFailure> TryKeep(const ReportFiles& report);
  std::optional<ReportName> FreeName(const ReportFiles& report) const;
  bool MakeRoom(std::uint64_t bytes);
  std::optional<std::uint64_t> FreeBytes() const;
  void Count(const ReportName& name, std::uint64_t bytes);
  std::optional<RemovalReason> WhyRemoveOldest() const;
  void RemoveOldest(RemovalReason reason);
  void NoteOutcome(const std::variant<ReportName, KeepFailure>& outcome);
  void WatchClock();

  const ReportStore store_;
  Limits limits_;
  const Clock& clock_;
  EventLog& log_;

  std::map<Key, std::uint64_t> reports_;  // bytes of each, as blocks of the disk
  ArchiveSnapshot counted_;               // but for what Look adds
  std::optional<KeepFailure> failing_;    // since the last report

  bool is_exploring_ = false;
  std::deque<std::string> tickets_;             // still to be settled
  std::deque<std::filesystem::path> to_count_;  // folders of targets

  std::optional<std::pair<MonoTime, WallTime>> clock_seen_;
  MonoTime age_counts_from_{};  // until then nothing is removed by age
};

}  // namespace pathwitness
