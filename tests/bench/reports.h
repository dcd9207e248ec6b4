#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/base/time.h"
#include "tests/bench/child_processes.h"

namespace pathwitness {

/// What a tool says about one TTL of one path.
struct ReportedHop {
  IpAddress destination;
  unsigned ttl = 0;
  std::vector<Duration> round_trips{};  // one by one, in the order of sending; or the mean alone
  bool is_mean = false;
  std::uint64_t lost = 0;
};

/// mtr's JSON report of one target. Round trips are means.
std::vector<ReportedHop> ReadMtr(const std::filesystem::path& file);

/// scamper's JSON, one trace a line. Hops that did not answer are not listed there; their number
/// comes as TTL 0.
std::vector<ReportedHop> ReadScamper(const std::filesystem::path& file);

/// The CPU time of the engine's thread, which RunEngine writes first, and its process's memory.
Usage ReadEngineUsage(const std::filesystem::path& file);

/// What RunEngine wrote of the hops.
std::vector<ReportedHop> ReadEngine(const std::filesystem::path& file);

/// What exporter_run.py wrote of an exporter: means of end-to-end round trips, and losses.
std::vector<ReportedHop> ReadExporter(const std::filesystem::path& file);
Usage ReadExporterUsage(const std::filesystem::path& file);
/// The rest of its figures, "name: value" each.
std::string ReadExporterFigures(const std::filesystem::path& file);

}  // namespace pathwitness
