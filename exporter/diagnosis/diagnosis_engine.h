#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "config/config.h"
#include "diagnosis/owners.h"
#include "diagnosis/route_watch.h"
#include "exporter/diagnosis/incident_desk.h"
#include "exporter/diagnosis/own_watch.h"
#include "exporter/diagnosis/route_snapshot.h"
#include "exporter/diagnosis/verdict_desk.h"
#include "probes/asn/asn_database.h"
#include "probes/base/event_log.h"
#include "probes/engine.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// What the engine reads and writes. Everything must outlive it.
struct DiagnosisBoards {
  const TraceBoard& traces;
  const TraceSelfBoard& trace_self;
  const HttpsBoard& https;
  const OneWayBoard& one_way;
  const DnsBoard& dns;
  RouteBoard& routes;
  AsnBoard& asn;
  VerdictBoard& verdicts;
  IncidentBoard& incidents;
};

/// Judges what the trace probers saw: follows their routes, tells whose the hops are, and whom
/// faults are to be blamed on.
///
/// It looks at the board of traces twice a second and takes each round that is shown there once,
/// also those that ended together. A change of route is logged.
class DiagnosisEngine final : public Engine {
 public:
  /// `clock` and `log` must outlive the engine. `clock` and Turn's `now` are the same time.
  DiagnosisEngine(const DiagnosisBoards& boards, const Clock& clock, EventLog& log);

  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override;
  int Descriptor() const override { return -1; }

  static constexpr Duration kLooksEvery = std::chrono::milliseconds(500);
  static constexpr Duration kLooksAtItselfEvery = std::chrono::seconds(1);
  static constexpr Duration kLooksForCausesEvery = std::chrono::seconds(5);

 private:
  struct Path {
    RouteWatch watch;
    RouteBoard::Pointer said;   // what the board shows; null at first
    TraceBoard::Pointer trace;  // looked at last
    OwnWatch::Sight sight;
    std::uint64_t table = 0;  // the owner table that `said` is by
  };

  OwnWatch::AnchorSight SeeAnchors() const;
  void RefreshDatabase(MonoTime now);
  void RebuildTable();
  void LookAtBoards(MonoTime now);
  void ForgetOthers(const std::vector<TraceBoard::Pointer>& traces);
  void Look(Path& path, const TraceBoard::Pointer& trace);
  void Take(RouteSnapshot& snapshot, const RouteEvent& event);
  void TellOwners(Path& path, const TraceSnapshot& trace, RouteSnapshot& snapshot) const;
  void LookForCauses(MonoTime now);
  void LogChange(const RouteSnapshot& snapshot);

  DiagnosisBoards boards_;
  RouteBoard::Writer route_writer_;
  AsnBoard::Writer asn_writer_;
  const Clock& clock_;
  EventLog& log_;

  std::shared_ptr<const Config> config_;
  AsnDatabase database_{""};
  OwnerTable owners_{{}, {}, nullptr};
  std::uint64_t table_ = 0;  // counts owner tables
  std::map<ProberKey, Path> paths_;
  OwnWatch own_;
  VerdictDesk verdicts_;
  IncidentDesk incidents_;
  MonoTime own_due_;
  MonoTime incidents_due_;
  MonoTime look_due_;
  MonoTime database_due_ = MonoTime::max();
};

}  // namespace pathwitness
