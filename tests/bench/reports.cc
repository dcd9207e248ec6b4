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

/// Discarded when it is none.
nlohmann::json ReadJson(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return nlohmann::json::parse(stream, nullptr, false);
}

}  // namespace

std::vector<ReportedHop> ReadMtr(const std::filesystem::path& file) {
  const nlohmann::json json = ReadJson(file);
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

Usage ReadEngineUsage(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string word;
  Duration::rep nanoseconds = 0;
  Usage usage;
  stream >> word >> nanoseconds >> usage.peak_bytes;
  usage.cpu = Duration(nanoseconds);
  return usage;
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

std::vector<ReportedHop> ReadExporter(const std::filesystem::path& file) {
  constexpr unsigned kUsualTtl = 64;
  std::vector<ReportedHop> hops;
  const nlohmann::json run = ReadJson(file);
  if (run.is_discarded()) {
    return hops;
  }
  for (const auto& target : run.at("targets")) {
    ReportedHop hop{.destination = *IpAddress::Parse(target.at(0).get<std::string>()),
                    .ttl = kUsualTtl,
                    .is_mean = true,
                    .lost = static_cast<std::uint64_t>(target.at(2).get<double>())};
    if (!target.at(1).is_null()) {
      hop.round_trips = {FromMilliseconds(target.at(1).get<double>() * 1000)};
    }
    hops.push_back(std::move(hop));
  }
  return hops;
}

Usage ReadExporterUsage(const std::filesystem::path& file) {
  const nlohmann::json run = ReadJson(file);
  if (run.is_discarded()) {
    return {};
  }
  const auto& figures = run.at("figures");
  return {.cpu = FromMilliseconds(figures.at("cpu").get<double>() * 1000),
          .peak_bytes = figures.at("peak").get<std::uint64_t>()};
}

std::string ReadExporterFigures(const std::filesystem::path& file) {
  const nlohmann::json run = ReadJson(file);
  std::string text;
  if (run.is_discarded()) {
    return text;
  }
  for (const auto& [name, value] : run.at("figures").items()) {
    text += (text.empty() ? "" : ", ") + name + ": " + value.dump();
  }
  return text;
}

}  // namespace pathwitness
