#pragma once

#include <filesystem>
#include <memory>
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

/// Where a value was written.
struct Origin {
  std::string file;  // empty: built-in
  int line = 0;

  bool operator==(const Origin&) const = default;
};

/// One value as it is in force. A target has those that it does not take from `defaults`.
struct ShownValue {
  std::string key;   // dotted, targets by name: "targets[here-to-x].trace.interval"
  std::string text;  // as YAML, in canonical form; "<secret>" in place of a secret
  Origin origin;

  bool operator==(const ShownValue&) const = default;
};

struct LoadedConfig {
  Config config;
  std::vector<ShownValue> values;            // in the order of ShowConfig
  std::vector<std::filesystem::path> files;  // all that were read, in the order of their layers
};

/// The environment that lays no file over the default one.
inline constexpr std::string_view kDefaultEnvironment = "default";

/// Reads and checks a configuration in layers: built-in values, `file`, targets.d/*.yaml beside
/// it, environments/<environment>.yaml beside it. docs/configuration.md says how they merge.
/// Relative paths in any of them start at the folder of `file`. `now` bounds how far ahead an alert
/// may be disabled. The packet budget must do for the targets of `shard`. Every file is read once,
/// so that what is checked is what is used.
///
/// Errors: ConfigError as of LoadConfig; an unknown environment names those that exist.
LoadedConfig LoadLayers(const std::filesystem::path& file, const std::string& environment,
                        WallTime now, const Shard& shard = {});

/// The environments that LoadLayers knows, sorted, kDefaultEnvironment among them.
std::vector<std::string> KnownEnvironments(const std::filesystem::path& file);

/// The merged configuration as YAML that can be loaded again (but for masked secrets), every value
/// with a comment that says where it comes from.
std::string ShowConfig(const LoadedConfig& loaded);

/// LoadLayers of the default environment, today.
///
/// Reads and checks a configuration. Relative paths in it start at the file's folder.
///
/// Errors: ConfigError with every problem: unreadable file, bad YAML, unknown or duplicate key,
/// wrong unit, leftover `${X}` or `@@X@@`, and all of CheckConfig's and CheckFiles'.
Config LoadConfig(const std::filesystem::path& file);

/// The same for text in memory; `name` stands for the file in problems. What it refers to is not
/// opened, so that it can be fuzzed. `now` is that of LoadLayers; without it every expiry is near
/// enough.
Config ParseConfig(std::string_view yaml, const std::string& name, WallTime now = WallTime::max());

/// Every key that a configuration may have, as "targets[].trace.port"; names that users choose
/// (labels, headers) are not among them.
std::set<std::string> KnownConfigKeys();

/// Rules that span keys: timeout below interval, planned packet rate within the budget, at most
/// one source address a family... Pure. Problems carry keys; the loader adds file and line.
std::vector<ConfigProblem> CheckConfig(const Config& config);

/// Each override is about a known alert, tier and target, once. Pure; part of CheckConfig.
std::vector<ConfigProblem> CheckAlertOverrides(const Config& config);

/// Each prefix has one owner and one exchange, each AS one name, and what a target expects on its
/// path is one of these or an AS. Pure; part of CheckConfig.
std::vector<ConfigProblem> CheckOwners(const Config& config);

/// Where reports are kept and uploaded makes sense. Pure; part of CheckConfig.
std::vector<ConfigProblem> CheckArchive(const Config& config);

/// An alert may be disabled for 90 days from `now` at most. Pure. Problems carry keys.
std::vector<ConfigProblem> CheckExpiries(const Config& config, WallTime now);

/// Rules about the machine: certificate, CA, password and token files exist, are files and can be
/// read; the folder of alert rules is there when it is needed. Problems carry keys.
std::vector<ConfigProblem> CheckFiles(const Config& config);

/// The key of `pulse` that chooses a kind, as in "http_header"; empty for None.
std::string_view PulseKindKey(PulseKind kind);

/// Packets per second that the configuration plans at `hops` hops per path.
double PlannedPacketRate(const Config& config, unsigned hops = 15);

/// `config` with only the targets that its shard watches; itself when that is all.
std::shared_ptr<const Config> TakeShare(std::shared_ptr<const Config> config);

}  // namespace pathwitness
