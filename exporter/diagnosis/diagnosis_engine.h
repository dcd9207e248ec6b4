#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "config/config.h"
#include "diagnosis/owners.h"
#include "diagnosis/route_watch.h"
#include "exporter/diagnosis/route_snapshot.h"
#include "probes/asn/asn_database.h"
#include "probes/base/event_log.h"
#include "probes/engine.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// Judges what the trace probers saw: follows their routes and tells whose the hops are.
///
/// It looks at the board of traces twice a second, so it sees every round of a prober, whose
/// interval is at least a second. A change of route is logged.
class DiagnosisEngine final : public Engine {
 public:
  /// Everything must outlive the engine. `clock` and Turn's `now` are the same time.
  DiagnosisEngine(const TraceBoard& traces, RouteBoard& routes, AsnBoard& asn, const Clock& clock,
                  EventLog& log);

  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override;
  int Descriptor() const override { return -1; }

  static constexpr Duration kLooksEvery = std::chrono::milliseconds(500);

 private:
  struct Path {
    RouteWatch watch;
    RouteSnapshot snapshot;
    TraceBoard::Pointer trace;  // looked at last
    std::uint64_t table = 0;    // the owner table that `snapshot` is by
  };

  void RefreshDatabase(MonoTime now);
  void RebuildTable();
  void LookAtTraces();
  void ForgetOthers(const std::vector<TraceBoard::Pointer>& traces);
  void Look(Path& path, const TraceBoard::Pointer& trace);
  void Take(RouteSnapshot& snapshot, const RouteEvent& event);
  void TellOwners(Path& path, const TraceSnapshot& trace) const;
  void LogChange(const RouteSnapshot& snapshot);

  const TraceBoard& traces_;
  RouteBoard& routes_;
  RouteBoard::Writer route_writer_;
  AsnBoard::Writer asn_writer_;
  const Clock& clock_;
  EventLog& log_;

  std::shared_ptr<const Config> config_;
  AsnDatabase database_{""};
  OwnerTable owners_{{}, {}, nullptr};
  std::uint64_t table_ = 0;  // counts owner tables
  std::map<ProberKey, Path> paths_;
  MonoTime look_due_;
  MonoTime database_due_ = MonoTime::max();
};

}  // namespace pathwitness
