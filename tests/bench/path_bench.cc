#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/child_processes.h"
#include "tests/bench/engine_run.h"
#include "tests/bench/reports.h"
#include "tests/support/tun_internet.h"

// Path probing side by side: this project's engine, mtr and scamper, one after the other in the
// same simulated internet, whose own records say what the round trips were.
//
//   path_bench             runs everything and prints a table
//   path_bench N           runs the engine alone, with N targets
//   path_bench engine N S  is what it starts to measure the engine: N targets for S seconds
namespace pathwitness {
namespace {

namespace fs = std::filesystem;

/// One tool at one size.
struct Contender {
  std::string name;
  std::size_t targets = 0;
  std::function<std::vector<Command>(const Scenario&, const fs::path&)> commands;
  std::function<std::vector<ReportedHop>(const fs::path&)> read;
  std::function<Duration(const fs::path&)> read_cpu{};  // empty: all that its processes used
};

struct Result {
  std::size_t probes = 0;
  double seconds = 0;
  double cpu_us_per_probe = 0;
  std::vector<double> errors_us;  // reported minus true round trips, ascending
  std::uint64_t lost = 0;         // by the tool's account; the truth is none
  std::uint64_t really_lost = 0;
};

/// Keeps every core busy while it lives.
class BusyCores {
 public:
  explicit BusyCores(unsigned loops) {
    for (unsigned i = 0; i < loops; ++i) {
      threads_.emplace_back([this] {
        while (!is_over_) {
        }
      });
    }
  }
  BusyCores(const BusyCores&) = delete;
  BusyCores& operator=(const BusyCores&) = delete;
  ~BusyCores() {
    is_over_ = true;
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }

