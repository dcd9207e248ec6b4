#include "exporter/metrics/target_collector.h"

#include <map>
#include <string>
#include <utility>

#include "exporter/metrics/families.h"
#include "exporter/metrics/series.h"
#include "exporter/metrics/text_writer.h"

namespace pathwitness {
namespace {

LabelText InfoLabels(const TargetConfig& target) {
  LabelText labels;
  labels.Add("target", target.name).Add("host", target.host);
  labels.Add("port", target.host.empty() ? "" : std::to_string(target.trace.port));
  for (const auto& [name, value] : target.labels) {
    labels.Add(name, value);
  }
  return labels;
}

void AddStates(FamilyText& family, const std::string& target, TargetState state) {
  std::array<std::uint64_t, kTargetStateNames.size()> is_state{};
  is_state[static_cast<std::size_t>(state)] = 1;
  family.AddEach(LabelText().Add("target", target), "state", kTargetStateNames, is_state);
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

void TargetCollector::Write(PageWriter& page) const {
  AppendText({OneSample(kTargets, {}, config_->targets.size())}, page.Text());
  FamilyText info(kTargetInfo, page.Text());
  for (const TargetConfig& target : config_->targets) {
    info.Add(InfoLabels(target), 1);
    page.PassOn();
  }
  FamilyText state(kTargetState, page.Text());
  for (std::size_t i = 0; i < states_.size(); ++i) {
    AddStates(state, config_->targets[i].name, states_[i]);
    page.PassOn();
  }
}

}  // namespace pathwitness
