#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "probes/trace/flow_key.h"
#include "probes/trace/trace_engine.h"
#include "probes/trace/trace_prober.h"

// The turns of TraceEngine: packets in, the tracers' wishes, packets out.
namespace pathwitness {
namespace {

constexpr Duration kPublishInterval = std::chrono::seconds(5);
constexpr Duration kDeferral =
    std::chrono::milliseconds(100);  // by a network's or first hop's limit
constexpr std::size_t kBatch = 64;
constexpr std::size_t kFetched = 32;  // probers at a time

/// "EPERM" rather than a sentence that depends on the locale.
std::string ErrorName(std::error_code error) {
  const char* name = strerrorname_np(error.value());
  return name != nullptr ? name : "unknown";
}

}  // namespace

void TraceEngine::Turn(MonoTime now) {
  turn_wall_ = clock_.WallNow();
  Receive();
  if (now >= next_look_ && config_ != nullptr) {
    LookAtAddresses(now);
    FocusOnFailing(now);
    PublishSelf();
  }
  ServeWaiting(now);
  wheel_.Expire(now, [this](std::uint32_t index) { Touch(index); });
  ServiceTouched(now);
  ServeHeld(now);
  Flush();
}

void TraceEngine::Receive() {
  // Bounded, so that a flood cannot keep the engine from sending.
  for (int i = 0; i < 256; ++i) {
    const Arrivals arrivals = port_->Receive();
    if (arrivals.datagrams.empty() && arrivals.sends.empty()) {
      return;
    }
    // Send stamps first: the replies of this batch are measured from them.
    OnReports(arrivals.sends);
    OnDatagrams(arrivals.datagrams);
  }
}

void TraceEngine::OnReports(std::span<const SendReport> reports) {
  while (!reports.empty()) {
    const auto part = reports.first(std::min(reports.size(), kFetched));
    FetchProbers(part.size(),
                 [&](std::size_t i) { return static_cast<std::uint32_t>(part[i].id >> 32U); });
    std::ranges::for_each(part, [this](const SendReport& report) { OnReport(report); });
    reports = reports.subspan(part.size());
  }
}

void TraceEngine::OnReport(const SendReport& report) {
  const auto index = static_cast<std::uint32_t>(report.id >> 32U);
  if (report.error) {
    ++send_errors_[ErrorName(report.error)];
  }
  if (index >= probers_.size() || probers_[index] == nullptr) {
    return;
  }
  const auto number = static_cast<std::uint32_t>(report.id);
  if (!report.error) {
    probers_[index]->tracer.OnSent(number, report.sent);
    return;
  }
  probers_[index]->tracer.OnSendFailed(number, report.error);
  Touch(index);
}

void TraceEngine::OnDatagrams(std::span<const Datagram> datagrams) {
  Decode(datagrams);
  for (Arrival& arrival : arrivals_) {
    arrival.index = flows_.Find(arrival.flow).value_or(kNobody);
  }
  FetchProbers(arrivals_.size(), [this](std::size_t i) { return arrivals_[i].index; });
  for (const Arrival& arrival : arrivals_) {
    Count(OfferToTracers(arrival));
  }
}

void TraceEngine::Decode(std::span<const Datagram> datagrams) {
  arrivals_.clear();
  for (const Datagram& datagram : datagrams) {
    std::variant<ProbeReply, DecodeError> decoded = DecodeReply(datagram.reply);
    if (const DecodeError* error = std::get_if<DecodeError>(&decoded)) {
      ++(*error == DecodeError::Malformed ? self_.replies_malformed : self_.replies_unmatched);
      continue;
    }
    auto& reply = std::get<ProbeReply>(decoded);
    const std::uint64_t flow = HashOf({reply.destination, reply.protocol, reply.flow_port});
    flows_.Prefetch(flow);
    arrivals_.push_back({.reply = std::move(reply), .received = datagram.received, .flow = flow});
  }
}

void TraceEngine::Count(ReplyFate fate) {
  switch (fate) {
    case ReplyFate::Answer:
      break;
    case ReplyFate::Late:
      ++self_.replies_late;
      break;
    case ReplyFate::Duplicate:
      ++self_.replies_duplicate;
      break;
    case ReplyFate::Spoofed:
      ++self_.replies_spoofed;
      break;
    case ReplyFate::Unmatched:
      ++self_.replies_unmatched;
      break;
  }
}

/// Two targets with one address may have drawn the same flow port: the token then tells them apart.
ReplyFate TraceEngine::OfferToTracers(const Arrival& arrival) {
  ReplyFate fate = ReplyFate::Unmatched;
  flows_.ForEach(arrival.flow, [&](std::uint32_t index) {
    Tracer& tracer = probers_[index]->tracer;
    const ReplyFate offered = tracer.OnReply(arrival.reply, arrival.received);
    const bool is_taken = offered == ReplyFate::Answer || offered == ReplyFate::Late;
    if (is_taken && tracer.HasUrgentResults()) {
      Touch(index);
    }
    fate = is_taken || fate == ReplyFate::Unmatched ? offered : fate;
    return is_taken;
  });
  return fate;
}

void TraceEngine::Touch(std::uint32_t index) {
  if (!is_touched_[index]) {
    is_touched_[index] = true;
    touched_.push_back(index);
  }
}

void TraceEngine::ServiceTouched(MonoTime now) {
  std::span<const std::uint32_t> rest(touched_);
  while (!rest.empty()) {
    const auto part = rest.first(std::min(rest.size(), kFetched));
    FetchProbers(part.size(), [part](std::size_t i) { return part[i]; });
    for (const std::uint32_t index : part) {
      is_touched_[index] = false;
      Service(index, now);
    }
    rest = rest.subspan(part.size());
  }
  touched_.clear();
}

void TraceEngine::Service(std::uint32_t index, MonoTime now) {
  if (probers_[index] == nullptr) {
    return;
  }
  Prober& prober = *probers_[index];
  CollectProbes(prober, now);
  prober.tracer.Expire(now);
  // Answers end to end are counted when there is more to do: the ledger is far away.
  if (now - prober.published >= kPublishInterval) {
    CollectResults(prober, now);
    if (prober.is_dirty) {
      Publish(prober, now);
    }
  } else if (prober.tracer.HasUrgentResults()) {
    CollectResults(prober, now);
  }
  if (prober.done && prober.tracer.IsDone()) {
    CollectResults(prober, now);
    prober.done(SnapshotOf(prober));
    Unseat(index);
    return;
  }
  Schedule(prober, now);
}

void TraceEngine::Schedule(const Prober& prober, MonoTime now) {
  const MonoTime deadline = prober.tracer.NextDeadline();
  const bool is_polled = prober.is_deferred && !prober.is_queued;
  wheel_.Set(prober.index, is_polled ? std::min(deadline, now + kDeferral) : deadline);
}

void TraceEngine::CollectProbes(Prober& prober, MonoTime now) {
  const auto ask = [&](std::uint16_t flow, std::uint8_t ttl, HopTier tier) {
    return Permit(prober, flow, ttl, tier, now);
  };
  const HopPermit permit = std::ref(ask);  // by value it would be allocated
  while (const std::optional<DueProbe> due = prober.tracer.NextProbe(now, permit)) {
    Post(prober, *due);
  }
  prober.is_deferred = prober.tracer.IsHeld();
}

void TraceEngine::Post(Prober& prober, const DueProbe& due) {
  if (due.packet.ttl != kEndToEndTtl) {
    served_.reset();  // its turn is over
    networks_.Spend(prober.network);
    first_hops_.Spend(prober.first_hop);
  }
  budget_.Spend();
  ++self_.packets_sent[static_cast<std::size_t>(due.packet.destination.Family())];
  const std::uint64_t id = (static_cast<std::uint64_t>(prober.index) << 32U) | due.number;
  batch_.push_back(
      {.id = id, .probe = due.packet, .route = prober.has_route ? &prober.route : nullptr});
  prober.attempted = turn_wall_;
  if (batch_.size() >= kBatch) {
    Flush();
  }
}

void TraceEngine::Flush() {
  if (batch_.empty()) {
    return;
  }
  port_->Send(batch_);
  // Until the kernel's stamp comes, and where none does: the time when the batch was handed over.
  const MonoTime sent = clock_.Now();
  for (const Outgoing& outgoing : batch_) {
    probers_[outgoing.id >> 32U]->tracer.OnSent(static_cast<std::uint32_t>(outgoing.id), sent);
  }
  batch_.clear();
}

MonoTime TraceEngine::NextDeadline() const {
  const MonoTime waiting = held_.empty() ? responders_.NextDeadline() : MonoTime::min();
  const MonoTime served =
      waiting == MonoTime::max() ? waiting : std::max(waiting, budget_.NextToken());
  return std::min({next_look_, wheel_.NextDeadline(clock_.Now()), served});
}

}  // namespace pathwitness
