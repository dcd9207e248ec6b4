#include "exporter/metrics/history_collector.h"

#include <optional>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

MetricFamily OldestBuckets(const HistoryExtent& extent) {
  MetricFamily family = NewFamily(kHistoryOldest);
  const auto add = [&family](const char* resolution, const std::optional<WallTime>& oldest) {
    if (oldest) {
      AddSample(family, {{"resolution", resolution}}, ToUnixSeconds(*oldest));
    }
  };
  add("fine", extent.oldest_fine);
  add("coarse", extent.oldest_coarse);
  return family;
}

}  // namespace

HistoryCollector::HistoryCollector(HistoryBoard::Pointer history) : history_(std::move(history)) {}

std::vector<MetricFamily> HistoryCollector::Collect() const {
  if (history_ == nullptr) {
    return {};
  }
  const HistorySnapshot& history = *history_;
  MetricFamily failures = NewFamily(kHistoryFailures);
  AddEach(failures, {}, "reason", kHistoryFailureNames, history.failures);
  return {OneSample(kHistoryFlushes, {}, history.flushes),
          OneSample(kHistoryLastFlush, {}, ToUnixSeconds(history.last_flush)),
          std::move(failures),
          OneSample(kHistoryPending, {}, history.pending),
          OneSample(kHistoryRows, {}, history.rows),
          OneSample(kHistoryRowsDropped, {}, history.rows_dropped),
          OneSample(kHistoryRowsDamaged, {}, history.damaged),
          OneSample(kHistoryRoundsMissed, {}, history.rounds_missed),
          OneSample(kHistoryFilesSetAside, {}, history.set_aside),
          OneSample(kHistoryBytes, {}, history.extent.bytes),
          OneSample(kHistoryDiskBytes, {}, history.extent.disk_bytes),
          OldestBuckets(history.extent)};
}

}  // namespace pathwitness
