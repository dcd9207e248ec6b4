#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "exporter/cli/history_source.h"

namespace pathwitness {

/// What `pathwitness export` was told.
struct ExportWords {
  HistoryWords history;  // an empty target: all of them
  std::string from;
  std::string to = "now";
  std::vector<std::string> labels;  // "name=value"
};

/// Prints the history of a time as OpenMetrics. Returns 0. Errors: CommandError, ConfigError.
int RunExport(const ExportWords& words, WallTime now, std::ostream& out);

}  // namespace pathwitness
