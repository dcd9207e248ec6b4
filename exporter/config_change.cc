#include "exporter/config_change.h"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <set>

namespace pathwitness {
namespace {

std::set<std::uint32_t> MarksOf(const Config& config) {
  std::set<std::uint32_t> marks;
  for (const TargetConfig& target : config.targets) {
    marks.insert(target.route.mark);
  }
  marks.insert(0);  // no mark
  return marks;
}

}  // namespace

TargetChanges CompareTargets(const Config& before, const Config& after) {
  std::map<std::string_view, const TargetConfig*> old_targets;
  for (const TargetConfig& target : before.targets) {
    old_targets.emplace(target.name, &target);
  }
  TargetChanges changes;
  for (const TargetConfig& target : after.targets) {
    const auto old_target = old_targets.find(target.name);
    if (old_target == old_targets.end()) {
      ++changes.added;
      continue;
    }
    changes.changed += *old_target->second == target ? 0U : 1U;
    old_targets.erase(old_target);
  }
  changes.removed = old_targets.size();
  return changes;
}

std::vector<std::string> NeedsRestart(const Config& started, const Config& after) {
  std::vector<std::string> lines;
  if (started.probing.receive_buffer_bytes != after.probing.receive_buffer_bytes) {
    lines.push_back(fmt::format(
        "probing.receive_buffer_bytes: {} takes effect after a restart; until then it is {}",
        after.probing.receive_buffer_bytes, started.probing.receive_buffer_bytes));
  }
  const std::set<std::uint32_t> marks = MarksOf(started);
  for (const std::uint32_t mark : MarksOf(after)) {
    if (!marks.contains(mark)) {
      lines.push_back(fmt::format(
          "mark {}: packets can bear it after a restart; until then targets with it are down",
          mark));
    }
  }
  return lines;
}

}  // namespace pathwitness
