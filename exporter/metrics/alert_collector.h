#pragma once

#include <prometheus/collectable.h>

#include <memory>
#include <vector>

#include "config/config.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What the configuration changes about alerts; the alert rules read it from Prometheus.
class AlertCollector final : public prometheus::Collectable {
 public:
  /// `now` decides which overrides are in force.
  AlertCollector(std::shared_ptr<const Config> config, WallTime now);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::shared_ptr<const Config> config_;
  WallTime now_;
};

}  // namespace pathwitness
