#include "probes/trace/trace_ledger.h"

#include <algorithm>
#include <utility>

namespace pathwitness {
namespace {

// One lost probe happens on sound paths, too.
constexpr std::uint64_t kTroublingLoss = 2;

}  // namespace

TraceLedger::TraceLedger(ProberKey key, std::vector<double> bounds, unsigned flows, WallTime start)
    : flows_(flows) {
  snapshot_.status.key = std::move(key);
  snapshot_.status.last_round = start;
  snapshot_.status.last_attempt = start;
  snapshot_.round_trips = Histogram(std::move(bounds));
}

void TraceLedger::Resume(const TraceSnapshot& previous) {
  const Duration interval = snapshot_.status.interval;
  Histogram empty = std::move(snapshot_.round_trips);
  snapshot_ = previous;
  snapshot_.status.interval = interval;
  if (snapshot_.round_trips.bounds != empty.bounds) {
    snapshot_.round_trips = std::move(empty);
  }
  hops_ = previous.hops;
  seen_.assign(hops_.size(), 0);
  TrackLength(hops_.size());
  lost_before_ = snapshot_.lost;
  CountRestart(snapshot_.status);
}

void TraceLedger::Reconfigure(Duration interval, std::vector<double> bounds, unsigned flows) {
  snapshot_.status.interval = interval;
  flows_ = flows;
  if (snapshot_.round_trips.bounds != bounds) {
    snapshot_.round_trips = Histogram(std::move(bounds));
  }
}

void TraceLedger::SetAddresses(std::string address, std::string source, std::uint16_t port) {
  snapshot_.status.address = std::move(address);
  snapshot_.status.source_address = std::move(source);
  snapshot_.status.port = port;
}

void TraceLedger::OnEndToEnd(const EndToEndResult& result) {
  ++snapshot_.probes;
  CountFlow(result);
  switch (result.kind) {
    case EndToEndResult::Kind::Answered:
      snapshot_.round_trips.Observe(ToSeconds(result.round_trip));
      has_answer_ = true;
      break;
    case EndToEndResult::Kind::Late:
      ++snapshot_.late;
      has_answer_ = true;
      break;
    case EndToEndResult::Kind::Lost:
      ++snapshot_.lost;
      break;
    case EndToEndResult::Kind::Unsent:
      ++snapshot_.lost;
      ++snapshot_.unsent[static_cast<std::size_t>(result.unsent)];
      break;
  }
}

void TraceLedger::CountFlow(const EndToEndResult& result) {
  if (result.kind == EndToEndResult::Kind::Unsent) {
    return;
  }
  if (snapshot_.flows.size() <= result.flow) {
    snapshot_.flows.resize(result.flow + 1U);
  }
  FlowCounters& flow = snapshot_.flows[result.flow];
  ++flow.probes;
  flow.lost += result.kind == EndToEndResult::Kind::Lost ? 1 : 0;
}

void TraceLedger::OnUnreachable(UnreachableCode code) {
  ++snapshot_.unreachable[static_cast<std::size_t>(code)];
}

void TraceLedger::OnSkipped(SkipReason reason, std::uint64_t rounds) {
  snapshot_.status.rounds_skipped[static_cast<std::size_t>(reason)] += rounds;
}

bool TraceLedger::OnRound(Round round, WallTime now) {
  ++snapshot_.status.rounds;
  for (const Hop& hop : round.hops) {
    CountHop(hop);
  }
  TrackLength(round.hops.size());
  snapshot_.destination_hop = round.destination_hop;
  snapshot_.last_responding_hop = round.last_responding_hop;
  const bool has_answer = std::exchange(has_answer_, false);
  snapshot_.reached = round.destination_hop > 0 || has_answer;
  if (TakeTrouble()) {
    snapshot_.last_trouble = now;
  }
  ShowRound(std::move(round), now);
  return EnterState(snapshot_.status, snapshot_.reached ? ProberState::Up : ProberState::Down);
}

// Whether the round that is over was one of trouble.
bool TraceLedger::TakeTrouble() {
  const std::uint64_t lost = snapshot_.lost - std::exchange(lost_before_, snapshot_.lost);
  return !snapshot_.reached || lost >= kTroublingLoss;
}

void TraceLedger::OnCredit(const PathMembership::Credit& credit) {
  HopCounters& counters = CountersOf(credit.ttl);
  counters.probes += credit.evidence.probes;
  counters.probes_credited += credit.evidence.probes;
  counters.replies_missing += credit.evidence.missing;
  counters.round_trip_count += credit.evidence.round_trips;
  counters.round_trip_sum += credit.evidence.round_trip_sum;
  if (credit.evidence.round_trips > 0) {
    counters.last_round_trip = credit.last_round_trip;
  }
  if (counters.address == credit.responder) {
    seen_[credit.ttl - 1U] = snapshot_.status.rounds;
  }
}

HopCounters& TraceLedger::CountersOf(std::uint8_t ttl) {
  if (hops_.size() < ttl) {
    hops_.reserve(ttl);  // and no more, as resize might: there are thousands of ledgers
    seen_.reserve(ttl);
    hops_.resize(ttl);
    seen_.resize(ttl);
  }
  return hops_[ttl - 1U];
}

void TraceLedger::CountHop(const Hop& hop) {
  HopCounters& counters = CountersOf(hop.ttl);
  std::uint64_t& seen = seen_[hop.ttl - 1U];
  counters.probes += hop.sent;
  counters.replies_missing += hop.sent - hop.replies.size() - hop.late;
  for (const HopReply& reply : hop.replies) {
    ++counters.round_trip_count;
    counters.round_trip_sum += ToSeconds(reply.round_trip);
    counters.last_round_trip = ToSeconds(reply.round_trip);
    // With several flows several routers answer in turn. The one that is shown stays until it has
    // been away for two turns of all flows.
    const bool is_shown = counters.address == reply.responder;
    if (!is_shown && counters.address && seen + 2 * flows_ > snapshot_.status.rounds) {
      continue;
    }
    counters.address = reply.responder;
    counters.reply_ttl = reply.reply_ttl;
    counters.quoted_ttl = reply.quoted_ttl;
    counters.mpls = reply.mpls;
    seen = snapshot_.status.rounds;
  }
}

void TraceLedger::TrackLength(std::size_t length) {
  lengths_.push_back(static_cast<std::uint8_t>(length));
  if (lengths_.size() > flows_) {
    lengths_.erase(lengths_.begin(), lengths_.end() - static_cast<std::ptrdiff_t>(flows_));
  }
}

// A wall clock that was set back must not make them pile up.
void TraceLedger::ShowRound(Round round, WallTime now) {
  const WallTime ended_before = std::exchange(snapshot_.status.last_round, now);
  if (snapshot_.last_round != nullptr) {
    snapshot_.rounds_before.push_back({.at = ended_before, .round = snapshot_.last_round});
  }
  std::erase_if(snapshot_.rounds_before, [now](const EndedRound& ended) {
    return std::chrono::abs(now - ended.at) >= TraceSnapshot::kRoundsShownFor;
  });
  snapshot_.last_round = std::make_shared<const Round>(std::move(round));
}

std::shared_ptr<const TraceSnapshot> TraceLedger::Snapshot() const {
  auto snapshot = std::make_shared<TraceSnapshot>(snapshot_);
  const std::size_t length =
      lengths_.empty() ? 0 : *std::max_element(lengths_.begin(), lengths_.end());
  const auto shown = static_cast<std::ptrdiff_t>(std::min(length, hops_.size()));
  snapshot->hops.assign(hops_.begin(), hops_.begin() + shown);
  return snapshot;
}

}  // namespace pathwitness
