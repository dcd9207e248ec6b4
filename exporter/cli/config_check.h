#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/shard.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What a review of one environment's configuration has to say.
struct ConfigReview {
  std::vector<ConfigProblem> problems;  // not empty: the configuration should not be shipped
  std::vector<std::string> warnings;    // a line each; worth a thought
  std::string summary;                  // one line; empty when the configuration does not load
};

/// Loads and reviews as `shard` would. Stricter than a start: an alert override that has expired is
/// a problem here, so that it is removed or renewed before the next release and not forgotten.
///
/// Never throws for what is wrong with the configuration: that is its answer.
ConfigReview ReviewConfig(const std::filesystem::path& file, const std::string& environment,
                          WallTime now, const Shard& shard = {});

/// "1 target", "2 targets".
std::string Counted(std::size_t count, std::string_view what);

}  // namespace pathwitness
