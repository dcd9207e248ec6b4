#include "probes/trace/tracer.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <utility>

namespace pathwitness {
namespace {

constexpr Duration kQuickGap = std::chrono::milliseconds(20);  // between probes while learning
constexpr Duration kLongestSpread = std::chrono::seconds(10);
constexpr Duration kLongestFocusSpread = std::chrono::minutes(1);
// Not secret: flow i of a target is the same 5-tuple in every run.
constexpr HashKey kFlowKey = {0x70617468, 0x7769746e657373};

std::uint64_t HashText(std::string_view text) {
  std::uint64_t hash = 0;
  for (const char character : text) {
    hash = KeyedHash<2>(kFlowKey, {hash, static_cast<unsigned char>(character)});
  }
  return hash;
}

constexpr std::uint64_t BitOf(std::size_t ttl) {
  return std::uint64_t{1} << (ttl - 1);
}

constexpr std::uint64_t BitsUpTo(std::size_t ttl) {
  return ttl == 0 ? 0 : ~std::uint64_t{0} >> (64U - ttl);
}

bool HasAnswer(const Hop& hop) {
  return !hop.replies.empty() || hop.late > 0;
}

UnsentReason ReasonOf(std::error_code why) {
  const bool is_route = why == std::errc::network_unreachable ||
                        why == std::errc::host_unreachable ||
                        why == std::errc::address_not_available || why == std::errc::network_down;
  return is_route ? UnsentReason::NoRoute : UnsentReason::SendError;
}

}  // namespace

Tracer::Tracer(Settings settings, MonoTime first_round)
    : next_round_(first_round),
      next_end_to_end_(first_round),
      settings_(std::move(settings)),
      memory_(settings_.trace.flows) {}

void Tracer::Retarget(const IpAddress& destination, const IpAddress& source) {
  if (destination_ == destination && source_ == source) {
    return;
  }
  Forget();
  destination_ = destination;
  source_ = source;
  DeriveFlowPorts();
}

void Tracer::Untarget(UnsentReason reason) {
  unsent_reason_ = reason;
  if (destination_) {
    Forget();
    destination_.reset();
  }
}

void Tracer::Forget() {
  hop_outcomes_.clear();
  pending_.Clear();
  active_.clear();
  FindNextHop();
  memory_.assign(settings_.trace.flows, {});
  first_tries_.clear();
  learning_ = 0;
}

void Tracer::Reconfigure(const TraceConfig& trace) {
  if (settings_.trace == trace) {
    return;
  }
  const bool has_other_flows =
      settings_.trace.flows != trace.flows || settings_.trace.port != trace.port;
  settings_.trace = trace;
  if (has_other_flows) {
    Forget();
    DeriveFlowPorts();
  }
}

// The source address is part of the choice, so that two hosts behind one NAT do not use the same
// ICMP identifier towards one destination.
void Tracer::DeriveFlowPorts() {
  std::uint64_t source = 0;
  const std::span<const std::byte> bytes = source_.Bytes();
  std::memcpy(&source, bytes.data() + bytes.size() - 4, 4);
  const std::uint64_t base = HashText(settings_.target) ^ source;
  flow_ports_.clear();
  for (std::uint64_t flow = 0; flow < settings_.trace.flows; ++flow) {
    const std::uint64_t hash =
        KeyedHash<3>(kFlowKey, {base, static_cast<std::uint64_t>(settings_.protocol), flow});
    auto port = static_cast<std::uint16_t>(kFlowPortBase | (hash & 0xFFFU));
    while (std::find(flow_ports_.begin(), flow_ports_.end(), port) != flow_ports_.end()) {
      port = static_cast<std::uint16_t>(kFlowPortBase | (port + 1U));
    }
    flow_ports_.push_back(port);
  }
}

void Tracer::BeginRoundsUntil(MonoTime now) {
  const Duration interval = settings_.trace.interval;
  if (next_round_ > now) {
    return;
  }
  const auto missed = (now - next_round_) / interval;
  skipped_.overrun += static_cast<std::uint64_t>(missed);
  next_round_ += missed * interval;
  if (is_held_ && HasHopProbeDue(now)) {
    ActiveRound& held = active_.back();
    const bool is_begun = std::any_of(held.round.hops.begin(), held.round.hops.end(),
                                      [](const Hop& hop) { return hop.sent > 0; });
    if (!is_begun) {
      ++skipped_.budget;  // rounds must not pile up
      next_round_ += interval;
      return;
    }
    for (const PlannedProbe& planned : held.plan) {
      Shed(planned);
    }
    held.plan.clear();
    FindNextHop();
  }
  BeginRound(next_round_);
  const bool is_last = settings_.round_limit != 0 && rounds_begun_ >= settings_.round_limit;
  next_round_ = is_last ? MonoTime::max() : next_round_ + interval;
}

void Tracer::Shed(const PlannedProbe& planned) {
  ++(planned.tier == HopTier::Focus ? skipped_.shed_focus : skipped_.shed_hops);
}

// Each flow once in as many rounds, in an order that is new each time: probes that wait for their
// responder's turn go with the flow of the round that is under way then, and no flow may miss them
// because both have one rhythm. But a path is known only where all its hops answered one flow:
// while turns are rare, the first flow gets them.
std::uint16_t Tracer::FlowOf(std::uint64_t round) const {
  if (learning_ != 0) {
    return 0;
  }
  const std::uint64_t flows = settings_.trace.flows;
  const std::uint64_t turn = round / flows;
  std::vector<std::uint16_t> order(flows);
  std::iota(order.begin(), order.end(), std::uint16_t{0});
  for (std::uint64_t left = flows; turn > 0 && left > 1; --left) {
    std::swap(order[left - 1], order[KeyedHash<3>(settings_.secret, {turn, left, 3}) % left]);
  }
  return order[round % flows];
}

void Tracer::BeginRound(MonoTime start) {
  ActiveRound active;
  active.start = start;
  active.next_quick = start;
  active.round.number = rounds_begun_++;
  active.round.flow = FlowOf(active.round.number);
  if (destination_) {
    active.round.destination = *destination_;
    active.round.source = source_;
    const FlowMemory& memory = memory_[active.round.flow];
    active.expected = memory.distance;
    unsigned known = memory.distance;
    for (const FlowMemory& other : memory_) {
      known = memory.distance > 0 ? known : std::max<unsigned>(known, other.distance);
    }
    if (memory.is_traced && !memory.is_reached) {
      active.slack = static_cast<std::uint8_t>(settings_.trace.gap_limit);
      PlanSpread(active, std::max(memory.last_responding + settings_.trace.gap_limit,
                                  memory.distance > 0 ? 0 : known));
    } else if (known > 0) {
      PlanSpread(active, known);
    } else {
      active.slack = static_cast<std::uint8_t>(settings_.trace.gap_limit);
      PlanQuick(active, start, settings_.trace.gap_limit);
    }
  }
  active.round.hops.reserve(active.highest_planned);
  // What is not probed any more will not be learned.
  learning_ &= BitsUpTo(active.highest_planned);
  active_.push_back(std::move(active));
  has_hop_news_ = true;
  FindNextHop();
}

// After every change of a plan.
void Tracer::FindNextHop() {
  next_hop_ = MonoTime::max();
  for (const ActiveRound& active : active_) {
    if (!active.plan.empty()) {
      next_hop_ = std::min(next_hop_, active.plan.back().due);
    }
  }
}

// TTLs are shuffled: a fixed order would meet a periodic rate limiter always at the same hop. The
// one that comes first is another one in each turn of the flows: where the budget lets each path
// have but one probe a round, that one is the path's check.
void Tracer::PlanSpread(ActiveRound& active, unsigned last_ttl) const {
  last_ttl = std::min(last_ttl, settings_.trace.max_ttl);
  const bool is_focused = active.start < focus_until_;
  const Duration spread =
      std::min(settings_.trace.interval, is_focused ? kLongestFocusSpread : kLongestSpread);
  const auto once_a_second = static_cast<unsigned>(spread / std::chrono::seconds(1));
  const unsigned more =
      is_focused ? once_a_second - std::min(once_a_second, settings_.trace.probes_per_hop) : 0;
  for (unsigned ttl = 1; ttl <= last_ttl; ++ttl) {
    PlannedProbe probe{active.start, static_cast<std::uint8_t>(ttl)};
    active.plan.insert(active.plan.end(), settings_.trace.probes_per_hop, probe);
    probe.tier = HopTier::Focus;
    active.plan.insert(active.plan.end(), more, probe);
  }
  for (std::size_t left = active.plan.size(); left > 1; --left) {
    const std::uint64_t hash = KeyedHash<3>(settings_.secret, {active.round.number, left, 1});
    std::swap(active.plan[left - 1], active.plan[hash % left]);
  }
  const std::uint64_t turn = active.round.number / settings_.trace.flows;
  const auto check = std::find_if(active.plan.begin(), active.plan.end(), [&](const auto& planned) {
    return planned.tier == HopTier::Round && planned.ttl == 1 + turn % last_ttl;
  });
  std::swap(*check, active.plan.back());
  const auto count = static_cast<std::int64_t>(active.plan.size());
  for (std::int64_t i = 0; i < count; ++i) {
    active.plan[static_cast<std::size_t>(i)].due += spread * (count - 1 - i) / count;
  }
  active.highest_planned = static_cast<std::uint8_t>(last_ttl);
}

void Tracer::PlanQuick(ActiveRound& active, MonoTime from, unsigned last_ttl) const {
  last_ttl = std::min(last_ttl, settings_.trace.max_ttl);
  const auto is_later = [](const PlannedProbe& left, const PlannedProbe& right) {
    return left.due > right.due;
  };
  for (unsigned ttl = active.highest_planned + 1U; ttl <= last_ttl; ++ttl) {
    for (unsigned i = 0; i < settings_.trace.probes_per_hop; ++i) {
      active.next_quick = std::max(active.next_quick, from);
      const PlannedProbe probe{active.next_quick, static_cast<std::uint8_t>(ttl), HopTier::Round};
      active.plan.insert(std::lower_bound(active.plan.begin(), active.plan.end(), probe, is_later),
                         probe);
      active.next_quick += kQuickGap;
    }
    active.highest_planned = static_cast<std::uint8_t>(ttl);
  }
}

std::optional<DueProbe> Tracer::NextProbe(MonoTime now, const HopPermit& permit) {
  BeginRoundsUntil(now);
  if (std::optional<DueProbe> probe = NextEndToEnd(now)) {
    return probe;
  }
  return NextHop(now, permit);
}

std::optional<DueProbe> Tracer::NextEndToEnd(MonoTime now) {
  if (next_end_to_end_ > now) {
    return std::nullopt;
  }
  const Duration interval = settings_.trace.end_to_end_interval;
  next_end_to_end_ += ((now - next_end_to_end_) / interval + 1) * interval;
  const auto flow = static_cast<std::uint16_t>(end_to_end_count_++ % settings_.trace.flows);
  if (settings_.end_to_end_limit != 0 && end_to_end_count_ >= settings_.end_to_end_limit) {
    next_end_to_end_ = MonoTime::max();
  }
  if (!destination_) {
    Decide({.kind = EndToEndResult::Kind::Unsent, .flow = flow, .unsent = unsent_reason_});
    return std::nullopt;
  }
  return MakeProbe({.flow = flow}, now);
}

std::optional<DueProbe> Tracer::NextHop(MonoTime now, const HopPermit& permit) {
  is_held_ = false;
  if (next_hop_ > now) {
    return std::nullopt;
  }
  for (ActiveRound& active : active_) {
    while (!active.plan.empty() && active.plan.back().due <= now) {
      const PlannedProbe planned = active.plan.back();
      const HopVerdict verdict = Judge(active.round.flow, planned, permit);
      if (verdict == HopVerdict::Hold) {
        return std::nullopt;
      }
      active.plan.pop_back();
      FindNextHop();
      if (verdict == HopVerdict::Send) {
        return SendHop(active, planned.ttl, now);
      }
      has_hop_news_ = true;
    }
  }
  return std::nullopt;
}

/// What `permit` says; a TTL that waits already is not asked for again.
HopVerdict Tracer::Judge(std::uint16_t flow, const PlannedProbe& planned, const HopPermit& permit) {
  const std::uint64_t bit = BitOf(planned.ttl);
  const bool is_waiting = (waiting_ & bit) != 0;
  const HopVerdict verdict =
      is_waiting ? HopVerdict::Wait : permit(flow, planned.ttl, planned.tier);
  if (verdict == HopVerdict::Wait) {
    waiting_ |= bit;
    learning_ |= IsNew(planned.ttl) ? bit : 0;
    return verdict;
  }
  is_held_ = verdict == HopVerdict::Hold;
  if (verdict == HopVerdict::Drop) {
    Shed(planned);
  }
  return verdict;
}

std::optional<DueProbe> Tracer::ProbeWaiting(std::uint8_t ttl, MonoTime now) {
  waiting_ &= ~BitOf(ttl);
  has_hop_news_ = true;
  if (active_.empty() || !destination_) {
    return std::nullopt;
  }
  ActiveRound& active = active_.back();
  const unsigned end = active.end > 0 ? active.end : active.expected;
  if (end > 0 && ttl > end) {
    return std::nullopt;
  }
  return SendHop(active, ttl, now);
}

DueProbe Tracer::SendHop(ActiveRound& active, std::uint8_t ttl, MonoTime now) {
  ++active.awaited;
  if (active.round.hops.size() < ttl) {
    active.round.hops.resize(ttl);
  }
  ++active.round.hops[ttl - 1U].sent;
  CountFirstTry(active.round.flow, ttl, 1);
  return MakeProbe({.round = static_cast<std::uint32_t>(active.round.number),
                    .flow = active.round.flow,
                    .ttl = ttl},
                   now);
}

void Tracer::CountFirstTry(std::uint16_t flow, std::uint8_t ttl, std::uint8_t tries) {
  if (flow != 0 || !IsNew(ttl)) {
    return;
  }
  first_tries_.resize(std::max<std::size_t>(first_tries_.size(), ttl));
  first_tries_[ttl - 1U] += tries;
  learning_ &= IsNew(ttl) ? ~std::uint64_t{0} : ~BitOf(ttl);
}

// Tokens do not repeat before 2^16 others: a Feistel network is a permutation, whatever its round
// function. What an answer must prove beyond it is the secret's business.
std::uint32_t Tracer::NextToken() {
  const std::uint32_t count = token_count_++;
  std::uint32_t left = (count >> 8U) & 0xFFU;
  std::uint32_t right = count & 0xFFU;
  for (unsigned round = 0; round < 4; ++round) {
    const auto key = static_cast<std::uint32_t>(settings_.secret[round % 2] >> (16U * round));
    const std::uint32_t mixed = (right ^ (key & 0xFFFFU)) * 0x9e3779b1U;
    left = std::exchange(right, (left ^ (mixed >> 24U)) & 0xFFU);
  }
  const std::uint32_t token = left << 8U | right;
  return token != 0 ? token : NextToken();  // a UDP checksum of 0 means that there is none
}

DueProbe Tracer::MakeProbe(PendingProbe pending, MonoTime now) {
  pending.sent = now;
  pending.token = NextToken();
  pending.flow_port = flow_ports_[pending.flow];
  pending.secret = KeyedHash<2>(settings_.secret, {token_count_, 2}) | 1U;
  if (settings_.protocol == ProbeProtocol::Tcp) {
    // A SYN has no payload for the secret, but a longer number.
    pending.token |= static_cast<std::uint32_t>(pending.secret >> 48U) << 16U;
  }
  return {.number = pending_.Add(pending),
          .packet = {.protocol = settings_.protocol,
                     .source = source_,
                     .destination = *destination_,
                     .ttl = pending.ttl == 0 ? kEndToEndTtl : pending.ttl,
                     .flow_port = pending.flow_port,
                     .destination_port = settings_.trace.port,
                     .token = pending.token,
                     .secret = pending.secret,
                     .payload_bytes = static_cast<std::uint16_t>(settings_.trace.payload_bytes)}};
}

void Tracer::OnSent(std::uint32_t number, MonoTime sent) {
  PendingProbe* pending = pending_.FindNumber(number);
  if (pending != nullptr && pending->state == PendingProbe::State::Awaited) {
    pending->sent = sent;
  }
}

void Tracer::OnSendFailed(std::uint32_t number, std::error_code why) {
  PendingProbe* pending = pending_.FindNumber(number);
  if (pending == nullptr || pending->state != PendingProbe::State::Awaited) {
    return;
  }
  pending_.Settle(*pending, PendingProbe::State::Gone);
  if (pending->ttl == 0) {
    Decide({.kind = EndToEndResult::Kind::Unsent, .flow = pending->flow, .unsent = ReasonOf(why)});
    return;
  }
  has_hop_news_ = true;
  if (ActiveRound* active = FindRound(pending->round)) {
    --active->awaited;
    --active->round.hops[pending->ttl - 1U].sent;
  }
}

ReplyFate Tracer::OnReply(const ProbeReply& reply, MonoTime received) {
  PendingProbe* pending = FindProbe(reply);
  if (pending == nullptr) {
    return ReplyFate::Unmatched;
  }
  // Routers quote as much as they like; an echo reply returns all there was (RFC 792).
  const bool must_know = reply.protocol == ProbeProtocol::Icmp && reply.kind == ReplyKind::Reached;
  if (reply.secret ? *reply.secret != pending->secret : must_know) {
    return ReplyFate::Spoofed;
  }
  if (pending->state == PendingProbe::State::Answered) {
    return ReplyFate::Duplicate;
  }
  if (received - pending->sent > 3 * settings_.trace.timeout) {
    return ReplyFate::Unmatched;
  }
  pending_.Settle(*pending, PendingProbe::State::Answered);
  if (reply.kind == ReplyKind::Unreachable) {
    unreachable_.push_back(reply.code);
  }
  if (pending->ttl == 0) {
    AcceptEndToEnd(*pending, reply, received);
  } else {
    AcceptHop(*pending, reply, received);
  }
  return received - pending->sent > settings_.trace.timeout ? ReplyFate::Late : ReplyFate::Answer;
}

void Tracer::AcceptEndToEnd(const PendingProbe& pending, const ProbeReply& reply,
                            MonoTime received) {
  const bool is_destination = reply.kind == ReplyKind::Reached || reply.responder == destination_;
  const Duration round_trip = std::max<Duration>(received - pending.sent, Duration::zero());
  EndToEndResult result{.flow = pending.flow, .round_trip = round_trip};
  if (!is_destination || reply.kind == ReplyKind::TimeExceeded) {
    result.kind = EndToEndResult::Kind::Lost;  // refused on the way, or caught in a loop
  } else {
    result.kind = round_trip > settings_.trace.timeout ? EndToEndResult::Kind::Late
                                                       : EndToEndResult::Kind::Answered;
  }
  Decide(result);
}

void Tracer::AcceptHop(const PendingProbe& pending, const ProbeReply& reply, MonoTime received) {
  ActiveRound* active = FindRound(pending.round);
  if (active == nullptr) {
    return;
  }
  --active->awaited;
  Hop& hop = active->round.hops[pending.ttl - 1U];
  const Duration round_trip = std::max<Duration>(received - pending.sent, Duration::zero());
  if (round_trip > settings_.trace.timeout) {
    ++hop.late;
  } else {
    hop.replies.push_back({.responder = reply.responder,
                           .round_trip = round_trip,
                           .kind = reply.kind,
                           .reply_ttl = reply.reply_ttl,
                           .quoted_ttl = reply.quoted_ttl,
                           .mpls = reply.mpls});
  }
  const bool is_destination = reply.kind == ReplyKind::Reached || reply.responder == destination_;
  HopOutcome outcome{.flow = pending.flow,
                     .ttl = pending.ttl,
                     .is_answered = true,
                     .is_end = is_destination || reply.kind == ReplyKind::Unreachable,
                     .responder = reply.responder};
  if (round_trip <= settings_.trace.timeout) {
    outcome.round_trip = round_trip;
  }
  hop_outcomes_.push_back(outcome);
  has_hop_news_ = true;
  CountFirstTry(pending.flow, pending.ttl, kMostFirstTries);
  if (is_destination) {
    LearnEnd(*active, pending.ttl, true);
  } else if (reply.kind == ReplyKind::Unreachable) {
    LearnEnd(*active, pending.ttl, false);
  } else if (active->end == 0 && pending.ttl + active->slack > active->highest_planned) {
    PlanQuick(*active, received, pending.ttl + settings_.trace.gap_limit);
  }
  FindNextHop();
}

void Tracer::LearnEnd(ActiveRound& active, std::uint8_t ttl, bool is_destination) {
  const bool is_better = is_destination == active.is_end_destination
                             ? active.end == 0 || ttl < active.end
                             : is_destination;
  if (!is_better) {
    return;
  }
  active.end = ttl;
  active.is_end_destination = is_destination;
  std::erase_if(active.plan, [ttl](const PlannedProbe& planned) { return planned.ttl > ttl; });
}

void Tracer::Decide(const EndToEndResult& result) {
  using Kind = EndToEndResult::Kind;
  ++tally_sent_;
  tally_late_ += result.kind == Kind::Late ? 1 : 0;
  const bool is_lost = result.kind == Kind::Lost || result.kind == Kind::Unsent;
  tally_lost_ += is_lost ? 1 : 0;
  has_loss_ |= is_lost;
  end_to_end_.push_back(result);
}

void Tracer::Expire(MonoTime now) {
  while (!pending_.IsEmpty() && pending_.At(0).sent + 3 * settings_.trace.timeout <= now) {
    PendingProbe& oldest = pending_.At(0);
    if (oldest.state == PendingProbe::State::Awaited && oldest.ttl == 0) {
      Decide({.kind = EndToEndResult::Kind::Lost, .flow = oldest.flow});
    } else if (oldest.state == PendingProbe::State::Awaited) {
      hop_outcomes_.push_back({.flow = oldest.flow, .ttl = oldest.ttl});
      has_hop_news_ = true;
      if (ActiveRound* active = FindRound(oldest.round)) {
        --active->awaited;
      }
    }
    pending_.Settle(oldest, PendingProbe::State::Gone);
    pending_.RemoveOldest();
  }
}

std::optional<Round> Tracer::TakeFinished(MonoTime now, WallTime wall) {
  Expire(now);
  has_hop_news_ = false;
  if (active_.empty() || active_.front().awaited > 0 || !active_.front().plan.empty()) {
    return std::nullopt;
  }
  // What waits for its turn still belongs to this round, until there is another.
  if (waiting_ != 0 && active_.size() == 1 && next_round_ != MonoTime::max()) {
    return std::nullopt;
  }
  if (MustAskAgain(active_.front())) {
    AskAgain(active_.front(), now);
    FindNextHop();
    return std::nullopt;
  }
  has_hop_news_ = true;  // the next one may be over, too
  Conclude(active_.front());
  Round round = std::move(active_.front().round);
  round.started =
      wall - std::chrono::duration_cast<WallTime::duration>(now - active_.front().start);
  active_.erase(active_.begin());
  return round;
}

// The target's own answer may be lost while a probe sent one TTL further still reaches it: the path
// then looks one hop longer. So a silent TTL before the destination is tried again where it is
// unknown or unexpected, and only two equal rounds of a flow in a row count as a longer path.
bool Tracer::MustAskAgain(const ActiveRound& active) {
  return active.is_end_destination && active.end > 1 && active.end > active.expected &&
         active.asked_again != active.end - 1 && active.round.hops[active.end - 2U].sent > 0 &&
         !HasAnswer(active.round.hops[active.end - 2U]);
}

/// Whether `ttl` is answered; where this round has not probed it, as it was before.
bool Tracer::HasAnswered(const ActiveRound& active, std::size_t ttl) const {
  const std::vector<Hop>& hops = active.round.hops;
  const bool is_probed = hops.size() >= ttl && hops[ttl - 1].sent > 0;
  return is_probed ? HasAnswer(hops[ttl - 1])
                   : (memory_[active.round.flow].answering & BitOf(ttl)) != 0;
}

void Tracer::AskAgain(ActiveRound& active, MonoTime now) {
  constexpr int kTimes = 4;
  active.asked_again = static_cast<std::uint8_t>(active.end - 1);
  for (int i = kTimes; i > 0; --i) {
    active.plan.push_back({now + i * kQuickGap, active.asked_again, HopTier::Round});
  }
}

std::uint8_t Tracer::JudgeDistance(const ActiveRound& active) {
  FlowMemory& memory = memory_[active.round.flow];
  const std::vector<Hop>& hops = active.round.hops;
  const std::uint8_t seen = active.is_end_destination ? active.end : std::uint8_t{0};
  const std::uint8_t known = memory.distance;
  const bool is_known_probed = known > 0 && hops.size() >= known && hops[known - 1U].sent > 0;
  const bool is_known_silent = is_known_probed && !HasAnswer(hops[known - 1U]);
  const bool is_suspect = seen > known && is_known_silent && memory.suspected != seen;
  memory.suspected = is_suspect ? seen : std::uint8_t{0};
  if (is_suspect) {
    return known;
  }
  if (seen > 0) {
    return seen;
  }
  const bool has_router_behind = std::any_of(
      hops.begin() + std::min<std::ptrdiff_t>(known, std::ssize(hops)), hops.end(), HasAnswer);
  const bool is_reached_end_to_end = tally_sent_ > tally_lost_;
  const bool is_refuted = is_known_probed && !is_known_silent;
  return !is_refuted && !has_router_behind && is_reached_end_to_end ? known : std::uint8_t{0};
}

void Tracer::Conclude(ActiveRound& active) {
  Round& round = active.round;
  const bool is_distance_probed =
      active.expected == 0 ||
      (round.hops.size() >= active.expected && round.hops[active.expected - 1U].sent > 0);
  round.destination_hop = JudgeDistance(active);
  const std::uint8_t end = round.destination_hop > 0 ? round.destination_hop : active.end;
  const auto answering = static_cast<std::size_t>(std::bit_width(memory_[round.flow].answering));
  round.hops.resize(end > 0 ? end : std::max(round.hops.size(), answering));
  for (std::size_t ttl = 1; ttl <= round.hops.size(); ++ttl) {
    round.hops[ttl - 1].ttl = static_cast<std::uint8_t>(ttl);
    if (HasAnswered(active, ttl)) {
      round.last_responding_hop = static_cast<std::uint8_t>(ttl);
    }
  }
  FlowMemory& memory = memory_[round.flow];
  memory.is_traced = destination_.has_value();
  memory.is_reached =
      is_distance_probed ? active.is_end_destination && memory.suspected == 0 : memory.is_reached;
  Remember(active);
  round.end_to_end_sent = std::exchange(tally_sent_, 0);
  round.end_to_end_late = std::exchange(tally_late_, 0);
  round.end_to_end_lost = std::exchange(tally_lost_, 0);
}

void Tracer::Remember(ActiveRound& active) {
  const Round& round = active.round;
  FlowMemory& memory = memory_[round.flow];
  memory.last_responding = round.last_responding_hop;
  std::uint64_t answering = 0;
  for (std::size_t ttl = 1; ttl <= round.hops.size(); ++ttl) {
    answering |= HasAnswered(active, ttl) ? BitOf(ttl) : 0;
  }
  memory.answering = answering;
  if (round.destination_hop > 0) {
    memory.distance = round.destination_hop;
  }
}

Tracer::Skipped Tracer::TakeSkipped() {
  return std::exchange(skipped_, {});
}

bool Tracer::IsDone() const {
  if (next_round_ != MonoTime::max() || next_end_to_end_ != MonoTime::max() || !active_.empty()) {
    return false;
  }
  return pending_.OldestAwaited() == nullptr;
}

MonoTime Tracer::NextDeadline() const {
  MonoTime deadline = std::min(next_round_, next_end_to_end_);
  if (!is_held_) {
    deadline = std::min(deadline, next_hop_);
  }
  if (const PendingProbe* oldest = pending_.OldestAwaited()) {
    deadline = std::min(deadline, oldest->sent + 3 * settings_.trace.timeout);
  }
  return deadline;
}

bool Tracer::HasHopProbeDue(MonoTime now) const {
  return next_hop_ <= now;
}

PendingProbe* Tracer::FindProbe(const ProbeReply& reply) {
  if (reply.protocol == ProbeProtocol::Udp && reply.token == 0) {
    return FindOnlyAwaited(reply);
  }
  return pending_.FindToken(reply.token, [&](const PendingProbe& pending) {
    return pending.flow_port == reply.flow_port && pending.state != PendingProbe::State::Gone;
  });
}

// An application's UDP answer names its flow but no probe: it is taken only where there is no
// doubt which one it answers.
PendingProbe* Tracer::FindOnlyAwaited(const ProbeReply& reply) {
  PendingProbe* only = nullptr;
  for (std::size_t position = 0; position < pending_.Count(); ++position) {
    PendingProbe& pending = pending_.At(position);
    if (pending.state != PendingProbe::State::Awaited || pending.flow_port != reply.flow_port) {
      continue;
    }
    if (only != nullptr) {
      return nullptr;
    }
    only = &pending;
  }
  return only;
}

Tracer::ActiveRound* Tracer::FindRound(std::uint32_t number) {
  if (active_.empty()) {
    return nullptr;
  }
  const std::uint32_t position = number - static_cast<std::uint32_t>(active_.front().round.number);
  return position < active_.size() ? &active_[position] : nullptr;
}

}  // namespace pathwitness
