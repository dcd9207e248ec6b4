#pragma once

#include <memory>
#include <vector>

#include "exporter/metrics/page_writer.h"
#include "probes/base/prober_status.h"
#include "probes/base/time.h"

namespace pathwitness {

/// The status inside a snapshot, which it keeps alive.
using StatusPointer = std::shared_ptr<const ProberStatus>;

template <typename Snapshot>
void AppendStatuses(const std::vector<std::shared_ptr<const Snapshot>>& snapshots,
                    std::vector<StatusPointer>& statuses) {
  for (const auto& snapshot : snapshots) {
    statuses.push_back(StatusPointer(snapshot, &snapshot->status));
  }
}

/// The pulse of the probers, of every kind.
class ProberCollector {
 public:
  ProberCollector(std::vector<StatusPointer> statuses, WallTime now);
  void Write(PageWriter& page) const;

 private:
  std::vector<StatusPointer> statuses_;
  WallTime now_;
};

}  // namespace pathwitness
