#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "config/load.h"
#include "exporter/config_change.h"
#include "probes/dns/dns_engine.h"
#include "probes/https/https_engine.h"
#include "probes/pulse/pulse_engine.h"
#include "probes/trace/trace_engine.h"
#include "tests/support/fake_clock.h"
#include "tests/support/internet_scenario.h"
#include "tests/support/recording_log.h"
#include "tests/support/simulated_network.h"

// How long a reload takes when one of 10,000 targets changes, and whether the 9,999 others notice:
// the same virtual minute is run without and with the reload, and their counters are compared.
namespace pathwitness {
namespace {

constexpr std::size_t kTargets = 10'000;
constexpr std::string_view kChanged = "100.64.0.0";
constexpr Duration kBeforeReload = std::chrono::seconds(25);  // in the middle of rounds
constexpr Duration kAfterReload = std::chrono::seconds(35);

std::string Yaml(std::string_view interval_of_changed) {
  std::string yaml = "probing: {packets_per_second: 100000}\ntargets:\n";
  for (const Destination& destination : Scale(kTargets, 1).destinations) {
    const std::string name = destination.address.ToString();
    yaml += fmt::format(
        "  - {{name: {}, host: {}, trace: {{protocols: [icmp], interval: {}}}, "
        "https: {{url: \"https://{}/\"}}, pulse: {{push: {{}}}}}}\n",
        name, name, name == kChanged ? interval_of_changed : "10s", name);
  }
  return yaml;
}

/// The wall time of `work`, which it prints, in milliseconds.
template <typename Work>
auto Timed(std::string_view what, Work work) {
  const auto start = std::chrono::steady_clock::now();
  auto result = work();
  const auto took = std::chrono::steady_clock::now() - start;
  fmt::print("{:<24} {:8.1f} ms\n", what, ToSeconds(took) * 1e3);
  return result;
}

std::shared_ptr<const Config> Load(const std::filesystem::path& file) {
  return std::make_shared<const Config>(
      LoadLayers(file, std::string(kDefaultEnvironment), SystemClock().WallNow()).config);
}

/// A trace engine in a simulated internet, in virtual time.
class TraceWorld {
 public:
  TraceWorld() {
    Scenario scenario = Scale(kTargets, 1);
    auto writer = dns_.NewWriter();
    for (const Destination& destination : scenario.destinations) {
      auto known = std::make_shared<DnsSnapshot>();
      known->target = destination.address.ToString();
      known->host = known->target;
      known->is_known = true;
      known->addresses = {destination.address};
      known->chosen = destination.address;
      writer.Publish({known->target, IpFamily::Ipv4}, known);
    }
    auto network = std::make_unique<SimulatedNetwork>(std::move(scenario), clock_);
    network_ = network.get();
    engine_ = std::make_unique<TraceEngine>(std::move(network), dns_, board_, self_board_, clock_,
                                            log_, HashKey{1, 2});
  }

  void Apply(const std::shared_ptr<const Config>& config) { engine_->Apply(config, clock_.Now()); }

  void Turn() { engine_->Turn(clock_.Now()); }

  void Run(Duration span) {
    constexpr Duration kTick = std::chrono::milliseconds(5);
    const MonoTime end = clock_.Now() + span;
    while (clock_.Now() < end) {
      Turn();
      const MonoTime next = std::min(engine_->NextDeadline(), network_->NextArrival());
      clock_.AdvanceTo(std::min(std::max(next, clock_.Now() + kTick), end));
    }
  }

  struct Counters {
    std::uint64_t rounds = 0;
    std::uint64_t skipped = 0;
    std::uint64_t probes = 0;
    std::uint64_t lost = 0;

    bool operator==(const Counters&) const = default;
  };

