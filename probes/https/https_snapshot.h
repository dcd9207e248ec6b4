#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/base/histogram.h"
#include "probes/base/prober_status.h"
#include "probes/base/snapshot_board.h"
#include "probes/http/http_client.h"

namespace pathwitness {

/// Sum and count of one phase since the prober's start; a phase that was not reached is not
/// observed.
struct PhaseTotals {
  double sum = 0;  // seconds
  std::uint64_t count = 0;
  std::optional<double> last;  // seconds, of the last request; absent when it was not reached
};

/// What one HTTPS prober knows.
struct HttpsSnapshot {
  ProberStatus status;

  std::uint64_t requests = 0;
  std::array<std::uint64_t, kHttpFailureNames.size()> failures{};
  std::map<int, std::uint64_t> responses;  // by status code
  Histogram durations;                     // whole request, seconds, of every request
  std::array<PhaseTotals, kHttpPhaseNames.size()> phases{};
  std::uint64_t tcp_retransmits = 0;

  std::optional<HttpResult> last;  // the body is not kept
};

using HttpsBoard = SnapshotBoard<ProberKey, HttpsSnapshot>;

}  // namespace pathwitness
