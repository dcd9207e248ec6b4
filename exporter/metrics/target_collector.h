#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "exporter/metrics/page_writer.h"
#include "exporter/metrics/prober_collector.h"

namespace pathwitness {

/// What all probers of a target say together.
enum class TargetState : std::uint8_t { Unknown, Up, Degraded, Down };
inline constexpr std::array<std::string_view, 4> kTargetStateNames = {"unknown", "up", "degraded",
                                                                      "down"};

/// Up or Down when all probers with a recent round agree, Degraded when they differ, Unknown when
/// none has one: a prober that no longer works says nothing about its target.
/// Pre: no pointer is null.
TargetState JudgeTarget(const std::vector<StatusPointer>& statuses, WallTime now);

/// The configured targets and their states.
class TargetCollector {
 public:
  /// `statuses`: of all probers of all targets. Pre: no pointer is null.
  TargetCollector(std::shared_ptr<const Config> config, const std::vector<StatusPointer>& statuses,
                  WallTime now);
  void Write(PageWriter& page) const;

 private:
  std::shared_ptr<const Config> config_;
  std::vector<TargetState> states_;  // in the order of config_->targets
};

}  // namespace pathwitness
