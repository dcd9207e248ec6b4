#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/exporter/history/history_stage.h"

// What history_crash_test kills: keeps the history of 20 targets in the folder that the first
// argument names, beginning at the Unix time of the second, as fast as it can. After each flush it
// prints how many probes each target has had in the flushes so far.
int main(int argc, char** argv) {
  using namespace pathwitness;
  if (argc != 3) {
    return 2;
  }
  std::vector<std::string> targets;
  for (int i = 0; i < 20; ++i) {
    targets.push_back("target-" + std::to_string(i));
  }
  HistoryStage stage(argv[1], targets, WallTime(std::chrono::seconds(std::stoll(argv[2]))));
  std::uint64_t flushes = 0;
  std::uint64_t seen = 0;
  for (;;) {
    for (const bool measures : {false, true}) {
      if (measures) {
        stage.Measure();
      }
      stage.Turn();  // writes what was seen before it, when a bucket is over
      if (stage.Self()->flushes > flushes) {
        flushes = stage.Self()->flushes;
        std::printf("flush %llu: %llu\n", static_cast<unsigned long long>(flushes),
                    static_cast<unsigned long long>(seen));
        std::fflush(stdout);
      }
      seen = stage.Sent();
    }
  }
}
