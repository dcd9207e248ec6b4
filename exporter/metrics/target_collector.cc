#include "exporter/metrics/target_collector.h"

#include <map>
#include <string>
#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;

Labels InfoLabels(const TargetConfig& target) {
  Labels labels{{"target", target.name},
                {"host", target.host},
                {"port", target.host.empty() ? "" : std::to_string(target.trace.port)}};
  for (const auto& [name, value] : target.labels) {
    labels.push_back({name, value});
  }
  return labels;
}

void AddStates(MetricFamily& family, const std::string& target, TargetState state) {
  std::array<std::uint64_t, kTargetStateNames.size()> is_state{};
  is_state[static_cast<std::size_t>(state)] = 1;
  AddEach(family, {{"target", target}}, "state", kTargetStateNames, is_state);
}

}  // namespace

TargetState JudgeTarget(const std::vector<StatusPointer>& statuses, WallTime now) {
  bool is_any_up = false;
  bool is_any_down = false;
  for (const StatusPointer& status : statuses) {
    const ProberState state = IsFresh(*status, now) ? status->state : ProberState::Unknown;
    is_any_up = is_any_up || state == ProberState::Up;
    is_any_down = is_any_down || state == ProberState::Down;
  }
  if (is_any_up && is_any_down) {
    return TargetState::Degraded;
  }
  if (is_any_up) {
    return TargetState::Up;
  }
  return is_any_down ? TargetState::Down : TargetState::Unknown;
}

TargetCollector::TargetCollector(std::shared_ptr<const Config> config,
                                 const std::vector<StatusPointer>& statuses, WallTime now)
    : config_(std::move(config)) {
  std::map<std::string_view, std::vector<StatusPointer>> by_target;
  for (const StatusPointer& status : statuses) {
    by_target[status->key.target].push_back(status);
  }
  states_.reserve(config_->targets.size());
  for (const TargetConfig& target : config_->targets) {
    states_.push_back(JudgeTarget(by_target[target.name], now));
  }
}

std::vector<MetricFamily> TargetCollector::Collect() const {
  MetricFamily info = NewFamily(kTargetInfo);
  MetricFamily state = NewFamily(kTargetState);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const TargetConfig& target = config_->targets[i];
    AddSample(info, InfoLabels(target), 1);
    AddStates(state, target.name, states_[i]);
  }
  return {OneSample(kTargets, {}, config_->targets.size()), std::move(info), std::move(state)};
}

}  // namespace pathwitness