  std::map<std::string, Counters> CountersByTarget() const {
    std::map<std::string, Counters> counters;
    for (const TraceBoard::Pointer& snapshot : board_.All()) {
      Counters& of_target = counters[snapshot->status.key.target];
      of_target = {
          .rounds = snapshot->status.rounds, .probes = snapshot->probes, .lost = snapshot->lost};
      for (const std::uint64_t skipped : snapshot->status.rounds_skipped) {
        of_target.skipped += skipped;
      }
    }
    return counters;
  }

 private:
  FakeClock clock_;
  RecordingLog log_;
  DnsBoard dns_;
  TraceBoard board_;
  TraceSelfBoard self_board_;
  SimulatedNetwork* network_ = nullptr;
  std::unique_ptr<TraceEngine> engine_;
};

/// How long the other engines take; they send nothing before their first turn.
void TimeOtherEngines(const std::shared_ptr<const Config>& before,
                      const std::shared_ptr<const Config>& after) {
  const SystemClock clock;
  RecordingLog log;
  DnsBoard dns_board;
  HttpsBoard https_board;
  PulseBoard pulse_board;
  DnsEngine dns(dns_board, clock, log);
  HttpsEngine https(dns_board, https_board, clock, log);
  PulseEngine pulse(dns_board, pulse_board, clock, log);
  const auto time = [&](std::string_view name, Engine& engine) {
    engine.Apply(before, clock.Now());
    Timed(fmt::format("apply to {}", name), [&] {
      engine.Apply(after, clock.Now());
      return 0;
    });
  };
  time("dns", dns);
  time("https", https);
  time("pulse", pulse);
}

/// True when nobody but the changed target noticed the reload.
bool CompareWorlds(const std::shared_ptr<const Config>& before,
                   const std::shared_ptr<const Config>& after) {
  TraceWorld undisturbed;
  undisturbed.Apply(before);
  undisturbed.Run(kBeforeReload + kAfterReload);

  TraceWorld reloaded;
  reloaded.Apply(before);
  reloaded.Run(kBeforeReload);
  Timed("apply to trace", [&] {
    reloaded.Apply(after);
    return 0;
  });
  Timed("the trace's next turn", [&] {
    reloaded.Turn();
    return 0;
  });
  reloaded.Run(kAfterReload);

  const auto expected = undisturbed.CountersByTarget();
  const auto counted = reloaded.CountersByTarget();
  std::size_t same = 0;
  TraceWorld::Counters sum;
  for (const auto& [target, counters] : counted) {
    same += target != kChanged && expected.at(target) == counters ? 1U : 0U;
    sum.rounds += counters.rounds;
    sum.skipped += counters.skipped;
    sum.probes += counters.probes;
    sum.lost += counters.lost;
  }
  fmt::print("targets whose counters are those of the run without a reload: {} of {}\n", same,
             kTargets - 1);
  fmt::print("rounds {}, skipped {}, end-to-end probes {}, lost {}\n", sum.rounds, sum.skipped,
             sum.probes, sum.lost);
  fmt::print("the changed target: {} rounds, {} without the change\n",
             counted.at(std::string(kChanged)).rounds, expected.at(std::string(kChanged)).rounds);
  return same == kTargets - 1 && sum.skipped == 0;
}

int Run(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "config.yaml";
  const std::string state = fmt::format("state_directory: {}\n", folder.string());
  std::ofstream(file) << state << Yaml("10s");
  const auto before = Timed("load and check", [&] { return Load(file); });
  std::ofstream(file) << state << Yaml("5s");
  const auto after = Timed("load and check again", [&] { return Load(file); });
  const TargetChanges changes = Timed("compare", [&] { return CompareTargets(*before, *after); });
  fmt::print("{} targets, {} changed\n", after->targets.size(), changes.changed);
  TimeOtherEngines(before, after);
  return CompareWorlds(before, after) ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace pathwitness

int main() {
  std::string pattern = (std::filesystem::temp_directory_path() / "reload-bench-XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(pattern.data());
  const int status = pathwitness::Run(folder);
  std::filesystem::remove_all(folder);
  return status;
}
