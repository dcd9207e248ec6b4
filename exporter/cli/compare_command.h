#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "exporter/cli/history_source.h"
#include "exporter/evidence/comparison.h"

namespace pathwitness {

/// What `pathwitness compare` was told.
struct CompareWords {
  HistoryWords history;
  std::vector<std::string> at;
  std::string length = "5m";
  bool as_json = false;
};

inline constexpr std::size_t kMostMoments = 4;

/// Prints the path at those moments side by side. Returns 0 when at least two of them are known.
/// Errors: CommandError, ConfigError.
int RunCompare(const CompareWords& words, WallTime now, const TextStyle& style, std::ostream& out);

/// How text looks on standard output: as wide as the terminal, with colours unless NO_COLOR is set;
/// plain where nobody sits behind it.
TextStyle StandardOutputStyle();

}  // namespace pathwitness