 private:
  std::atomic<bool> is_over_ = false;
  std::vector<std::thread> threads_;
};

using HopKey = std::pair<IpAddress, unsigned>;

/// True round trips in microseconds, by destination and TTL, in the order of sending.
std::map<HopKey, std::vector<double>> TrueRoundTrips(const InternetTruth& truth) {
  std::map<HopKey, std::vector<double>> round_trips;
  for (const ProbeRecord& probe : truth.probes) {
    if (probe.answered > probe.arrived) {
      round_trips[{probe.destination, probe.ttl}].push_back(ToSeconds(probe.answered - probe.left) *
                                                            1e6);
    }
  }
  return round_trips;
}

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::vector<double> Errors(const std::vector<ReportedHop>& reported, const InternetTruth& truth) {
  const auto true_round_trips = TrueRoundTrips(truth);
  std::vector<double> errors;
  for (const ReportedHop& hop : reported) {
    const auto found = true_round_trips.find({hop.destination, hop.ttl});
    if (found == true_round_trips.end() || hop.round_trips.empty()) {
      continue;
    }
    const std::vector<double>& truths = found->second;
    if (hop.is_mean) {
      errors.push_back(ToSeconds(hop.round_trips[0]) * 1e6 - Mean(truths));
      continue;
    }
    for (std::size_t i = 0; i < std::min(truths.size(), hop.round_trips.size()); ++i) {
      errors.push_back(ToSeconds(hop.round_trips[i]) * 1e6 - truths[i]);
    }
  }
  std::ranges::sort(errors);
  return errors;
}

Result Run(const Contender& contender, const fs::path& directory) {
  const Scenario scenario = Scale(contender.targets, 1);
  fs::remove_all(directory);
  fs::create_directories(directory);
  const std::vector<Command> commands = contender.commands(scenario, directory);
  TunInternet internet(scenario, {.addresses = {}, .awake_before_answer = {}, .is_realtime = true});
  const MonoTime start = std::chrono::steady_clock::now();
  Duration cpu = RunAll(commands);
  if (contender.read_cpu) {
    cpu = contender.read_cpu(commands.front().output);
  }
  Result result;
  result.seconds = ToSeconds(std::chrono::steady_clock::now() - start);
  const InternetTruth truth = internet.Stop();
  result.probes = truth.probes.size();
  result.cpu_us_per_probe = ToSeconds(cpu) * 1e6 / static_cast<double>(result.probes);
  for (const ProbeRecord& probe : truth.probes) {
    result.really_lost += probe.fate == Fate::Answered ? 0U : 1U;
  }
  std::vector<ReportedHop> reported;
  for (const Command& command : commands) {
    const auto hops = contender.read(command.output);
    reported.insert(reported.end(), hops.begin(), hops.end());
  }
  for (const ReportedHop& hop : reported) {
    result.lost += hop.lost;
  }
  result.errors_us = Errors(reported, truth);
  return result;
}

double Quantile(const std::vector<double>& sorted, double share) {
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted.empty() ? 0 : sorted[std::min(at, sorted.size() - 1)];
}

Contender Ours(std::size_t targets) {
  constexpr const char* kSeconds = "24";  // two whole rounds after the start has been spread out
  return {.name = "pathwitness",
          .targets = targets,
          .commands =
              [targets](const Scenario&, const fs::path& directory) {
                return std::vector<Command>{
                    {{"/proc/self/exe", "engine", std::to_string(targets), kSeconds},
                     directory / "out"}};
              },
          .read = ReadEngine,
          .read_cpu = ReadEngineCpu};
}

Contender Mtr(std::size_t targets) {
  return {.name = "mtr -n -j -c 10 -i 1",
          .targets = targets,
          .commands =
              [](const Scenario& scenario, const fs::path& directory) {
                std::vector<Command> commands;
                for (const Destination& destination : scenario.destinations) {
                  const std::string address = destination.address.ToString();
                  commands.push_back(
                      {{"mtr", "-n", "-j", "-c", "10", "-i", "1", address}, directory / address});
                }
                return commands;
              },
          .read = ReadMtr};
}

Contender Scamper(std::size_t targets) {
  return {.name = "scamper icmp-paris",
          .targets = targets,
          .commands =
              [](const Scenario& scenario, const fs::path& directory) {
                std::ofstream list(directory / "targets");
                for (const Destination& destination : scenario.destinations) {
                  list << destination.address.ToString() << '\n';
                }
                return std::vector<Command>{
                    {{"scamper", "-p", "10000", "-w", "0", "-O", "json", "-c",
                      "trace -P icmp-paris -w 2 -q 1", "-f", (directory / "targets").string()},
                     directory / "out"}};
              },
          .read = ReadScamper};
}

void PrintRow(const Contender& contender, std::string_view cores, const Result& result,
              double reference) {
  fmt::print("| {} | {} | {} | {} | {:.0f} | {:.1f} | {:.1f} | {:.0f} | {:.0f} | {} | {} |\n",
             contender.name, cores, contender.targets, result.probes,
             static_cast<double>(result.probes) / result.seconds, result.cpu_us_per_probe,
             result.cpu_us_per_probe / reference, Quantile(result.errors_us, 0.5),
             Quantile(result.errors_us, 0.99), result.lost, result.really_lost);
  std::cout.flush();
}

void Compare() {
  const std::vector<Contender> contenders = {Ours(4000), Ours(400), Mtr(100), Scamper(4000)};
  const fs::path directory = fs::temp_directory_path() / ("path_bench." + std::to_string(getpid()));
  fmt::print(
      "| tool | cores | targets | probes | probes/s | CPU us/probe | times ours | RTT error us, "
      "median | p99 | lost, it says | lost, in truth "
      "|\n|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const unsigned loops : {0U, std::thread::hardware_concurrency()}) {
    const BusyCores busy(loops);
    double reference = 0;
    for (const Contender& contender : contenders) {
      const Result result = Run(contender, directory);
      reference = reference == 0 ? result.cpu_us_per_probe : reference;
      PrintRow(contender, loops == 0 ? "idle" : "busy", result, reference);
    }
  }
  fs::remove_all(directory);
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.size() == 4 && arguments[1] == "engine") {
    RunEngine(std::stoul(arguments[2]), std::chrono::seconds(std::stoul(arguments[3])), std::cout);
    return 0;
  }
  const std::string obstacle = EnterFreshNamespace();
  if (!obstacle.empty()) {
    fmt::print(stderr, "path_bench {}\n", obstacle);
    return 1;
  }
  if (arguments.size() == 2) {
    const Contender contender = Ours(std::stoul(arguments[1]));
    const fs::path directory =
        fs::temp_directory_path() / ("path_bench." + std::to_string(getpid()));
    const Result result = Run(contender, directory);
    PrintRow(contender, "idle", result, result.cpu_us_per_probe);
    fs::remove_all(directory);
    return 0;
  }
  Compare();
  return 0;
}

}  // namespace
}  // namespace pathwitness

int main(int argc, char** argv) {
  try {
    return pathwitness::Main({argv, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "path_bench: {}\n", error.what());
    return 1;
  }
}
