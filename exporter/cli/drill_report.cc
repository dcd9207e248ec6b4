#include "exporter/cli/drill_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pathwitness {
namespace {

std::string Title(const DrillSight& sight) {
  return sight.severity.empty() ? sight.alert : fmt::format("{} ({})", sight.alert, sight.severity);
}

std::string To(const std::vector<std::string>& receivers) {
  return receivers.empty() ? "" : fmt::format(", for {}", fmt::join(receivers, ", "));
}

}  // namespace

std::vector<std::string> DrillReport::See(const DrillAtExporter& drill, Duration after) {
  std::vector<std::string> lines;
  if (drill.lost > 0) {
    Reach(Stage::Exported, after);
    Print("exporter      synthetic loss is exported", after, lines);
  }
  for (const DrillSight& notice : drill.notices) {
    Print(fmt::format("receiver      {} {}{}", Title(notice), notice.state, To(notice.receivers)),
          after, lines);
    CheckReceivers(notice);
    if (notice.severity == goals_.severity) {
      Reach(notice.state == "firing" ? Stage::Arrived : Stage::Resolved, after);
    }
  }
  return lines;
}

std::vector<std::string> DrillReport::See(const DrillAtPrometheus& seen, Duration after) {
  std::vector<std::string> lines;
  if (seen.is_scraped) {
    Reach(Stage::Scraped, after);
    Print("prometheus    series are scraped", after, lines);
  }
  bool is_firing = false;
  for (const DrillSight& alert : seen.alerts) {
    Print(fmt::format("prometheus    {} {}", Title(alert), alert.state), after, lines);
    is_firing = is_firing || (alert.state == "firing" && alert.severity == goals_.severity);
  }
  if (is_firing) {
    Reach(Stage::Firing, after);
  } else if (reached_.contains(Stage::Firing) && !goals_.with_alertmanager) {
    Reach(Stage::Resolved, after);
  }
  return lines;
}

std::vector<std::string> DrillReport::See(const std::vector<DrillSight>& at_alertmanager,
                                          Duration after) {
  std::vector<std::string> lines;
  for (const DrillSight& alert : at_alertmanager) {
    Print(fmt::format("alertmanager  {} {}{}", Title(alert), alert.state, To(alert.receivers)),
          after, lines);
    CheckReceivers(alert);
    if (alert.severity == goals_.severity) {
      Reach(Stage::Routed, after);
    }
  }
  return lines;
}

bool DrillReport::HasArrived() const {
  const std::vector<Stage> missing = Missing();
  return std::ranges::all_of(missing, [](Stage stage) { return stage == Stage::Resolved; });
}

std::vector<std::string> DrillReport::Summary() const {
  std::vector<std::string> lines;
  for (const Stage stage : Missing()) {
    lines.push_back("never: " + Describe(stage));
  }
  for (const std::string& stray : strays_) {
    lines.push_back("astray: " + stray);
  }
  if (!IsSuccess()) {
    lines.emplace_back("the drill failed");
    return lines;
  }
  const Stage last = Expected().back();
  lines.push_back(fmt::format("the drill succeeded: {} after {:.1f} s", Describe(last),
                              ToSeconds(reached_.at(last))));
  return lines;
}

void DrillReport::Print(const std::string& what, Duration after, std::vector<std::string>& lines) {
  if (printed_.insert(what).second) {
    lines.push_back(fmt::format("{:7.1f} s  {}", ToSeconds(after), what));
  }
}

void DrillReport::CheckReceivers(const DrillSight& sight) {
  for (const std::string& receiver : sight.receivers) {
    if (receiver != goals_.receiver) {
      strays_.insert(fmt::format("{} went to receiver {}", Title(sight), receiver));
    }
  }
}

std::vector<DrillReport::Stage> DrillReport::Expected() const {
  std::vector<Stage> expected{Stage::Exported};
  if (goals_.with_prometheus) {
    expected.insert(expected.end(), {Stage::Scraped, Stage::Firing});
  }
  if (goals_.with_alertmanager) {
    expected.insert(expected.end(), {Stage::Routed, Stage::Arrived});
  }
  if (goals_.until_resolved) {
    expected.push_back(Stage::Resolved);
  }
  return expected;
}

std::vector<DrillReport::Stage> DrillReport::Missing() const {
  std::vector<Stage> missing;
  std::ranges::copy_if(Expected(), std::back_inserter(missing),
                       [this](Stage stage) { return !reached_.contains(stage); });
  return missing;
}

std::string DrillReport::Describe(Stage stage) const {
  switch (stage) {
    case Stage::Exported:
      return "synthetic loss in the exporter's metrics";
    case Stage::Scraped:
      return "its series in Prometheus";
    case Stage::Firing:
      return fmt::format("a firing {} alert in Prometheus", goals_.severity);
    case Stage::Routed:
      return fmt::format("a {} alert in Alertmanager", goals_.severity);
    case Stage::Arrived:
      return fmt::format("a {} page at receiver {}", goals_.severity, goals_.receiver);
    case Stage::Resolved:
      return fmt::format("the end of the {} alert", goals_.severity);
  }
  return "";
}

}  // namespace pathwitness
