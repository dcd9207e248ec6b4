#pragma once

#include <iosfwd>
#include <string>

#include "exporter/cli/history_source.h"

namespace pathwitness {

/// What `pathwitness evidence` was told.
struct EvidenceWords {
  HistoryWords history;
  std::string from;
  std::string to = "now";
  std::string output;  // a folder; empty: standard output
  bool is_redacted = false;
  bool as_json = false;  // on standard output
};

/// Makes a report of a time and prints it, or writes it as text and JSON with its checksums.
/// Returns 0. Errors: CommandError, ConfigError.
int RunEvidence(const EvidenceWords& words, WallTime now, std::ostream& out);

}  // namespace pathwitness
