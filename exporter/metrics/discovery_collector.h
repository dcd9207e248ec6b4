#pragma once

#include <prometheus/collectable.h>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "exporter/discovery/discovery_snapshot.h"

namespace pathwitness {

/// The sources of discovered targets.
class DiscoveryCollector final : public prometheus::Collectable {
 public:
  /// `refused`: how many targets of a source are not in force; none for sources not in it.
  DiscoveryCollector(std::vector<DiscoveryBoard::Pointer> snapshots,
                     std::map<std::string, std::size_t> refused);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::vector<DiscoveryBoard::Pointer> snapshots_;
  std::map<std::string, std::size_t> refused_;
};

}  // namespace pathwitness
