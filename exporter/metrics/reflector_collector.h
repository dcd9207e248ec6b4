#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

#include "probes/reflect/reflector_snapshot.h"

namespace pathwitness {

/// What this process reflects for others; no families when it does not.
class ReflectorCollector final : public prometheus::Collectable {
 public:
  /// `reflector` may be null.
  explicit ReflectorCollector(ReflectorBoard::Pointer reflector);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  ReflectorBoard::Pointer reflector_;
};

}  // namespace pathwitness
