#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <system_error>

#include "probes/base/event_log.h"
#include "probes/base/time.h"

namespace pathwitness {

/// The last pushed beat of each name, kept in `<directory>/heartbeats.json` across restarts.
///
/// Where the file cannot be written, beats still count in memory, and the log says so once.
class HeartbeatStore {
 public:
  /// Reads what a predecessor kept. A file that makes no sense is renamed to
  /// `heartbeats.json.corrupt-<Unix time>` and logged. The log must outlive the store.
  HeartbeatStore(std::filesystem::path directory, WallTime now, EventLog& log);

  /// Unix seconds; empty when there was none ever.
  std::optional<double> Last(const std::string& name) const;

  /// Notes a beat in memory. It counts even when it is older than the last one: then the clock was
  /// wrong, and is right now.
  void Beat(const std::string& name, double unix_seconds);

  /// Writes beats that are not yet on disk; the file is the old or the new one whatever happens.
  /// Errors: the system's; the beats stay due for the next call.
  std::error_code Flush();

  bool IsDirty() const { return is_dirty_; }
  const std::filesystem::path& Directory() const { return directory_; }

 private:
  void Load(WallTime now);

  std::filesystem::path directory_;
  EventLog& log_;
  std::map<std::string, double> beats_;
  bool is_dirty_ = false;
  bool is_failing_ = false;
};

}  // namespace pathwitness
