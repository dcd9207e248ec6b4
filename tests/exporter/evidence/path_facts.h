#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "exporter/evidence/hop_row.h"
#include "exporter/history/history_values.h"

namespace pathwitness {

inline IpAddress AddressOf(const std::string& text) {
  return IpAddress::Parse(text).value();
}

/// The start of 2026-01-31 16:00 UTC, and so many minutes later.
inline WallTime Minute(int minute) {
  return WallTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31)) +
         std::chrono::hours(16) + std::chrono::minutes(minute);
}

/// "192.0.2.1 * 198.51.100.9!": a silent hop at TTL 2, and the destination at TTL 3.
inline std::shared_ptr<const Route> RouteOf(const std::string& notation) {
  Route route{.source = AddressOf("203.0.113.10"), .destination = AddressOf("198.18.0.9")};
  std::istringstream words(notation);
  for (std::string word; words >> word;) {
    if (word == "*") {
      route.hops.emplace_back();
      continue;
    }
    route.is_reached = word.ends_with('!');
    route.hops.emplace_back(AddressOf(word.substr(0, word.find('!'))));
  }
  return std::make_shared<const Route>(route);
}

inline DurationStats TimesOf(double milliseconds, std::uint64_t count) {
  DurationStats times;
  for (std::uint64_t i = 0; i < count; ++i) {
    times.Add((milliseconds + static_cast<double>(i % 3)) / 1000);
  }
  return times;
}

/// A path of which each hop lost so many of 300 probes, and the destination the last of them.
inline TraceStats StatsOf(const std::string& route, std::initializer_list<std::uint64_t> lost) {
  constexpr std::uint64_t kSent = 300;
  TraceStats stats{.rounds = 30};
  stats.AddRoute(RouteOf(route));
  double milliseconds = 1;
  for (const std::uint64_t hop_lost : lost) {
    stats.hops.push_back({.sent = kSent,
                          .received = kSent - hop_lost,
                          .round_trips = TimesOf(milliseconds, kSent - hop_lost)});
    milliseconds += 4;
  }
  const HopStats& last = stats.hops.back();
  stats.end_to_end = {.sent = kSent,
                      .lost = last.Lost(),
                      .round_trips = last.received,
                      .round_trip_sum = last.round_trips.mean * static_cast<double>(last.received)};
  return stats;
}

inline Responders KnownResponders(
    std::initializer_list<std::pair<std::string, ResponderFacts>> known) {
  Responders responders;
  for (const auto& [address, facts] : known) {
    responders[AddressOf(address)] = facts;
  }
  return responders;
}

/// The own provider 64500, a transit network 64501 and the destination's 64502.
inline Responders ThreeNetworks() {
  return KnownResponders({
      {"192.168.1.1", {.host_name = "gateway.office.example"}},
      {"203.0.113.10", {.asn = 64500, .owner_name = "AS64500", .as_name = "Source ISP"}},
      {"203.0.113.1",
       {.host_name = "r1.isp.example",
        .asn = 64500,
        .owner_name = "AS64500",
        .as_name = "Source ISP"}},
      {"198.51.100.1",
       {.host_name = "core1.transit.example",
        .asn = 64501,
        .owner_name = "AS64501",
        .as_name = "Transit"}},
      {"198.51.100.2", {.asn = 64501, .owner_name = "AS64501", .as_name = "Transit"}},
      {"198.51.100.3", {.asn = 64501, .owner_name = "AS64501", .as_name = "Transit"}},
      {"198.51.100.4", {.asn = 64501, .owner_name = "AS64501", .as_name = "Transit"}},
      {"198.18.0.9",
       {.host_name = "www.destination.example",
        .asn = 64502,
        .owner_name = "AS64502",
        .as_name = "Destination"}},
  });
}

inline ProberKey OfficeTrace() {
  return {.target = "office-to-www", .prober = ProberKind::TraceIcmp, .family = ProberFamily::Ipv4};
}

}  // namespace pathwitness
