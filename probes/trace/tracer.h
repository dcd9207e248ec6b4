#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "config/config.h"
#include "probes/base/ip_address.h"
#include "probes/base/keyed_hash.h"
#include "probes/base/prefetch.h"
#include "probes/base/time.h"
#include "probes/packet/probe_codec.h"
#include "probes/trace/pending_probes.h"
#include "probes/trace/round.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// The TTL of end-to-end probes; those of hops have lower ones.
inline constexpr std::uint8_t kEndToEndTtl = 64;

/// What a tracer makes of a reply that carries one of its flows.
enum class ReplyFate : std::uint8_t {
  Answer,
  Late,       // between timeout and 3x timeout: counted, its round trip is not used
  Duplicate,  // the probe was answered before
  Unmatched,  // no probe of ours is waiting for it: older than 3x timeout, replayed, or guessed
  Spoofed,    // names a probe of ours but not its secret
};

/// What became of one end-to-end probe.
struct EndToEndResult {
  enum class Kind : std::uint8_t { Answered, Late, Lost, Unsent };

  Kind kind = Kind::Lost;
  std::uint16_t flow = 0;
  Duration round_trip{};                          // of Answered
  UnsentReason unsent = UnsentReason::SendError;  // of Unsent
};

/// What a hop probe is for. Under a tight packet budget the last kind goes first.
enum class HopTier : std::uint8_t {
  Round,
  Focus,  // more of them while the path is in trouble
};

enum class HopVerdict : std::uint8_t {
  Send,
  Wait,  // the responder's turn has not come: the prober is told when it has (ProbeWaiting)
  Hold,  // no hop probe now: ask again when IsHeld's reason is over
  Drop,  // not sent at all
};

/// Asked for each hop probe that is due.
using HopPermit = std::function<HopVerdict(std::uint16_t flow, std::uint8_t ttl, HopTier tier)>;

/// What became of one hop probe.
struct HopOutcome {
  std::uint16_t flow = 0;
  std::uint8_t ttl = 0;
  bool is_answered = false;
  bool is_end = false;  // the destination, or a router that refuses; no router of the path
  IpAddress responder;  // of an answer
  std::optional<Duration> round_trip;  // of an answer in time
};

/// A probe to be sent, and the number by which its fate is told to the tracer.
struct DueProbe {
  std::uint32_t number = 0;
  ProbePacket packet;
};

/// The rounds of one target over one protocol and family: decides the next probe, matches replies,
/// ends rounds. It has no socket, no clock and no thread; it is fed and asked, and one driver
/// serves thousands.
///
/// After any On... or Retarget call, NextDeadline may have changed; ask again. Asking more often
/// than needed is harmless.
///
/// Two trains. *End to end*: a probe with a full TTL every `end_to_end_interval`, flows in turn.
/// *Hops*: in each round one flow (the first one again and again as long as probes of TTLs that it
/// has not seen answer must wait for their turn), TTLs from 1 to the known distance of that flow in
/// random order, spread over the round. Where the distance is not known, or a router answers where
/// the destination was expected, TTLs follow each other quickly up to `gap_limit` beyond the last
/// responder.
///
/// A round is over when its probes are answered or 3x timeout old; the next one starts on time
/// meanwhile, so several may be under way.
class Tracer {
 public:
  struct Settings {
    std::string target;  // the flows are derived from it
    ProbeProtocol protocol = ProbeProtocol::Icmp;
    TraceConfig trace;
    HashKey secret{};                    // of tokens and payload keys
    std::uint64_t round_limit = 0;       // 0: none; for one measurement now
    std::uint64_t end_to_end_limit = 0;  // 0: none
  };

  Tracer(Settings settings, MonoTime first_round);

  /// Where to probe from now on. The path is learned anew when an address differs; counters and
  /// rounds go on. Without a call, or after Untarget, probes are due but cannot be sent.
  void Retarget(const IpAddress& destination, const IpAddress& source);
  void Untarget(UnsentReason reason);

  /// Takes changed intervals, limits and timeouts; flows under way stay.
  void Reconfigure(const TraceConfig& trace);

  /// The next probe that is due; ask until empty. `permit` decides about hop probes.
  std::optional<DueProbe> NextProbe(MonoTime now, const HopPermit& permit);

  /// The probe with TTL `ttl` for which `permit` said Wait, now that its turn has come. It goes
  /// with the round under way, whose flow may be another. Empty when it has become useless.
  std::optional<DueProbe> ProbeWaiting(std::uint8_t ttl, MonoTime now);

