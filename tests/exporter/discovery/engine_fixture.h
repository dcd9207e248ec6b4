#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "exporter/discovery/discovery_engine.h"
#include "tests/support/drive.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"
#include "tests/support/test_folder.h"

namespace pathwitness {

/// A discovery engine over real files and sockets, in virtual time.
class DiscoveryEngineTest : public testing::Test {
 protected:
  void Apply(DiscoveryConfig discovery) {
    Config config;
    config.discovery = std::move(discovery);
    engine_->Apply(std::make_shared<const Config>(std::move(config)), clock_.Now());
  }

  void Restart() { engine_ = std::make_unique<DiscoveryEngine>(board_, clock_, log_); }

  bool Drive(const std::function<bool()>& is_done) {
    const auto now = [this] {
      clock_.Advance(std::chrono::milliseconds(10));
      return clock_.Now();
    };
    return DriveUntil(*engine_, now, is_done);
  }

  /// Turns once at the next moment that the engine asked for.
  void TurnAtDeadline() {
    clock_.AdvanceTo(engine_->NextDeadline());
    engine_->Turn(clock_.Now());
  }

  std::string Path(const std::string& name) const { return folder_.Path() / name; }

  /// As a good writer does: the name appears with the whole document.
  std::string Replace(const std::string& name, const std::string& text) const {
    std::filesystem::rename(folder_.Write("new~" + name, text), Path(name));
    return Path(name);
  }

  DiscoverySnapshot Snapshot(const std::string& source) const {
    const DiscoveryBoard::Pointer found = board_.Find(source);
    return found == nullptr ? DiscoverySnapshot{} : *found;
  }

  /// The entries of a source, separated by spaces; "-" when it is not on the board.
  std::string Entries(const std::string& source) const {
    const DiscoveryBoard::Pointer found = board_.Find(source);
    if (found == nullptr) {
      return "-";
    }
    std::string text;
    for (const TargetGroup& group : found->groups ? *found->groups : TargetGroups{}) {
      for (const TargetEntry& entry : group.targets) {
        text += (text.empty() ? "" : " ") + entry.text;
      }
    }
    return text;
  }

  std::uint64_t Failures(const std::string& source, DiscoveryFailure failure) const {
    return Snapshot(source).failures.at(static_cast<std::size_t>(failure));
  }

  TestFolder folder_;
  FakeClock clock_;
  RecordingLog log_;
  DiscoveryBoard board_;
  std::unique_ptr<DiscoveryEngine> engine_ =
      std::make_unique<DiscoveryEngine>(board_, clock_, log_);
};

}  // namespace pathwitness
