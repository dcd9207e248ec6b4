#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "probes/base/time.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// A fault that somebody asks for.
struct DrillOrder {
  std::string target;
  double loss = 0;      // share of what is answered in truth; above 0, at most 1
  unsigned at_hop = 1;  // the TTL from which on packets are lost
  Duration length{};

  bool operator==(const DrillOrder&) const = default;
};

/// An alert of a drill that arrived at the drill receiver.
struct DrillNotice {
  std::string alert;
  std::string severity;
  std::string status;    // "firing" or "resolved"
  std::string receiver;  // as Alertmanager calls it
  Duration after{};      // from the drill's start to the first arrival
  std::uint64_t times = 1;
};

/// A fault that is played beside the truth.
struct Drill {
  std::string id;
  DrillOrder order;
  MonoTime start;
  MonoTime end;
  WallTime wall_start;
  std::vector<TraceBoard::Pointer> before;  // the target's trace probers at the start
  std::vector<DrillNotice> notices;         // in the order of their first arrival
};

using DrillPointer = std::shared_ptr<const Drill>;

inline bool IsRunning(const Drill& drill, MonoTime now) {
  return now < drill.end;
}

}  // namespace pathwitness