  /// Rounds that begin before `until` probe each hop once a second.
  void Focus(MonoTime until) { focus_until_ = until; }

  /// True: nobody has answered the first flow at `ttl` yet, and it has not been tried too often.
  bool IsNew(std::uint8_t ttl) const {
    return ttl > first_tries_.size() || first_tries_[ttl - 1U] < kMostFirstTries;
  }

  /// The time at which the kernel sent a probe. Without it the time of NextProbe counts.
  void OnSent(std::uint32_t number, MonoTime sent);
  void OnSendFailed(std::uint32_t number, std::error_code why);
  ReplyFate OnReply(const ProbeReply& reply, MonoTime received);

  /// When NextProbe or the results must be asked again; MonoTime::max(): never. After a Hold the
  /// hop probes are left out: whoever held them knows better.
  MonoTime NextDeadline() const;

  /// True when a hop probe is due and was held back.
  bool IsHeld() const { return is_held_; }

  /// A round that is over, each once, in order; ask until empty. `wall` is the wall clock at `now`.
  std::optional<Round> TakeFinished(MonoTime now, WallTime wall);

  /// Calls `take(result)` for the end-to-end probes whose fate was decided since the last call, in
  /// the order of deciding.
  template <typename Take>
  void TakeEndToEnd(MonoTime now, Take take) {
    Expire(now);
    std::for_each(end_to_end_.begin(), end_to_end_.end(), take);
    end_to_end_.clear();
    has_loss_ = false;
  }

  /// Calls `take(outcome)` for the hop probes of which the same holds, in no order.
  template <typename Take>
  void TakeHopOutcomes(Take take) {
    std::for_each(hop_outcomes_.begin(), hop_outcomes_.end(), take);
    hop_outcomes_.clear();
  }

  /// Calls `take(code)` for each ICMP unreachable that answered any probe since the last call.
  template <typename Take>
  void TakeUnreachable(Take take) {
    std::for_each(unreachable_.begin(), unreachable_.end(), take);
    unreachable_.clear();
  }

  /// Gives up probes that are too old to be answered, as asking for results does.
  void Expire(MonoTime now);

  /// False: all there is to take are answers end to end, which can as well wait for others.
  bool HasUrgentResults() const {
    return has_hop_news_ || has_loss_ || !unreachable_.empty() || next_round_ == MonoTime::max();
  }

  /// Has the processor fetch what the next probe or reply needs. Pre: the tracer itself is there.
  void PrefetchParts() const {
    pending_.Prefetch();
    Prefetch(flow_ports_.data());
    Prefetch(active_.data(), sizeof(ActiveRound));
    Prefetch(end_to_end_.data() + end_to_end_.size());
  }

  /// True when the limits are reached and nothing is awaited any more.
  bool IsDone() const;

  /// What was not done since the last call: rounds that were not begun, and hop probes.
  struct Skipped {
    std::uint64_t overrun = 0;     // rounds: their time was over before anybody asked
    std::uint64_t budget = 0;      // rounds: no probe of the one before was permitted yet
    std::uint64_t shed_hops = 0;   // probes held back until their round was over, or dropped
    std::uint64_t shed_focus = 0;  // the same, of focus

    bool operator==(const Skipped&) const = default;
  };
  Skipped TakeSkipped();

  /// The flow ports, flow i at index i: the key by which an engine finds the tracer of a reply.
  const std::vector<std::uint16_t>& FlowPorts() const { return flow_ports_; }
  ProbeProtocol Protocol() const { return settings_.protocol; }
  const TraceConfig& Trace() const { return settings_.trace; }
  const std::optional<IpAddress>& Destination() const { return destination_; }
  const IpAddress& Source() const { return source_; }

 private:
  static constexpr std::uint8_t kMostFirstTries = 3;

