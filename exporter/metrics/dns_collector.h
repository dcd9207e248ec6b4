#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "probes/dns/dns_snapshot.h"

namespace pathwitness {

/// What is known of the targets' names.
class DnsCollector final : public prometheus::Collectable {
 public:
  explicit DnsCollector(std::vector<DnsBoard::Pointer> snapshots);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::vector<DnsBoard::Pointer> snapshots_;
};

}  // namespace pathwitness
