#include "exporter/diagnosis/own_watch.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace pathwitness {
namespace {

constexpr Duration kLargestStep = std::chrono::milliseconds(100);  // less is a clock being slewed
constexpr std::size_t kFewestPaths = 3;  // that all are silent, to call it the uplink

}  // namespace

OwnFault OwnWatch::Look(const std::vector<TraceBoard::Pointer>& traces,
                        const TraceSelfBoard::Pointer& self,
                        const std::vector<DnsBoard::Pointer>& names, const Clock& clock) {
  const MonoTime now = clock.Now();
  LookAtClock(clock);
  LookAtAnswers(traces, now);
  if (self) {
    LookAtDrops(*self, now);
  }
  OwnState state;
  state.clock_step = step_ != Duration() && now - stepped_ <= kRemembers ? step_ : Duration();
  state.receive_drops = dropped_ > 0 && now - dropped_at_ <= kRemembers ? dropped_ : 0;
  state.gateway_answers = !silent_at_ || now - *silent_at_ > kRemembers;
  for (const DnsBoard::Pointer& name : names) {
    state.lookups += name->lookups > 0 ? 1U : 0U;  // literal addresses are never looked up
    state.lookups_failed += name->lookups > 0 && name->is_failing ? 1U : 0U;
  }
  return FindOwnFault(state);
}

void OwnWatch::LookAtClock(const Clock& clock) {
  const Duration offset = clock.WallNow().time_since_epoch() - clock.Now().time_since_epoch();
  const Duration step = wall_offset_ ? offset - *wall_offset_ : Duration();
  if (step > kLargestStep || step < -kLargestStep) {
    step_ = step;
    stepped_ = clock.Now();
  }
  wall_offset_ = offset;
}

void OwnWatch::LookAtDrops(const TraceSelf& self, MonoTime now) {
  const std::uint64_t before = drops_.value_or(self.receive_drops);
  if (self.receive_drops > before) {
    dropped_ = self.receive_drops - before;
    dropped_at_ = now;
  }
  drops_ = self.receive_drops;
}

// Not the router's address but whether anything at all answers: all paths begin at the uplink. It
// is silent when since the last answer of any hop as many end-to-end probes were lost as there are
// paths. Counters that went back are those of fewer probers, and tell nothing.
void OwnWatch::LookAtAnswers(const std::vector<TraceBoard::Pointer>& traces, MonoTime now) {
  std::uint64_t answers = 0;
  std::uint64_t losses = 0;
  for (const TraceBoard::Pointer& trace : traces) {
    answers += trace->probes - trace->lost;
    losses += trace->lost;
    for (const HopCounters& hop : trace->hops) {
      answers += hop.probes - hop.replies_missing;
    }
  }
  const bool is_silent = answers <= answers_;
  silent_losses_ = is_silent ? silent_losses_ + (losses - std::min(losses, losses_)) : 0;
  has_answered_ = has_answered_ || answers > 0;
  answers_ = answers;
  losses_ = losses;
  const std::size_t paths = traces.size();
  if (is_silent && has_answered_ && paths >= kFewestPaths && silent_losses_ >= paths) {
    silent_at_ = now;
  }
}

}  // namespace pathwitness
