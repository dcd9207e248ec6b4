#include "exporter/metrics/process_collector.h"

#include <optional>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {

using prometheus::MetricFamily;

ProcessCollector::ProcessCollector(const ProcessFacts& facts) : facts_(facts) {}

std::vector<MetricFamily> ProcessCollector::Collect() const {
  const std::array<std::pair<Metric, std::optional<double>>, 6> known{{
      {kProcessCpu, facts_.cpu_seconds},
      {kProcessResidentMemory, facts_.resident_bytes},
      {kProcessVirtualMemory, facts_.virtual_bytes},
      {kProcessOpenFds, facts_.open_fds},
      {kProcessMaxFds, facts_.max_fds},
      {kProcessStartTime, facts_.start_time},
  }};
  std::vector<MetricFamily> families;
  for (const auto& [metric, value] : known) {
    if (value) {
      families.push_back(OneSample(metric, {}, *value));
    }
  }
  return families;
}

}  // namespace pathwitness
