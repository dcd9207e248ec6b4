#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "probes/base/time.h"
#include "probes/https/https_snapshot.h"

namespace pathwitness {

/// What the HTTPS probers saw.
class HttpsCollector final : public prometheus::Collectable {
 public:
  HttpsCollector(std::vector<HttpsBoard::Pointer> snapshots, WallTime now);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::vector<HttpsBoard::Pointer> snapshots_;
  WallTime now_;
};

}  // namespace pathwitness
