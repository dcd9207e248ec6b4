#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "exporter/history/history_snapshot.h"

namespace pathwitness {

/// What is kept on disk of what was measured, and whether it can be written.
class HistoryCollector final : public prometheus::Collectable {
 public:
  /// Null: nothing is kept, and nothing is shown.
  explicit HistoryCollector(HistoryBoard::Pointer history);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  HistoryBoard::Pointer history_;
};

}  // namespace pathwitness
