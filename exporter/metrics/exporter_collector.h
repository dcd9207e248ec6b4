#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "exporter/metrics/exporter_facts.h"

namespace pathwitness {

/// The program, its configuration and its log.
class ExporterCollector final : public prometheus::Collectable {
 public:
  explicit ExporterCollector(ExporterFacts facts);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  ExporterFacts facts_;
};

}  // namespace pathwitness
