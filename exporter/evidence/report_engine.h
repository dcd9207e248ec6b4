#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "exporter/archive/report_files.h"
#include "exporter/diagnosis/incident_snapshot.h"
#include "exporter/diagnosis/route_snapshot.h"
#include "exporter/diagnosis/verdict_snapshot.h"
#include "exporter/history/history_reader.h"
#include "probes/base/time.h"
#include "probes/engine.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// What tells when a report is due. Everything must outlive the engine.
struct ReportBoards {
  const TraceBoard& traces;
  const RouteBoard& routes;
  const VerdictBoard& verdicts;
  const IncidentBoard& incidents;
};

/// Makes reports of what is in trouble, unasked, so that they are there before anybody looks for
/// them: each `archive.every` of targets with a verdict or a changed route, and of each incident's
/// witness when it opens (what was before) and 15 minutes after it closed (all of it, and what came
/// after). Facts come from the history; without one there are no reports.
///
/// One report a turn, so that a fault of thousands of targets does not hold up the thread.
class ReportEngine final : public Engine {
 public:
  /// Takes a report that is ready; must not wait. Called on the engine's thread.
  using Keep = std::function<void(ReportFiles report)>;

  /// `clock` and Turn's `now` are the same time.
  ReportEngine(const ReportBoards& boards, Keep keep, const Clock& clock);

  void Apply(std::shared_ptr<const Config> config, MonoTime now) override;
  void Turn(MonoTime now) override;
  MonoTime NextDeadline() const override { return due_; }
  int Descriptor() const override { return -1; }

  static constexpr Duration kLooksEvery = std::chrono::seconds(1);
  static constexpr Duration kAfterwards = std::chrono::minutes(15);
  /// Until what was measured is in the history.
  static constexpr Duration kUntilWritten = std::chrono::seconds(30);
  static constexpr std::size_t kMostWaiting = 500;  // further ones are given up for this time

 private:
  struct Job {
    ProberKey prober;
    WallTime from;
    WallTime to;
    std::optional<WallTime> since;  // of a fault
  };
  struct Followed {
    bool is_closed_reported = false;
  };

  void PlanPeriod(WallTime wall);
  void FollowIncidents(WallTime wall);
  void Follow(const IncidentSnapshot& incident, WallTime wall);
  void AddJob(Job job);
  std::optional<ProberKey> TraceOf(const ProberKey& witness) const;
  void Make(const Job& job, WallTime wall);

  ReportBoards boards_;
  Keep keep_;
  const Clock& clock_;
  std::shared_ptr<const Config> config_;
  std::unique_ptr<HistoryReader> history_;  // null: none is kept
  const WallTime started_;
  WallTime period_;                            // the end of the last one that was planned
  std::map<std::string, Followed> incidents_;  // that are on the board
  std::deque<Job> jobs_;
  MonoTime due_ = MonoTime::max();
};

}  // namespace pathwitness
