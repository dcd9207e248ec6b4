#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "exporter/history/history_file.h"
#include "exporter/history/history_values.h"
#include "probes/base/snapshot_board.h"
#include "probes/base/time.h"

namespace pathwitness {

/// How the history is doing.
struct HistorySnapshot {
  std::uint64_t flushes = 0;                                          // written
  std::array<std::uint64_t, kHistoryFailureNames.size()> failures{};  // attempts, by reason
  std::uint64_t rows = 0;                                             // fine buckets written
  std::uint64_t rows_dropped = 0;  // given up, as the disk could not be written for too long
  std::uint64_t rounds_missed = 0;
  std::uint64_t damaged = 0;              // rows that made no sense when they were read again
  std::uint64_t set_aside = 0;            // damaged files
  std::uint64_t pending = 0;              // flushes that wait for the disk
  std::optional<HistoryFailure> failure;  // of the newest attempt
  WallTime last_flush;                    // written; the start before the first
  HistoryExtent extent;                   // looked at once a minute
};

using HistoryBoard = SnapshotBoard<int, HistorySnapshot>;  // one entry, key 0; none: not kept

}  // namespace pathwitness
