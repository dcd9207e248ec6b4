#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "probes/trace/shared_paths.h"
#include "probes/trace/trace_snapshot.h"
#include "probes/trace/tracer.h"

namespace pathwitness {

/// Folds what one tracer found out into the counters that its snapshots show. Pure.
class TraceLedger {
 public:
  /// `flows`: over how many rounds the path's length is remembered, since each flow may have its
  /// own.
  TraceLedger(ProberKey key, std::vector<double> bounds, unsigned flows, WallTime start);

  /// Goes on from what an engine before left, and counts the restart.
  void Resume(const TraceSnapshot& previous);

  void Reconfigure(Duration interval, std::vector<double> bounds, unsigned flows);
  void SetAddresses(std::string address, std::string source, std::uint16_t port);
  void SetFlowPorts(std::vector<std::uint16_t> ports) { snapshot_.flow_ports = std::move(ports); }

  void OnAttempt(WallTime now) { snapshot_.status.last_attempt = now; }
  void OnEndToEnd(const EndToEndResult& result);
  void OnUnreachable(UnreachableCode code);
  /// Evidence that others brought for a hop. Pre: the hop answered this prober once.
  void OnCredit(const PathMembership::Credit& credit);
  void OnSkipped(SkipReason reason, std::uint64_t rounds);

  /// Stores a round: the pulse advances to `now`. True when its state is news (EnterState).
  bool OnRound(Round round, WallTime now);

  const ProberStatus& Status() const { return snapshot_.status; }
  std::shared_ptr<const TraceSnapshot> Snapshot() const;

 private:
  HopCounters& CountersOf(std::uint8_t ttl);
  bool TakeTrouble();
  void CountFlow(const EndToEndResult& result);
  void CountHop(const Hop& hop);
  void TrackLength(std::size_t length);
  void ShowRound(Round round, WallTime now);

  TraceSnapshot snapshot_;
  std::vector<HopCounters> hops_;      // of all TTLs ever probed
  std::vector<std::uint64_t> seen_;    // round in which the hop's address answered last
  std::vector<std::uint8_t> lengths_;  // of the last `flows_` rounds, the oldest first
  std::size_t flows_;
  std::uint64_t lost_before_ = 0;  // end to end, before the present round
  bool has_answer_ = false;        // end to end, since the last round
};

}  // namespace pathwitness
