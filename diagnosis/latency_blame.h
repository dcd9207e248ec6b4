#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "diagnosis/link_posterior.h"
#include "diagnosis/statistics.h"

namespace pathwitness {

/// By how much a hop's median round trip grew against its own past, in milliseconds.
struct HopShift {
  double shift = 0;
  double standard_error = 0;

  bool operator==(const HopShift&) const = default;
};

/// Now minus before. Each hop is compared with itself only: answers of two hops may come back two
/// ways, so what lies between their round trips is no link's delay.
HopShift ShiftOf(const MedianEstimate& now, const MedianEstimate& before);

/// The past that round trips are compared with.
enum class LatencyPast : std::uint8_t {
  HalfHour,    // just before
  Day,         // trailing
  HourOfWeek,  // of the weeks before
};

/// Element 0 is TTL 1, the last one is the destination; empty: the hop tells nothing.
struct LatencyEvidence {
  std::vector<std::optional<HopShift>> hops;
  double reference_median = 0;      // of the destination, before, in milliseconds
  std::optional<double> shift_p10;  // of the destination, as its median's shift; empty: unknown
  LatencyPast past = LatencyPast::HalfHour;
};

/// By how many milliseconds a median must grow at least to be called longer.
double SmallestShift(double reference_median);

enum class LatencyState : std::uint8_t { None, Latency, Undecided };

/// From which link on round trips are longer. Links as in LinkPosterior.
struct LatencyBlame {
  LatencyState state = LatencyState::Undecided;
  // The rest only when the state is Latency.
  std::size_t candidate = 0;  // the first hop from which on all have at least half of the shift
  LinkPosterior posterior;
};

LatencyBlame BlameLatency(const LatencyEvidence& evidence);

enum class LatencyKind : std::uint8_t {
  Unknown,
  Queueing,  // only some packets wait longer
  Path,      // all packets go a longer way
  Server,    // the path is as before, the service answers later
  Prober,    // all targets, the first hop included, are later
};

std::string_view LatencyKindName(LatencyKind kind);

/// Shifts in milliseconds; empty: unknown.
struct LatencySigns {
  std::optional<double> shift_p10;
  std::optional<double> shift_median;
  std::optional<double> service_shift;  // of the time to the first byte, less the path's shift
  bool has_route_changed = false;
  bool are_all_targets_late = false;  // the gateway included
};

LatencyKind KindOf(const LatencySigns& signs);

}  // namespace pathwitness
