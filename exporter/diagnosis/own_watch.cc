#include "exporter/diagnosis/own_watch.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace pathwitness {
namespace {

constexpr Duration kLargestStep = std::chrono::milliseconds(100);  // less is a clock being slewed
constexpr std::size_t kFewestPaths = 3;   // that must be silent, to suspect the uplink
constexpr std::size_t kFewestSilent = 2;  // of their rounds, to be sure of it

}  // namespace

OwnFault OwnWatch::Look(const std::vector<TraceBoard::Pointer>& traces,
                        const TraceSelfBoard::Pointer& self,
                        const std::vector<DnsBoard::Pointer>& names, const AnchorSight& anchors,
                        const Clock& clock) {
  const MonoTime now = clock.Now();
  LookAtClock(clock);
  if (self) {
    LookAtDrops(*self, now);
  }
  OwnState state;
  state.clock_step = step_ != Duration() && now - stepped_ <= kRemembers ? step_ : Duration();
  state.receive_drops = dropped_ > 0 && now - dropped_at_ <= kRemembers ? dropped_ : 0;
  state.is_silent = answered_ >= kFewestPaths && silent_ == answered_;
  state.gateway_answers = DoesGatewayAnswer(traces);
  state.anchors = anchors.known;
  state.anchors_down = anchors.down;
  if (FindOwnFault({.is_silent = state.is_silent,
                    .gateway_answers = state.gateway_answers,
                    .anchors = anchors.known,
                    .anchors_down = anchors.down}) == OwnFault::Uplink) {
    down_at_ = now;
  } else if (down_at_ && now - *down_at_ <= kRemembers) {
    state.is_silent = true;
    state.gateway_answers = false;
  }
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

// Counters that went back are those of another prober of that name.
void OwnWatch::OnTrace(const TraceSnapshot* before, const TraceSnapshot& trace, WallTime now,
                       Sight& sight) {
  const std::uint64_t answers = trace.probes - trace.lost;
  const std::uint64_t answers_before = before != nullptr ? before->probes - before->lost : 0;
  const std::uint64_t lost_before = before != nullptr ? before->lost : 0;
  const Sight was = sight;
  if (answers > answers_before) {
    sight = {.has_answered = true};
    answered_at_ = now;
  } else if (trace.lost > lost_before) {
    sight.is_silent = sight.has_answered;
    sight.lost_in_a_row += trace.lost - lost_before;
  }
  Forget(was);
  answered_ += sight.has_answered ? 1U : 0U;
  silent_ += sight.is_silent ? 1U : 0U;
}

void OwnWatch::Forget(const Sight& sight) {
  answered_ -= sight.has_answered ? 1U : 0U;
  silent_ -= sight.is_silent ? 1U : 0U;
}

// Not the router's address but whether any hop answers: all paths begin at the uplink. A round that
// began before the silence may hold answers of that time, so it only counts when it holds none.
std::optional<bool> OwnWatch::DoesGatewayAnswer(
    const std::vector<TraceBoard::Pointer>& traces) const {
  std::size_t silent = 0;
  for (const TraceBoard::Pointer& trace : traces) {
    if (!trace->last_round) {
      continue;
    }
    const bool is_silent = trace->last_round->last_responding_hop == 0;
    silent += is_silent ? 1U : 0U;
    if (!is_silent && trace->last_round->started > answered_at_) {
      return true;
    }
  }
  return silent >= kFewestSilent ? std::optional(false) : std::nullopt;
}

}  // namespace pathwitness
