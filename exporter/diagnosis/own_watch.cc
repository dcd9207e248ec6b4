#include "exporter/diagnosis/own_watch.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace pathwitness {
namespace {

constexpr Duration kLargestStep = std::chrono::milliseconds(100);  // less is a clock being slewed
constexpr std::ptrdiff_t kFewestPaths = 3;  // that all are silent, to call it the uplink

}  // namespace

OwnFault OwnWatch::Look(const std::vector<TraceBoard::Pointer>& traces,
                        const TraceSelfBoard::Pointer& self,
                        const std::vector<DnsBoard::Pointer>& names, const Clock& clock) {
  const MonoTime now = clock.Now();
  LookAtClock(clock);
  if (self) {
    LookAtDrops(*self, now);
  }
  OwnState state;
  state.clock_step = step_ != Duration() && now - stepped_ <= kRemembers ? step_ : Duration();
  state.receive_drops = dropped_ > 0 && now - dropped_at_ <= kRemembers ? dropped_ : 0;
  state.gateway_answers = DoesGatewayAnswer(traces);
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

// Not the router's address but whether anything at all answers: all paths begin at the uplink.
std::optional<bool> OwnWatch::DoesGatewayAnswer(const std::vector<TraceBoard::Pointer>& traces) {
  const bool does_any_answer = std::ranges::any_of(traces, [](const TraceBoard::Pointer& trace) {
    return trace->last_round && (trace->reached || trace->last_responding_hop > 0);
  });
  const auto traced = std::ranges::count_if(
      traces, [](const TraceBoard::Pointer& trace) { return trace->last_round != nullptr; });
  has_answered_ = has_answered_ || does_any_answer;
  return has_answered_ && traced >= kFewestPaths ? std::optional(does_any_answer) : std::nullopt;
}

}  // namespace pathwitness