  struct PlannedProbe {
    MonoTime due;
    std::uint8_t ttl = 0;
    HopTier tier = HopTier::Round;
  };
  struct ActiveRound {
    Round round;
    MonoTime start;
    MonoTime next_quick;             // earliest time for the next quick probe
    std::vector<PlannedProbe> plan;  // the next one last
    unsigned awaited = 0;
    std::uint8_t highest_planned = 0;
    std::uint8_t slack = 1;  // silent TTLs that may lie between responder and plan's end
    std::uint8_t end = 0;    // lowest TTL at which the path ended; 0: not seen yet
    bool is_end_destination = false;
    std::uint8_t expected = 0;     // the flow's distance when the round began; 0: unknown
    std::uint8_t asked_again = 0;  // the TTL at which MustAskAgain was obeyed last
  };
  /// What is remembered of a flow's path from round to round.
  struct FlowMemory {
    std::uint8_t distance = 0;         // TTL at which the destination answers; 0: unknown
    std::uint8_t suspected = 0;        // a longer one that was seen once
    bool is_reached = false;           // in the last round
    bool is_traced = false;            // at least one round is over
    std::uint8_t last_responding = 0;  // in the last round
    std::uint64_t answering = 0;       // TTLs (from 1, in bit 0) answered when last probed
  };

  void DeriveFlowPorts();
  void Forget();
  void BeginRoundsUntil(MonoTime now);
  bool HasHopProbeDue(MonoTime now) const;
  std::uint16_t FlowOf(std::uint64_t round) const;
  void Shed(const PlannedProbe& planned);
  void CountFirstTry(std::uint16_t flow, std::uint8_t ttl, std::uint8_t tries);
  void BeginRound(MonoTime start);
  void FindNextHop();
  void PlanSpread(ActiveRound& active, unsigned last_ttl) const;
  void PlanQuick(ActiveRound& active, MonoTime from, unsigned last_ttl) const;
  void Decide(const EndToEndResult& result);
  std::uint32_t NextToken();
  DueProbe MakeProbe(PendingProbe pending, MonoTime now);
  std::optional<DueProbe> NextEndToEnd(MonoTime now);
  std::optional<DueProbe> NextHop(MonoTime now, const HopPermit& permit);
  HopVerdict Judge(std::uint16_t flow, const PlannedProbe& planned, const HopPermit& permit);
  DueProbe SendHop(ActiveRound& active, std::uint8_t ttl, MonoTime now);
  PendingProbe* FindProbe(const ProbeReply& reply);
  PendingProbe* FindOnlyAwaited(const ProbeReply& reply);
  ActiveRound* FindRound(std::uint32_t number);
  void AcceptEndToEnd(const PendingProbe& pending, const ProbeReply& reply, MonoTime received);
  void AcceptHop(const PendingProbe& pending, const ProbeReply& reply, MonoTime received);
  static void LearnEnd(ActiveRound& active, std::uint8_t ttl, bool is_destination);
  bool HasAnswered(const ActiveRound& active, std::size_t ttl) const;
  static bool MustAskAgain(const ActiveRound& active);
  static void AskAgain(ActiveRound& active, MonoTime now);
  std::uint8_t JudgeDistance(const ActiveRound& active);
  void Conclude(ActiveRound& active);
  void Remember(ActiveRound& active);

  // With thousands of tracers each probe waits for its tracer's memory. What every probe needs
  // comes first and lies together; what only a round needs comes last.
  MonoTime next_round_;
  MonoTime next_end_to_end_;
  MonoTime next_hop_ = MonoTime::max();  // the earliest of all plans
  PendingProbes pending_;
  std::vector<ActiveRound> active_;  // oldest first
  std::vector<EndToEndResult> end_to_end_;
  std::vector<HopOutcome> hop_outcomes_;
  std::vector<UnreachableCode> unreachable_;
  std::vector<std::uint16_t> flow_ports_;
  std::uint64_t end_to_end_count_ = 0;
  std::uint32_t token_count_ = 0;
  std::uint32_t tally_sent_ = 0;  // end-to-end results since the last finished round
  std::uint32_t tally_late_ = 0;
  std::uint32_t tally_lost_ = 0;
  std::uint64_t waiting_ = 0;   // TTLs (from 1, in bit 0) for which the permit said Wait
  std::uint64_t learning_ = 0;  // of the TTLs that are new, those that have had to wait
  Skipped skipped_;
  bool is_held_ = false;       // the permit said Hold to a probe that is still due
  bool has_hop_news_ = false;  // since the rounds were last found not to be over
  bool has_loss_ = false;      // among end_to_end_
  UnsentReason unsent_reason_ = UnsentReason::Dns;
  std::optional<IpAddress> destination_;
  IpAddress source_;
  Settings settings_;
  std::uint64_t rounds_begun_ = 0;
  std::vector<FlowMemory> memory_;         // by flow
  std::vector<std::uint8_t> first_tries_;  // of the first flow, by TTL from 1
  MonoTime focus_until_;
};

}  // namespace pathwitness
