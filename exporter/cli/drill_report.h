#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "exporter/cli/drill_sights.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What a drill is to show.
struct DrillGoals {
  std::string severity = "critical";  // of the alert that must arrive
  std::string receiver = "drill";     // where everything of a drill must go, and nowhere else
  bool with_prometheus = false;
  bool with_alertmanager = false;
  bool until_resolved = false;
};

/// What was seen on the way of a drill's page, and when first. Pure.
class DrillReport {
 public:
  explicit DrillReport(DrillGoals goals) : goals_(std::move(goals)) {}

  /// Take what was seen `after` the drill's start. What is new comes back as lines to print.
  std::vector<std::string> See(const DrillAtExporter& drill, Duration after);
  std::vector<std::string> See(const DrillAtPrometheus& seen, Duration after);
  std::vector<std::string> See(const std::vector<DrillSight>& at_alertmanager, Duration after);

  /// Whether the page has arrived, or, where no Alertmanager is asked, whatever can be seen.
  bool HasArrived() const;

  /// Whether nothing more is expected: arrived and, when that is asked for, resolved.
  bool IsComplete() const { return Missing().empty(); }

  /// Whether all went as it must: complete, and nothing went to another receiver.
  bool IsSuccess() const { return IsComplete() && !HasStrayed(); }

  /// Whether something of the drill went to another receiver: it may wake somebody.
  bool HasStrayed() const { return !strays_.empty(); }

  /// The last lines: what never arrived, what went astray, and the verdict.
  std::vector<std::string> Summary() const;

 private:
  enum class Stage : std::uint8_t { Exported, Scraped, Firing, Routed, Arrived, Resolved };

  void Reach(Stage stage, Duration after) { reached_.try_emplace(stage, after); }
  void Print(const std::string& what, Duration after, std::vector<std::string>& lines);
  void CheckReceivers(const DrillSight& sight);
  std::vector<Stage> Expected() const;
  std::vector<Stage> Missing() const;
  std::string Describe(Stage stage) const;

  DrillGoals goals_;
  std::map<Stage, Duration> reached_;
  std::set<std::string> printed_;
  std::set<std::string> strays_;
};

}  // namespace pathwitness
