#pragma once

#include <vector>

#include "exporter/metrics/page_writer.h"
#include "probes/dns/dns_snapshot.h"
#include "probes/dns/ptr_snapshot.h"

namespace pathwitness {

/// What is known of the targets' names, and of those of routers.
class DnsCollector {
 public:
  /// `names` may be null.
  DnsCollector(std::vector<DnsBoard::Pointer> snapshots, PtrBoard::Pointer names);
  void Write(PageWriter& page) const;

 private:
  std::vector<DnsBoard::Pointer> snapshots_;
  PtrBoard::Pointer names_;
};

}  // namespace pathwitness
