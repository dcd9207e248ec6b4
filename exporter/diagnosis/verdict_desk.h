#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "diagnosis/diagnostician.h"
#include "diagnosis/scope.h"
#include "diagnosis/service_blame.h"
#include "diagnosis/service_latency.h"
#include "exporter/diagnosis/verdict_snapshot.h"
#include "probes/base/event_log.h"
#include "probes/https/https_snapshot.h"
#include "probes/reflect/one_way_snapshot.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// A path with what is said of it, as it is seen beside others.
struct JudgedPath {
  VerdictBoard::Pointer said;
  PathState state;
};

/// Judges each path that is traced and each service behind one, and writes what is to be said of it
/// to the board. Verdicts that come, change or end are logged.
class VerdictDesk {
 public:
  /// Everything must outlive the desk.
  VerdictDesk(const HttpsBoard& https, const OneWayBoard& one_way, VerdictBoard& board,
              const Clock& clock, EventLog& log);

  void Apply(const Config& config);
  void SetOwnFault(OwnFault fault) { own_fault_ = fault; }

  /// Looks whether most paths are late, which is then not the fault of each.
  void LookAtAll();

  /// A new snapshot of a trace prober. `owners` is not kept.
  void OnTrace(const TraceSnapshot& trace, const OwnerTable& owners);
  void OnRouteChange(const ProberKey& key, RouteFact change);

  /// All HTTPS probers that there are; those seen before and missing now leave the board.
  void LookAtServices();

  /// A trace prober is gone.
  void Forget(const ProberKey& key);

  bool IsAnythingSaid() const;

  /// The paths of which anything is known, and the services.
  std::vector<JudgedPath> Paths() const;
  std::vector<VerdictBoard::Pointer> Services() const;

 private:
  struct Path {
    Diagnostician diagnostician;
    std::shared_ptr<const Round> round;  // fed last
    std::vector<FlowCounters> flows;     // fed so far
    std::array<std::uint64_t, kUnsentReasonNames.size()> unsent{};
    MonoTime due;  // the next evaluation
    std::vector<HopClass> hops;
    MonoTime hops_due;
    bool is_known = false;
    IpAddress source;
    VerdictBoard::Pointer said;
  };

  struct Service {
    VerdictWatch watch;
    ServiceLatency latency;
    HttpsBoard::Pointer https;  // judged last
    VerdictBoard::Pointer said;
  };

  void OnRequest(Service& service, const HttpsSnapshot& https);
  ServiceEvidence EvidenceOf(const HttpsSnapshot& https) const;
  void FeedRounds(Path& path, const TraceSnapshot& trace) const;
  static std::vector<Counts> NewCounts(Path& path, const TraceSnapshot& trace);
  static std::optional<UnsentReason> NewlyUnsent(Path& path, const TraceSnapshot& trace);
  void FeedOneWay(Path& path, const ProberKey& key, MonoTime now) const;
  std::optional<ServiceSight> SeeService(const ProberKey& path) const;
  MonoTime MonoOf(WallTime time) const;
  WallTime WallOf(MonoTime time) const;
  void Say(VerdictSnapshot now, const SpokenVerdict* spoken, VerdictBoard::Pointer& said);
  void LogNews(const VerdictSnapshot* before, const VerdictSnapshot& now);
  PathState StateOf(const Path& path) const;

  const HttpsBoard& https_;
  const OneWayBoard& one_way_;
  VerdictBoard::Writer writer_;
  const Clock& clock_;
  EventLog& log_;
  std::map<std::string, Duration> until_lost_;  // by target
  std::set<std::string> behind_proxy_;          // services whose connections are to a proxy
  OwnFault own_fault_ = OwnFault::None;
  bool are_all_targets_late_ = false;
  std::map<ProberKey, Path> paths_;
  std::map<ProberKey, Service> services_;
};

}  // namespace pathwitness
