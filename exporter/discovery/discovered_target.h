#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/load.h"
#include "exporter/discovery/target_groups.h"

namespace pathwitness {

/// What an entry of a discovery document becomes.
///
/// `target` is `defaults` with the entry's host, port and URL, laid over by the `__pathwitness_*`
/// labels that docs/discovery.md lists; other labels that begin with `__` are not kept. `problems`
/// name what could not be read, with the label as key; the target is of no use then. Rules that
/// span keys are not checked here.
struct DiscoveredTarget {
  TargetConfig target;
  std::vector<ConfigProblem> problems;
};

/// Pure and cheap; nothing is looked up.
DiscoveredTarget MapTarget(const TargetConfig& defaults, const std::string& entry,
                           const std::map<std::string, std::string>& labels);

}  // namespace pathwitness
