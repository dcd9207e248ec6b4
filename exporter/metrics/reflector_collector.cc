#include "exporter/metrics/reflector_collector.h"

#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {

ReflectorCollector::ReflectorCollector(ReflectorBoard::Pointer reflector)
    : reflector_(std::move(reflector)) {}

std::vector<prometheus::MetricFamily> ReflectorCollector::Collect() const {
  if (reflector_ == nullptr) {
    return {};
  }
  prometheus::MetricFamily refused = NewFamily(kReflectorRefused);
  AddEach(refused, {}, "reason", kReflectRefusalNames, reflector_->refused);
  return {OneSample(kReflectorAnswers, {}, reflector_->answers), std::move(refused),
          OneSample(kReflectorSessions, {}, reflector_->sessions)};
}

}  // namespace pathwitness
