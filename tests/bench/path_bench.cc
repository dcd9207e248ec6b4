#include <fmt/core.h>
#include <sched.h>
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
#include "tests/bench/limit_run.h"
#include "tests/bench/reports.h"
#include "tests/support/tun_internet.h"

// Path probing side by side, one tool after the other in the same simulated internet, whose own
// records say what the round trips were.
//
//   path_bench                       the engine, mtr and scamper, on idle and on busy cores
//   path_bench TOOL N [PROGRAM [S]]  one row: engine, limit (what the kernel asks for the same
//                                    probes), mtr, scamper, smokeping, blackbox, or the exporter
//                                    PROGRAM for S seconds, as pathwitness or, scraped by a real
//                                    Prometheus, as prometheus
//   path_bench run-engine N S        is what it starts to measure the engine: N targets, S seconds;
//   path_bench run-limit N S         the same of the limit
namespace pathwitness {
namespace {

namespace fs = std::filesystem;

/// One tool at one size.
struct Contender {
  std::string name;
  std::size_t targets = 0;
  std::function<std::vector<Command>(const Scenario&, const fs::path&)> commands;
  std::function<std::vector<ReportedHop>(const fs::path&)> read;
  std::function<Usage(const fs::path&)> read_usage{};          // empty: all that its processes used
  std::function<std::string(const fs::path&)> read_figures{};  // what else there is to say
  /// Of the network: punctual, where a tool's round trips are judged to the microsecond.
  int network_policy = SCHED_FIFO;
};

struct Result {
  std::size_t probes = 0;
  double seconds = 0;
  double cpu_us_per_probe = 0;
  double kib_per_target = 0;
  std::vector<double> errors_us;  // reported minus true round trips, ascending
  std::uint64_t lost = 0;         // by the tool's account; the truth is none
  std::uint64_t really_lost = 0;
  std::string figures{};
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
  TunInternet internet(
      scenario,
      {.addresses = {}, .awake_before_answer = {}, .scheduling_policy = contender.network_policy});
  const MonoTime start = std::chrono::steady_clock::now();
  Usage usage = RunAll(commands);
  if (contender.read_usage) {
    usage = contender.read_usage(commands.front().output);
  }
  Result result;
  result.kib_per_target =
      static_cast<double>(usage.peak_bytes) / 1024 / static_cast<double>(contender.targets);
  result.seconds = ToSeconds(std::chrono::steady_clock::now() - start);
  const InternetTruth truth = internet.Stop();
  result.probes = truth.probes.size();
  result.cpu_us_per_probe = ToSeconds(usage.cpu) * 1e6 / static_cast<double>(result.probes);
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
  if (contender.read_figures) {
    result.figures = contender.read_figures(commands.front().output);
  }
  return result;
}

double Quantile(const std::vector<double>& sorted, double share) {
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted.empty() ? 0 : sorted[std::min(at, sorted.size() - 1)];
}

constexpr const char* kSeconds = "24";  // two whole rounds after the start has been spread out

/// What this program does itself, called with the word `run`.
Contender Own(const std::string& name, const std::string& run, std::size_t targets) {
  return {
      .name = name,
      .targets = targets,
      .commands =
          [run, targets](const Scenario&, const fs::path& directory) {
            return std::vector<Command>{
                {{"/proc/self/exe", run, std::to_string(targets), kSeconds}, directory / "out"}};
          },
      .read = ReadEngine,
      .read_usage = ReadEngineUsage};
}

Contender Engine(std::size_t targets) {
  return Own("pathwitness, engine", "run-engine", targets);
}

Contender Limit(std::size_t targets) {
  return Own("bare sockets", "run-limit", targets);
}

/// The addresses of all destinations, one a line, in a file.
std::string WriteList(const Scenario& scenario, const fs::path& directory) {
  const fs::path file = directory / "targets";
  std::ofstream list(file);
  for (const Destination& destination : scenario.destinations) {
    list << destination.address.ToString() << '\n';
  }
  return file.string();
}

/// `kind`: as exporter_run.py has it; `program`: of pathwitness.
Contender Exporter(const std::string& kind, std::size_t targets, const std::string& program,
                   const std::string& seconds) {
  const std::string script = std::string(PATHWITNESS_SOURCE_DIR) + "/tests/bench/exporter_run.py";
  return {.name = kind,
          .targets = targets,
          .commands =
              [=](const Scenario& scenario, const fs::path& directory) {
                return std::vector<Command>{
                    {{script, kind, seconds, WriteList(scenario, directory), program},
                     directory / "out"}};
              },
          .read = ReadExporter,
          .read_usage = ReadExporterUsage,
          .read_figures = ReadExporterFigures,
          // No network takes a core in the middle of an exporter's turn, as this one would with
          // each packet that it answers.
          .network_policy = SCHED_BATCH};
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
                return std::vector<Command>{
                    {{"scamper", "-p", "10000", "-w", "0", "-O", "json", "-c",
                      "trace -P icmp-paris -w 2 -q 1", "-f", WriteList(scenario, directory)},
                     directory / "out"}};
              },
          .read = ReadScamper};
}

