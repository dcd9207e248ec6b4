#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/load.h"
#include "exporter/history/history_reader.h"

namespace pathwitness {

/// Why a command cannot do what it is told, in one line that names the remedy.
class CommandError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where a command finds what was measured, and of what it is to tell.
struct HistoryWords {
  std::string config_file = "config/default.yaml";
  std::string environment = std::string(kDefaultEnvironment);
  std::string directory;  // empty: that of the configuration
  std::string target;
  std::string prober;  // empty: the first of the target's traces
  std::string family;  // empty: the first that there is
};

/// The history of a running exporter, or of one that ran, read from its files.
class HistorySource {
 public:
  /// With a directory the configuration may be missing or wrong: it is then done without.
  /// Errors: ConfigError; CommandError when the configuration keeps no history.
  HistorySource(const HistoryWords& words, WallTime now);

  HistoryReader& Reader() { return *reader_; }
  const Config* Settings() const { return config_ ? &*config_ : nullptr; }

  /// The trace prober that is meant. Errors: CommandError, with the nearest name.
  ProberKey FindTrace(const HistoryWords& words);

  /// Throws CommandError when the last question could not be answered.
  void RequireReadable() const;

  /// "known is 2026-01-31 15:00:00 UTC to ...", or that nothing is.
  std::string KnownSpan();

 private:
  std::optional<Config> config_;
  std::string directory_;
  std::unique_ptr<HistoryReader> reader_;
};

/// Errors: CommandError that quotes it.
WallTime RequireMoment(const std::string& text, WallTime now);

}  // namespace pathwitness
