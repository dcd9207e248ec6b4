#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "config/config.h"
#include "diagnosis/diagnostician.h"
#include "diagnosis/service_blame.h"
#include "exporter/diagnosis/verdict_snapshot.h"
#include "probes/base/event_log.h"
#include "probes/https/https_snapshot.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// Judges each path that is traced and each service behind one, and writes what is to be said of it
/// to the board. Verdicts that come, change or end are logged.
class VerdictDesk {
 public:
  /// Everything must outlive the desk.
  VerdictDesk(const HttpsBoard& https, VerdictBoard& board, const Clock& clock, EventLog& log);

  void Apply(const Config& config);
  void SetOwnFault(OwnFault fault) { own_fault_ = fault; }

  /// A new snapshot of a trace prober. `owners` is not kept.
  void OnTrace(const TraceSnapshot& trace, const OwnerTable& owners);
  void OnRouteChange(const ProberKey& key);

  /// All HTTPS probers that there are; those seen before and missing now leave the board.
  void LookAtServices();

  /// A trace prober is gone.
  void Forget(const ProberKey& key);

 private:
  struct Path {
    Diagnostician diagnostician;
    std::shared_ptr<const Round> round;  // fed last
    std::vector<FlowCounters> flows;     // fed so far
    std::array<std::uint64_t, kUnsentReasonNames.size()> unsent{};
    MonoTime due;  // the next evaluation
    bool is_known = false;
    std::optional<Verdict> said;
  };

  struct Service {
    VerdictWatch watch;
    HttpsBoard::Pointer https;  // judged last
    std::optional<Verdict> said;
  };

  void OnRequest(Service& service, const HttpsSnapshot& https);
  ServiceEvidence EvidenceOf(const HttpsSnapshot& https) const;
  void FeedRound(Path& path, const TraceSnapshot& trace) const;
  static std::vector<Counts> NewCounts(Path& path, const TraceSnapshot& trace);
  static std::optional<UnsentReason> NewlyUnsent(Path& path, const TraceSnapshot& trace);
  std::optional<ServiceSight> SeeService(const ProberKey& path) const;
  MonoTime MonoOf(WallTime time) const;
  WallTime WallOf(MonoTime time) const;
  void Say(const ProberKey& key, std::optional<Verdict>& said, const SpokenVerdict* spoken);

  const HttpsBoard& https_;
  VerdictBoard::Writer writer_;
  const Clock& clock_;
  EventLog& log_;
  std::map<std::string, Duration> until_lost_;  // by target
  OwnFault own_fault_ = OwnFault::None;
  std::map<ProberKey, Path> paths_;
  std::map<ProberKey, Service> services_;
};

}  // namespace pathwitness
