#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/load.h"
#include "exporter/discovery/discovery_snapshot.h"

namespace pathwitness {

/// `base` with the targets that its sources gave, behind its own.
///
/// A discovered target must meet all rules of CheckConfig. It is refused as a whole when it does
/// not, when its name is taken by a target of `base` or of an earlier source, or when it does not
/// fit the packet budget any more; the others go on. `refused` gets one problem for each: file is
/// the source, line that of the entry, key "targets[name]". Secrets are never among them.
///
/// Pure. Gives `base` itself when nothing was added. Pre: no pointer is null.
std::shared_ptr<const Config> WithDiscovered(const std::shared_ptr<const Config>& base,
                                             const std::vector<DiscoveryBoard::Pointer>& sources,
                                             std::vector<ConfigProblem>& refused);

/// True when both give the same targets, so that nothing needs to be merged anew. Cheap.
bool HaveSameTargets(const std::vector<DiscoveryBoard::Pointer>& left,
                     const std::vector<DiscoveryBoard::Pointer>& right);

/// How many targets of each source were refused; sources without any are not in it.
std::map<std::string, std::size_t> CountRefused(const std::vector<ConfigProblem>& refused);

}  // namespace pathwitness
