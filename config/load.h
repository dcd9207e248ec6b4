#pragma once

#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace pathwitness {

/// One thing wrong in a configuration, placed as precisely as is known.
struct ConfigProblem {
  std::string file;
  int line = 0;      // from 1; 0: concerns the whole file
  int column = 0;    // from 1; 0: unknown
  std::string key;   // dotted path, as in "targets[3].trace.interval"; may be empty
  std::string what;  // what is wrong and what is allowed

  /// "file:line:column: key: what", without the parts that are unknown.
  std::string ToString() const;
  bool operator==(const ConfigProblem&) const = default;
};

/// Carries *all* problems found; what() joins their lines.
class ConfigError : public std::runtime_error {
 public:
  explicit ConfigError(std::vector<ConfigProblem> problems);
  const std::vector<ConfigProblem>& Problems() const { return problems_; }

 private:
  std::vector<ConfigProblem> problems_;
};

/// Reads and checks a configuration. Relative paths in it start at the file's folder.
///
/// Errors: ConfigError with every problem: unreadable file, bad YAML, unknown or duplicate key,
/// wrong unit, leftover `${X}` or `@@X@@`, and all of CheckConfig's and CheckFiles'.
Config LoadConfig(const std::filesystem::path& file);

/// The same for text in memory; `name` stands for the file in problems. What it refers to is not
/// opened, so that it can be fuzzed.
Config ParseConfig(std::string_view yaml, const std::string& name);

/// Every key that a configuration may have, as "targets[].trace.port"; names that users choose
/// (labels, headers) are not among them.
std::set<std::string> KnownConfigKeys();

/// Rules that span keys: timeout below interval, planned packet rate within the budget, at most
/// one source address a family... Pure. Problems carry keys; the loader adds file and line.
std::vector<ConfigProblem> CheckConfig(const Config& config);

/// Rules about the machine: certificate, CA, password and token files exist, are files and can be
/// read. Problems carry keys.
std::vector<ConfigProblem> CheckFiles(const Config& config);

/// The key of `pulse` that chooses a kind, as in "http_header"; empty for None.
std::string_view PulseKindKey(PulseKind kind);

/// Packets per second that the configuration plans at `hops` hops per path.
double PlannedPacketRate(const Config& config, unsigned hops = 15);

}  // namespace pathwitness
