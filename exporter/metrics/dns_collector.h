#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "probes/dns/dns_snapshot.h"
#include "probes/dns/ptr_snapshot.h"

namespace pathwitness {

/// What is known of the targets' names, and of those of routers.
class DnsCollector final : public prometheus::Collectable {
 public:
  /// `names` may be null.
  DnsCollector(std::vector<DnsBoard::Pointer> snapshots, PtrBoard::Pointer names);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::vector<DnsBoard::Pointer> snapshots_;
  PtrBoard::Pointer names_;
};

}  // namespace pathwitness
