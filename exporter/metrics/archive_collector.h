#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "exporter/archive/archive_snapshot.h"
#include "exporter/archive/upload_snapshot.h"

namespace pathwitness {

/// The reports that are kept on this machine, and how their uploads go.
class ArchiveCollector final : public prometheus::Collectable {
 public:
  /// Either may be null: then its families have no samples.
  ArchiveCollector(ArchiveBoard::Pointer archive, UploadBoard::Pointer upload);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  ArchiveBoard::Pointer archive_;
  UploadBoard::Pointer upload_;
};

}  // namespace pathwitness
