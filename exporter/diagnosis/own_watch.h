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
  /// `self` may be null.
  OwnFault Look(const std::vector<TraceBoard::Pointer>& traces, const TraceSelfBoard::Pointer& self,
                const std::vector<DnsBoard::Pointer>& names, const Clock& clock);

  static constexpr Duration kRemembers = std::chrono::seconds(90);

 private:
  void LookAtClock(const Clock& clock);
  void LookAtDrops(const TraceSelf& self, MonoTime now);
  void CountAnswers(const std::vector<TraceBoard::Pointer>& traces, WallTime now);
  std::optional<bool> DoesGatewayAnswer(const std::vector<TraceBoard::Pointer>& traces) const;

  std::optional<Duration> wall_offset_;  // of the wall clock against the steady one
  Duration step_{};
  MonoTime stepped_;
  std::optional<std::uint64_t> drops_;
  std::uint64_t dropped_ = 0;
  MonoTime dropped_at_;
  std::uint64_t answers_ = 0;        // to end-to-end probes of all paths, as counted last
  std::uint64_t losses_ = 0;         // of them
  std::uint64_t silent_losses_ = 0;  // since the last answer
  WallTime answered_at_;             // when the last answer was counted
  std::optional<MonoTime> down_at_;  // when the uplink was last seen to be down
};

}  // namespace pathwitness
