#include "exporter/discovery/with_discovered.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "config/values.h"
#include "exporter/discovery/discovered_target.h"

namespace pathwitness {
namespace {

// "trace.interval: must be ...; name: is ...", of one target.
std::string OnOneLine(const std::vector<ConfigProblem>& problems) {
  constexpr std::string_view kPrefix = "targets[0]";
  std::string text;
  for (const ConfigProblem& problem : problems) {
    std::string_view key = problem.key;
    key.remove_prefix(key.starts_with(kPrefix) ? kPrefix.size() : 0);
    key.remove_prefix(key.starts_with('.') ? 1 : 0);
    text += fmt::format("{}{}{}{}", text.empty() ? "" : "; ", key, key.empty() ? "" : ": ",
                        problem.what);
  }
  return text;
}

// Takes candidates one by one, as long as they are good and there is room.
class Merge {
 public:
  Merge(const Config& base, std::vector<ConfigProblem>& refused)
      : merged_(base), refused_(refused), planned_(PlannedPacketRate(base)) {
    for (const TargetConfig& target : base.targets) {
      names_.emplace(target.name, "the configuration");
    }
    candidate_.probing = base.probing;
    candidate_.shard = base.shard;
    candidate_.targets.resize(1);
  }

  void Add(const DiscoverySnapshot& source) {
    for (const TargetGroup& group : *source.groups) {
      for (const TargetEntry& entry : group.targets) {
        Add(source.source, entry, group.labels);
      }
    }
  }

  Config Take() && { return std::move(merged_); }

 private:
  void Add(const std::string& source, const TargetEntry& entry,
           const std::map<std::string, std::string>& labels) {
    DiscoveredTarget read = MapTarget(merged_.target_defaults, entry.text, labels);
    const std::string name = read.target.name;
    candidate_.targets.front() = std::move(read.target);
    const std::string problem = ProblemOf(read.problems);
    if (!problem.empty()) {
      refused_.push_back({source, entry.line, 0, fmt::format("targets[{}]", name), problem});
      return;
    }
    planned_ += PlannedPacketRate(candidate_);
    names_.emplace(name, source);
    merged_.targets.push_back(std::move(candidate_.targets.front()));
  }

  // Empty when the candidate can be taken.
  std::string ProblemOf(const std::vector<ConfigProblem>& unread) const {
    if (!unread.empty()) {
      return OnOneLine(unread);
    }
    const TargetConfig& target = candidate_.targets.front();
    if (const auto taken = names_.find(target.name); taken != names_.end()) {
      return fmt::format("the name is taken by a target of {}", taken->second);
    }
    const std::vector<ConfigProblem> problems = CheckConfig(candidate_);
    if (problems.empty() &&
        planned_ + PlannedPacketRate(candidate_) > merged_.probing.packets_per_second) {
      return fmt::format("does not fit the budget any more: probing.packets_per_second is {:.0f}",
                         merged_.probing.packets_per_second);
    }
    return OnOneLine(problems);
  }

  Config merged_;
  Config candidate_;  // with one target
  std::vector<ConfigProblem>& refused_;
  std::map<std::string, std::string> names_;  // and where each was taken
  double planned_;                            // packets per second
};

}  // namespace

std::shared_ptr<const Config> WithDiscovered(const std::shared_ptr<const Config>& base,
                                             const std::vector<DiscoveryBoard::Pointer>& sources,
                                             std::vector<ConfigProblem>& refused) {
  Merge merge(*base, refused);
  for (const DiscoveryBoard::Pointer& source : sources) {
    if (source->groups != nullptr) {
      merge.Add(*source);
    }
  }
  auto merged = std::make_shared<const Config>(std::move(merge).Take());
  return merged->targets.size() == base->targets.size() ? base : merged;
}

bool HaveSameTargets(const std::vector<DiscoveryBoard::Pointer>& left,
                     const std::vector<DiscoveryBoard::Pointer>& right) {
  return std::ranges::equal(left, right,
                            [](const DiscoveryBoard::Pointer& a, const DiscoveryBoard::Pointer& b) {
                              return a == b || (a->groups == b->groups && a->source == b->source);
                            });
}

std::map<std::string, std::size_t> CountRefused(const std::vector<ConfigProblem>& refused) {
  std::map<std::string, std::size_t> counts;
  for (const ConfigProblem& problem : refused) {
    ++counts[problem.file];
  }
  return counts;
}

}  // namespace pathwitness
