#pragma once

#include <memory>
#include <string>

#include "config/config.h"
#include "exporter/history/history_values.h"
#include "exporter/web/routes.h"
#include "probes/base/time.h"
#include "probes/dns/dns_snapshot.h"
#include "probes/engine_thread.h"

namespace pathwitness {

/// Where measurements on demand are made. Everything outlives the answers.
struct Probers {
  const DnsBoard& dns;
  EngineThread& trace;  // drives a TraceEngine
  EngineThread& https;  // drives an HttpsEngine
  EngineThread& pulse;  // drives a PulseEngine
  const Clock& clock;
};

/// Makes the one measurement that `order` asks for and waits for it, for at most its timeout.
///
/// The target is a configured one, or a literal address in one of `config.probe_allow`, measured
/// with the built-in defaults. A target without an address is down for the reason `dns`, which is a
/// measurement too. May be called from any thread but the engines'.
ProbeOutcome ProbeOnDemand(const ProbeOrder& order, const Config& config, const Probers& probers);

/// Hands a pushed heartbeat to the pulse engine and waits until it is stored, for at most 4 s.
HeartbeatOutcome StoreHeartbeat(const std::string& target, const Config& config,
                                const Probers& probers);

/// Has `history`, which drives a HistoryEngine, keep what somebody wrote about an incident, and
/// waits until it is on disk, for at most 4 s; NotWritten then says that nobody knows. May be
/// called from any thread but the engine's.
FollowUpOutcome StoreFollowUp(const std::string& incident, const FollowUp& follow_up,
                              EngineThread& history);

}  // namespace pathwitness
