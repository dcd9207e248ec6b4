#pragma once

#include <optional>
#include <span>

#include "diagnosis/one_way.h"
#include "diagnosis/own_fault.h"
#include "diagnosis/owners.h"
#include "diagnosis/path_history.h"
#include "diagnosis/verdict_watch.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// What another prober saw of the destination's service.
struct ServiceSight {
  MonoTime at;           // when it asked
  bool answers = false;  // its port, whatever it said then
};

/// What is known of a path beside what its own probes showed.
struct Surroundings {
  const OwnerTable* owners = nullptr;    // null: unknown
  Duration until_lost{};                 // so long after its sending a probe is given up
  OwnFault own_fault = OwnFault::None;   // of this machine
  bool are_all_targets_late = false;     // most of its paths are
  std::optional<UnsentReason> unsent;    // why probes cannot be sent now
  std::optional<ServiceSight> service;   // the newest, of the same target and family
  const TraceSnapshot* trace = nullptr;  // of the prober; null: flows have no names
};

/// Judges one path, as its target, prober and family make it.
///
/// While nothing is wrong only gates are looked at: losses of the train, and the destination's
/// median beside the last half hour's and the last day's. An opened gate brings in the hops, flows,
/// owners and the time before. A fault of this machine comes before all others: what it sees
/// through that tells nothing of the path.
class Diagnostician {
 public:
  /// As PathHistory has them.
  void OnRound(const Round& round, MonoTime began) { history_.OnRound(round, began); }
  void OnEndToEnd(std::span<const Counts> flows, MonoTime at) { history_.OnEndToEnd(flows, at); }
  void OnRouteChange(RouteFact change, MonoTime at);

  /// What the target's reflector counted so far, as OneWayHistory has it.
  void OnOneWay(const OneWayLoss& totals, MonoTime at) { one_way_.Add(totals, at); }

  /// To be called every kEvaluatesEvery. Null: nothing is to be said; valid until the next call.
  const SpokenVerdict* Evaluate(const Surroundings& surroundings, MonoTime now);

  /// The 95 % interval of the loss ratio over the last 5 minutes; empty without probes.
  std::optional<Interval> LossBounds(MonoTime now) const;

  /// What each hop before the destination tells of loss in the last 5 minutes.
  std::vector<HopClass> HopClasses(MonoTime now) const;

  /// Round trips are longer than before, as of the last evaluation.
  bool IsLate() const { return is_late_; }

  const PathHistory& History() const { return history_; }

  static constexpr Duration kEvaluatesEvery = std::chrono::seconds(5);

 private:
  Verdict Assess(const Surroundings& surroundings, MonoTime now);
  bool IsLossy(MonoTime now) const;
  bool LookForDelay(MonoTime now);
  Observations Observe(const Surroundings& surroundings, MonoTime now) const;
  PathFacts FactsOf(const Surroundings& surroundings, MonoTime since) const;

  PathHistory history_;
  OneWayHistory one_way_;
  VerdictWatch watch_;
  std::optional<RouteFact> route_;  // the last change
  MonoTime route_at_;
  bool is_late_ = false;
  LatencyPast past_ = LatencyPast::HalfHour;  // that it is late beside
  MonoTime latency_due_;
};

}  // namespace pathwitness
