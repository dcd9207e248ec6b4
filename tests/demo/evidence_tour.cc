#include "tests/demo/evidence_tour.h"

#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/history/history_time.h"
#include "exporter/history/history_values.h"
#include "exporter/rfc3339.h"
#include "probes/disk/files.h"

namespace pathwitness {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;
constexpr int kPageLines = 60;

std::string At(WallTime time) {
  return FormatRfc3339(time, TimePrecision::Seconds);
}

/// Runs the program, prints what was typed and what came; false when it failed.
bool Type(const SimulatedWorld& world, const std::vector<std::string>& words, std::string& output) {
  std::string typed = "\n$ pathwitness";
  for (const std::string& word : words) {
    typed += " " + word;
  }
  Ended ended = world.Run(words);
  output = std::move(ended.output);
  std::printf("%s\n", typed.c_str());
  return ended.status == 0;
}

std::string FirstPage(const std::string& text) {
  std::istringstream lines(text);
  std::string page;
  std::string line;
  for (int i = 0; i < kPageLines && std::getline(lines, line); ++i) {
    page += line + "\n";
  }
  return page;
}

bool HasText(const std::string& text, std::string_view wanted) {
  return text.find(wanted) != std::string::npos;
}

bool ShowComparison(const SimulatedWorld& world, const OutageTimes& times) {
  const WallTime bucket = FloorTo(times.began, kFineBucket);
  std::string output;
  const bool is_done =
      Type(world,
           {"compare", std::string(SimulatedWorld::kTarget), "--at", At(bucket - kFineBucket),
            "--at", At(bucket + kFineBucket), "--length", "10s"},
           output);
  std::printf("%s", output.c_str());
  return is_done && HasText(output, "last common hop 4, 198.51.100.4");
}

bool ShowReport(const SimulatedWorld& world, const OutageTimes& times) {
  std::string files;
  const bool is_done = Type(world,
                            {"evidence", std::string(SimulatedWorld::kTarget), "--from",
                             At(times.began), "--to", At(times.mended + std::chrono::seconds(1)),
                             "--output", (world.Folder() / "bundle").string()},
                            files);
  std::printf("%s", files.c_str());
  std::istringstream names(files);
  std::string text;
  for (std::string name; is_done && std::getline(names, name);) {
    if (name.ends_with(".txt")) {
      text = ReadWholeFile(name, kMostBytes).value_or("");
    }
  }
  std::printf("\nThe report's first page:\n\n%s", FirstPage(text).c_str());
  return is_done && HasText(FirstPage(text), "\nIncident ");
}

/// The reports that nobody asked for.
bool ShowArchive(const SimulatedWorld& world) {
  const std::filesystem::path archive = world.Folder() / "archive";
  std::printf("\nWritten unasked, below %s:\n", archive.c_str());
  int reports = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(archive)) {
    if (entry.path().extension() == ".txt") {
      std::printf("%s\n", std::filesystem::relative(entry.path(), archive).c_str());
      ++reports;
    }
  }
  return reports > 0;
}

}  // namespace

bool ShowEvidence(const SimulatedWorld& world, const OutageTimes& times) {
  const bool has_comparison = ShowComparison(world, times);
  const bool has_report = ShowReport(world, times);
  const bool has_archive = ShowArchive(world);
  std::fflush(stdout);
  return has_comparison && has_report && has_archive;
}

}  // namespace pathwitness
