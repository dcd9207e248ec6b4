#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "probes/trace/focus.h"
#include "probes/trace/trace_engine.h"
#include "probes/trace/trace_prober.h"

// How TraceEngine paces probes of hops: who may send one, who waits for whom, and what answers tell
// about the next ones.
namespace pathwitness {
namespace {

constexpr Duration kLongestFocus = std::chrono::minutes(5);  // then the gate must close first
constexpr std::size_t kFocusSets = 50;
constexpr Duration kFocusInterval = std::chrono::seconds(5);
constexpr std::size_t kMostEnds = 100000;
constexpr ResponderBudget::Key kDestination = 0;  // what stands where the path ends

/// Who waits in a responder's line. The number tells a prober from those that had its index before.
struct HopWaiter {
  std::uint32_t index = 0;
  std::uint32_t number = 0;  // 24 bits
  std::uint8_t ttl = 0;
};

ResponderBudget::Waiter Pack(const HopWaiter& waiter) {
  return std::uint64_t{waiter.index} << 32U | std::uint64_t{waiter.number & 0xFFFFFFU} << 8U |
         waiter.ttl;
}

HopWaiter Unpack(ResponderBudget::Waiter packed) {
  return {.index = static_cast<std::uint32_t>(packed >> 32U),
          .number = static_cast<std::uint32_t>(packed >> 8U) & 0xFFFFFFU,
          .ttl = static_cast<std::uint8_t>(packed)};
}

}  // namespace

/// What probers with one destination and one first hop have in common.
std::uint64_t TraceEngine::EndKey(const Prober& prober) {
  return prober.group ^ std::hash<IpAddress>()(*prober.tracer.Destination());
}

/// The bucket of the router that will answer, as far as is known; kDestination: the path ends
/// there.
std::optional<ResponderBudget::Key> TraceEngine::ResponderAt(const Prober& prober,
                                                             std::uint16_t flow,
                                                             std::uint8_t ttl) const {
  const SharedPaths::NodeId node = prober.paths.NodeAt(flow, ttl);
  if (node != SharedPaths::kNone) {
    return ResponderBudget::OfResponder(paths_.At(node).address);
  }
  if (ttl <= prober.responders.size() && prober.responders[ttl - 1U]) {
    return prober.responders[ttl - 1U];
  }
  const auto end = ends_.find(EndKey(prober));
  return end != ends_.end() && end->second == ttl ? std::optional(kDestination) : std::nullopt;
}

HopVerdict TraceEngine::Permit(Prober& prober, std::uint16_t flow, std::uint8_t ttl, HopTier tier,
                               MonoTime now) {
  const HopVerdict rationed = Ration(prober, tier, now);
  if (rationed != HopVerdict::Send) {
    return rationed;
  }
  const std::optional<ResponderBudget::Key> known = ResponderAt(prober, flow, ttl);
  if (known == kDestination) {
    return HopVerdict::Send;
  }
  const ResponderBudget::Key key = known ? *known : responders_.OfUnknown(prober.group, ttl);
  if (prober.done) {
    responders_.Charge(key, now);  // somebody waits for it: the others do instead
    return HopVerdict::Send;
  }
  if (tier == HopTier::Focus) {
    return responders_.TryAsk(key, now) ? HopVerdict::Send : HopVerdict::Drop;
  }
  const HopWaiter waiter{.index = prober.index, .number = prober.number, .ttl = ttl};
  using Turn = ResponderBudget::Turn;
  const Turn turn = prober.tracer.IsNew(ttl) ? Turn::New : Turn::Usual;
  if (responders_.Ask(key, now, Pack(waiter), turn)) {
    return HopVerdict::Send;
  }
  ++self_.deferred[static_cast<std::size_t>(DeferReason::ResponderBudget)];
  return HopVerdict::Wait;
}

/// What the limits over many responders say. Whoever finds the packet budget empty, or others
/// waiting for it, waits in line with them.
HopVerdict TraceEngine::Ration(Prober& prober, HopTier tier, MonoTime now) {
  const bool is_first = held_.empty() || served_ == prober.index;
  if (!is_first || !budget_.MaySend(tier, now)) {
    if (tier != HopTier::Focus && !std::exchange(prober.is_queued, true)) {
      held_.push_back({prober.index, prober.number});
    }
    return Hold(prober, tier, DeferReason::Budget);
  }
  if (!networks_.HasRoom(prober.network, now)) {
    return Hold(prober, tier, DeferReason::Network);
  }
  if (!first_hops_.HasRoom(prober.first_hop, now)) {
    return Hold(prober, tier, DeferReason::FirstHop);
  }
  return HopVerdict::Send;
}

HopVerdict TraceEngine::Hold(Prober& prober, HopTier tier, DeferReason reason) {
  if (tier == HopTier::Focus) {
    return HopVerdict::Drop;
  }
  // Each probe that is put off counts once, however long it waits.
  self_.deferred[static_cast<std::size_t>(reason)] += prober.is_deferred ? 0U : 1U;
  return HopVerdict::Hold;
}

/// One hop probe each for those that wait for the packet budget, in turn.
void TraceEngine::ServeHeld(MonoTime now) {
  for (std::size_t left = held_.size(); left > 0 && budget_.MaySend(HopTier::Round, now); --left) {
    const ProberSeat seat = held_.front();
    held_.pop_front();
    if (Prober* prober = ProberOn(seat)) {
      prober->is_queued = false;
      served_ = seat.index;
      Service(seat.index, now);
      served_.reset();
    }
  }
}

TraceEngine::Prober* TraceEngine::ProberOn(const ProberSeat& seat) {
  Prober* prober = seat.index < probers_.size() ? probers_[seat.index].get() : nullptr;
  return prober != nullptr && prober->number == seat.number ? prober : nullptr;
}

void TraceEngine::ServeWaiting(MonoTime now) {
  const auto send = [&](ResponderBudget::Waiter packed) {
    const HopWaiter waiter = Unpack(packed);
    Prober* prober = ProberOn({waiter.index, waiter.number});
    if (prober == nullptr) {
      return false;
    }
    const std::optional<DueProbe> due = prober->tracer.ProbeWaiting(waiter.ttl, now);
    if (due) {
      Post(*prober, *due);
      Schedule(*prober, now);
    }
    return due.has_value();
  };
  const auto foresee = [&](std::span<const ResponderBudget::Waiter> waiters) {
    FetchProbers(waiters.size(), [&](std::size_t i) { return Unpack(waiters[i]).index; });
  };
  responders_.Serve(
      now, send, [&] { return budget_.MaySend(HopTier::Round, now); }, foresee);
}

void TraceEngine::OnHopOutcome(Prober& prober, const HopOutcome& outcome, MonoTime now) {
  const std::uint8_t ttl = outcome.ttl;
  const std::optional<ResponderBudget::Key> before = ResponderAt(prober, outcome.flow, ttl);
  if (!outcome.is_answered) {
    prober.paths.OnSilence(paths_, outcome.flow, ttl);
    // A responder that is silent while the path works protects itself.
    if (before && *before != kDestination && prober.gate.IsClean(now)) {
      responders_.OnMasked(*before, now);
    }
    return;
  }
  const bool is_destination = outcome.responder == prober.tracer.Destination();
  const ResponderBudget::Key key =
      is_destination ? kDestination : ResponderBudget::OfResponder(outcome.responder);
  const ResponderBudget::Key asked = before ? *before : responders_.OfUnknown(prober.group, ttl);
  if (before != key) {
    responders_.OnSeen(prober.group, ttl, outcome.responder);
  }
  prober.responders.resize(std::max<std::size_t>(prober.responders.size(), ttl));
  prober.responders[ttl - 1U] = key;
  if (!is_destination) {
    if (asked != key) {
      responders_.Charge(key, now);  // it was another's turn
    }
    responders_.OnAnswer(key, outcome.round_trip.value_or(prober.tracer.Trace().timeout), now);
  }
  if (is_destination && before != key) {
    if (ends_.size() > kMostEnds) {
      ends_.clear();
    }
    ends_[EndKey(prober)] = ttl;
  }
  if (outcome.is_end) {
    return prober.paths.OnEnd(paths_, outcome.flow, ttl);
  }
  prober.paths.OnAnswer(paths_, outcome.flow, ttl, outcome.responder, outcome.round_trip);
}

/// Counts what other paths found out about the hops that this one shares with them.
void TraceEngine::Credit(Prober& prober, Round& round) {
  if (prober.done || !prober.has_path) {
    return;
  }
  prober.paths.TakeCredits(paths_, [&](const PathMembership::Credit& credit) {
    prober.ledger.OnCredit(credit);
    if (credit.ttl <= round.hops.size()) {
      round.hops[credit.ttl - 1U].credited += credit.evidence.probes;
      round.hops[credit.ttl - 1U].credited_missing += credit.evidence.missing;
    }
  });
  for (Hop& hop : round.hops) {
    const SharedPaths::NodeId node = prober.paths.NodeAt(round.flow, hop.ttl);
    if (hop.sent == 0 && node != SharedPaths::kNone) {
      hop.known_responder = paths_.At(node).address;
    }
  }
}

void TraceEngine::FocusOnFailing(MonoTime now) {
  if (now < next_focus_) {
    return;
  }
  next_focus_ = now + kFocusInterval;
  std::vector<FailingPath> failing;
  for (auto it = failing_.begin(); it != failing_.end();) {
    Prober& prober = *probers_[*it];
    if (!prober.gate.IsOpen(now)) {
      prober.focus_began.reset();
      prober.tracer.Focus(now);
      it = failing_.erase(it);
      continue;
    }
    failing.push_back({.prober = *it++, .paths = &prober.paths});
  }
  self_.focus_sets = 0;
  for (const std::uint32_t index : PickFocus(paths_, failing, kFocusSets)) {
    Prober& prober = *probers_[index];
    prober.focus_began = prober.focus_began.value_or(now);
    prober.tracer.Focus(*prober.focus_began + kLongestFocus);
    self_.focus_sets += now < *prober.focus_began + kLongestFocus ? 1U : 0U;
  }
}

}  // namespace pathwitness
