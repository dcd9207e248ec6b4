#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "config/config.h"
#include "config/load.h"
#include "probes/base/snapshot_board.h"
#include "probes/base/time.h"

namespace pathwitness {

/// The configuration that everything works by, and how it came about. Replaced as a whole by the
/// main thread, read by any; under the key 0.
struct ConfigInForce {
  std::shared_ptr<const LoadedConfig> loaded;  // as the files say
  std::shared_ptr<const Config> config;        // with the targets that were discovered
  std::vector<ConfigProblem> refused;          // of discovered targets, why they are not in it
  bool is_last_reload_successful = true;
  WallTime last_successful_reload;
};

using ConfigBoard = SnapshotBoard<std::uint8_t, ConfigInForce>;

}  // namespace pathwitness
