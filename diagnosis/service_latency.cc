#include "diagnosis/service_latency.h"

#include <array>
#include <chrono>

namespace pathwitness {
namespace {

constexpr Duration kWindow = std::chrono::minutes(2);

Hop HopOf(std::uint8_t ttl, Duration round_trip) {
  Hop hop{.ttl = ttl, .sent = 1};
  hop.replies.push_back({.responder = {}, .round_trip = round_trip});
  return hop;
}

}  // namespace

// The destination stays the same whatever address is asked: the service is what is judged.
void ServiceLatency::OnRequest(const ServiceTimes& times, MonoTime at) {
  Round round;
  round.hops = {HopOf(1, times.connect), HopOf(2, times.first_byte)};
  round.destination_hop = 2;
  round.last_responding_hop = 2;
  history_.OnEndToEnd(std::array{Counts{.sent = 1, .received = 1}}, at);
  history_.OnRound(round, at);
}

LatencyEvidence ServiceLatency::Evidence(MonoTime now) const {
  for (const Duration window : {kWindow, PathHistory::kRecent}) {
    const MonoTime since = now - window;
    if (history_.EndToEnd(since).sent < kFewestRequests) {
      continue;
    }
    LatencyEvidence evidence = history_.Latency(since, LatencyPast::HalfHour);
    if (BlameLatency(evidence).state == LatencyState::Latency) {
      return evidence;
    }
    return history_.Latency(since, LatencyPast::Day);
  }
  return {};
}

}  // namespace pathwitness
