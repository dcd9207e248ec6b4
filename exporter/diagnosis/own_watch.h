#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "diagnosis/own_fault.h"
#include "probes/base/time.h"
#include "probes/dns/dns_snapshot.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// Looks for faults of this machine on the boards. What was seen counts for a minute and a half, as
/// long as a window that is judged may hold traces of it.
class OwnWatch {
 public:
  /// What one path's newest snapshot showed.
  struct Sight {
    bool has_answered = false;  // ever
    bool is_silent = false;     // probes were lost, none was answered
    std::uint64_t lost_in_a_row = 0;

    /// More than a probe or two that got lost by chance.
    bool IsDown() const { return has_answered && lost_in_a_row >= kFewestLost; }
  };

  /// What is known of the targets that the configuration calls anchors.
  struct AnchorSight {
    unsigned known = 0;  // of which a path ever answered
    unsigned down = 0;   // of them, those of which no such path answers
  };

  /// A new snapshot of a path; `before`: the one before, may be null. `sight` is the path's own.
  void OnTrace(const TraceSnapshot* before, const TraceSnapshot& trace, WallTime now, Sight& sight);

  /// A path is gone.
  void Forget(const Sight& sight);

  /// `self` may be null.
  OwnFault Look(const std::vector<TraceBoard::Pointer>& traces, const TraceSelfBoard::Pointer& self,
                const std::vector<DnsBoard::Pointer>& names, const AnchorSight& anchors,
                const Clock& clock);

  static constexpr Duration kRemembers = std::chrono::seconds(90);
  static constexpr std::uint64_t kFewestLost = 3;

 private:
  void LookAtClock(const Clock& clock);
  void LookAtDrops(const TraceSelf& self, MonoTime now);
  std::optional<bool> DoesGatewayAnswer(const std::vector<TraceBoard::Pointer>& traces) const;

  std::optional<Duration> wall_offset_;  // of the wall clock against the steady one
  Duration step_{};
  MonoTime stepped_;
  std::optional<std::uint64_t> drops_;
  std::uint64_t dropped_ = 0;
  MonoTime dropped_at_;
  std::size_t answered_ = 0;         // paths that ever did
  std::size_t silent_ = 0;           // of them, now
  WallTime answered_at_;             // when the last answer was counted
  std::optional<MonoTime> down_at_;  // when the uplink was last seen to be down
};

}  // namespace pathwitness
