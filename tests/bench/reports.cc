#include "tests/bench/reports.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace pathwitness {
namespace {

Duration FromMilliseconds(double milliseconds) {
  return std::chrono::round<Duration>(std::chrono::duration<double, std::milli>(milliseconds));
}

}  // namespace

std::vector<ReportedHop> ReadMtr(const std::filesystem::path& file) {
  std::ifstream stream(file);
  const auto json = nlohmann::json::parse(stream, nullptr, false);
  std::vector<ReportedHop> hops;
  if (json.is_discarded()) {
    return hops;
  }
  const auto& report = json.at("report");
  const auto destination = *IpAddress::Parse(report.at("mtr").at("dst").get<std::string>());
  for (const auto& hub : report.at("hubs")) {
    const double sent = hub.at("Snt");
    const double loss = hub.at("Loss%");
    ReportedHop hop{.destination = destination, .ttl = hub.at("count"), .is_mean = true};
    hop.lost = static_cast<std::uint64_t>(std::lround(sent * loss / 100));
    if (hop.lost < static_cast<std::uint64_t>(sent)) {
      hop.round_trips = {FromMilliseconds(hub.at("Avg"))};
    }
    hops.push_back(std::move(hop));
  }
  return hops;
}

std::vector<ReportedHop> ReadScamper(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::vector<ReportedHop> hops;
  for (std::string line; std::getline(stream, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded() || json.value("type", "") != "trace" || !json.contains("hops")) {
      continue;
    }
    const auto destination = *IpAddress::Parse(json.at("dst").get<std::string>());
    for (const auto& hop : json.at("hops")) {
      hops.push_back({.destination = destination,
                      .ttl = hop.at("probe_ttl"),
                      .round_trips = {FromMilliseconds(hop.at("rtt"))}});
    }
    const std::uint64_t probed = json.value("hop_count", std::uint64_t{0});
    const std::uint64_t answered = json.at("hops").size();
    hops.push_back({.destination = destination, .lost = probed - std::min(probed, answered)});
  }
  return hops;
}

Duration ReadEngineCpu(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string word;
  Duration::rep nanoseconds = 0;
  stream >> word >> nanoseconds;
  return Duration(nanoseconds);
}

std::vector<ReportedHop> ReadEngine(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string cpu_line;
  std::getline(stream, cpu_line);
  std::vector<ReportedHop> hops;
  std::string destination;
  unsigned ttl = 0;
  std::uint64_t lost = 0;
  std::size_t count = 0;
  while (stream >> destination >> ttl >> lost >> count) {
    ReportedHop hop{.destination = *IpAddress::Parse(destination), .ttl = ttl};
    hop.lost = lost;
    for (Duration::rep nanoseconds = 0; count > 0 && stream >> nanoseconds; --count) {
      hop.round_trips.emplace_back(nanoseconds);
    }
    hops.push_back(std::move(hop));
  }
  return hops;
}

}  // namespace pathwitness
