#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/faults.h"
#include "tests/support/simulated_world.h"

namespace pathwitness {

inline constexpr std::string_view kProbes = "pathwitness_path_probes_total";
inline constexpr std::string_view kLost = "pathwitness_path_probes_lost_total";
inline constexpr std::string_view kUnsent = "pathwitness_path_probes_unsent_total";
inline constexpr std::string_view kAnswered = "pathwitness_path_rtt_seconds_count";

/// All samples of a metric whose labels hold `labels`, together.
double SumIn(const std::string& metrics, std::string_view name, std::string_view labels = "");

/// Something breaks around the program, or in it, while it measures. Each test shows three things:
/// probing goes on, or says why it does not; health, metrics and log tell the truth; nothing is
/// lost that was stored. docs/faults.md says what is shown where.
class Chaos : public testing::Test {
 protected:
  void SetUp() override;

  /// The program measures; `layer` is laid over its configuration, `before` are words before its
  /// name.
  void Begin(const std::function<std::string()>& layer = nullptr,
             std::vector<std::string> before = {});

  /// With history and archive in a folder of their own.
  void BeginIn(const std::filesystem::path& folder);

  void Await(std::string_view counter, double more) {
    world_->AwaitMore(std::string(counter), more);
  }

  /// Returns when a sum over samples is at least `wanted`; not after 60 s.
  void AwaitSum(std::string_view name, std::string_view labels, double wanted);

  /// Returns when the program has written `words` to its log; not after 30 s.
  void AwaitLog(const std::string& words);

  /// A path of the program, asked for where it runs: the header and the body.
  std::string Get(const std::string& path);

  double Sum(std::string_view name, std::string_view labels = "") {
    return SumIn(Get("/metrics"), name, labels);
  }

  /// Whether a scrape begins to be answered in so many milliseconds; it is not read.
  bool AnswersWithin(int patience);

  /// Passes time without a look at the program.
  void Wait(std::chrono::milliseconds time);

  pid_t Pid() { return world_->Program().Process().Id(); }

  void ExpectHealthy();

  /// All that was known a while ago stands in the history.
  void ExpectAllStored(const std::filesystem::path& history, double answered_before);

  std::unique_ptr<SimulatedWorld> world_;
};

}  // namespace pathwitness
