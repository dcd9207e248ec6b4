#include "diagnosis/latency_blame.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace pathwitness {
namespace {

constexpr double kSmallestShift = 2;     // milliseconds
constexpr double kSmallestShare = 0.1;   // of the median before
constexpr double kStrayDeviation = 0.5;  // milliseconds that any median moves
constexpr double kMayBeBusy = 0.2;       // that a hop takes its time to answer
constexpr double kBusiest = 100;         // milliseconds
constexpr std::size_t kShifts = 41;
constexpr double kSmallestFactor = 0.4;  // of the destination's shift
constexpr double kLargestFactor = 1.4;

double NormalDensity(double distance, double deviation) {
  const double z = distance / deviation;
  return std::exp(-z * z / 2) / (deviation * std::sqrt(2 * std::numbers::pi));
}

double NormalBelow(double distance, double deviation) {
  return std::erfc(-distance / deviation / std::numbers::sqrt2) / 2;
}

// How well a path that is `expected` later explains the hop: its packets are that late, or it is
// busy and answers up to kBusiest later still.
double LogExplained(const HopShift& hop, double expected) {
  const double deviation = std::hypot(hop.standard_error, kStrayDeviation);
  const double distance = hop.shift - expected;
  const double busy =
      (NormalBelow(distance, deviation) - NormalBelow(distance - kBusiest, deviation)) / kBusiest;
  const double density = (1 - kMayBeBusy) * NormalDensity(distance, deviation) + kMayBeBusy * busy;
  return std::log(std::max(density, std::numeric_limits<double>::min()));
}

LatencyState Gate(const LatencyEvidence& evidence) {
  if (evidence.hops.empty() || !evidence.hops.back()) {
    return LatencyState::Undecided;
  }
  const HopShift& destination = *evidence.hops.back();
  const double floor = SmallestShift(evidence.reference_median);
  const double half = kZ95 * destination.standard_error;
  if (destination.shift - half > floor) {
    return LatencyState::Latency;
  }
  return destination.shift + half <= floor ? LatencyState::None : LatencyState::Undecided;
}

std::size_t Candidate(const std::vector<std::optional<HopShift>>& hops) {
  const double half = hops.back()->shift / 2;
  std::size_t candidate = hops.size();
  for (std::size_t i = hops.size(); i-- > 0;) {
    if (hops[i] && hops[i]->shift < half) {
      break;
    }
    candidate = hops[i] ? i + 1 : candidate;
  }
  return candidate;
}

LinkPosterior WeighShift(const std::vector<std::optional<HopShift>>& hops) {
  std::array<double, kShifts> log_behind{};
  double log_before = 0;
  for (const auto& hop : hops) {
    log_before += hop ? LogExplained(*hop, 0) : 0;
  }
  const double log_none = log_before;
  std::vector<double> log_links(hops.size());
  for (std::size_t k = hops.size(); k-- > 0;) {
    log_before -= hops[k] ? LogExplained(*hops[k], 0) : 0;
    std::array<double, kShifts> log_shifts{};
    for (std::size_t i = 0; i < kShifts; ++i) {
      const double factor = kSmallestFactor + (kLargestFactor - kSmallestFactor) *
                                                  static_cast<double>(i) / (kShifts - 1);
      log_behind[i] += hops[k] ? LogExplained(*hops[k], factor * hops.back()->shift) : 0;
      log_shifts[i] = log_before + log_behind[i];
    }
    log_links[k] = LogSumExp(log_shifts) - std::log(static_cast<double>(kShifts));
  }
  return WeighLinks(log_none, log_links);
}

}  // namespace

HopShift ShiftOf(const MedianEstimate& now, const MedianEstimate& before) {
  return {.shift = now.median - before.median,
          .standard_error = std::hypot(now.StandardError(), before.StandardError())};
}

double SmallestShift(double reference_median) {
  return std::max(kSmallestShift, kSmallestShare * reference_median);
}

LatencyBlame BlameLatency(const LatencyEvidence& evidence) {
  LatencyBlame blame{.state = Gate(evidence), .candidate = 0, .posterior = {}};
  if (blame.state == LatencyState::Latency) {
    blame.candidate = Candidate(evidence.hops);
    blame.posterior = WeighShift(evidence.hops);
  }
  return blame;
}

std::string_view LatencyKindName(LatencyKind kind) {
  switch (kind) {
    case LatencyKind::Unknown:
      return "unknown";
    case LatencyKind::Queueing:
      return "queueing";
    case LatencyKind::Path:
      return "path";
    case LatencyKind::Server:
      return "server";
    case LatencyKind::Prober:
      return "prober";
  }
  return "";
}

LatencyKind KindOf(const LatencySigns& signs) {
  if (signs.are_all_targets_late) {
    return LatencyKind::Prober;
  }
  if (!signs.shift_median) {
    return LatencyKind::Unknown;
  }
  if (*signs.shift_median < kSmallestShift) {
    return signs.service_shift.value_or(0) >= kSmallestShift ? LatencyKind::Server
                                                             : LatencyKind::Unknown;
  }
  if (signs.has_route_changed) {
    return LatencyKind::Path;
  }
  if (!signs.shift_p10) {
    return LatencyKind::Unknown;
  }
  return *signs.shift_p10 >= *signs.shift_median / 2 ? LatencyKind::Path : LatencyKind::Queueing;
}

}  // namespace pathwitness