void PrintRow(const Contender& contender, std::string_view cores, const Result& result,
              double reference) {
  fmt::print(
      "| {} | {} | {} | {} | {:.0f} | {:.1f} | {:.1f} | {:.0f} | {:.0f} | {:.0f} | {} | {} |\n",
      contender.name, cores, contender.targets, result.probes,
      static_cast<double>(result.probes) / result.seconds, result.cpu_us_per_probe,
      result.cpu_us_per_probe / reference, result.kib_per_target, Quantile(result.errors_us, 0.5),
      Quantile(result.errors_us, 0.99), result.lost, result.really_lost);
  if (!result.figures.empty()) {
    fmt::print(stderr, "{} {}: {}\n", contender.name, contender.targets, result.figures);
  }
  std::cout.flush();
}

fs::path Directory() {
  return fs::temp_directory_path() / ("path_bench." + std::to_string(getpid()));
}

void Compare() {
  const std::vector<Contender> contenders = {Engine(4000), Limit(4000), Engine(400), Mtr(100),
                                             Scamper(4000)};
  const fs::path directory = Directory();
  fmt::print(
      "| tool | cores | targets | probes | probes/s | CPU us/probe | times ours | peak KiB/target "
      "| RTT error us, median | p99 | lost, it says | lost, in truth "
      "|\n|---|---|---|---|---|---|---|---|---|---|---|---|\n");
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

/// `words`: the tool, the number of targets, and what else there is.
Contender Find(const std::vector<std::string>& words) {
  const std::string& tool = words[0];
  const std::size_t targets = std::stoul(words[1]);
  if (tool == "engine") {
    return Engine(targets);
  }
  if (tool == "limit") {
    return Limit(targets);
  }
  if (tool == "mtr") {
    return Mtr(targets);
  }
  const std::string program = words.size() > 2 ? fs::absolute(words[2]).string() : "";
  return tool == "scamper"
             ? Scamper(targets)
             : Exporter(tool, targets, program, words.size() > 3 ? words[3] : kSeconds);
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.size() == 4 && arguments[1] == "run-engine") {
    RunEngine(std::stoul(arguments[2]), std::chrono::seconds(std::stoul(arguments[3])), std::cout);
    return 0;
  }
  if (arguments.size() == 4 && arguments[1] == "run-limit") {
    RunLimit(std::stoul(arguments[2]), std::chrono::seconds(std::stoul(arguments[3])), std::cout);
    return 0;
  }
  const std::string obstacle = EnterFreshNamespace();
  if (!obstacle.empty()) {
    fmt::print(stderr, "path_bench {}\n", obstacle);
    return 1;
  }
  if (arguments.size() >= 3) {
    const Contender contender = Find({arguments.begin() + 1, arguments.end()});
    const Result result = Run(contender, Directory());
    PrintRow(contender, "idle", result, result.cpu_us_per_probe);
    fs::remove_all(Directory());
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
