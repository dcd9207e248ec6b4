#include "tests/support/internet_scenario.h"

#include <array>
#include <random>
#include <utility>

namespace pathwitness {
namespace {

constexpr std::size_t kSharedRouters = 3;   // by all destinations
constexpr std::size_t kRegionRouters = 3;   // by the destinations of one region
constexpr std::size_t kRegionTargets = 10;  // destinations in a region
constexpr std::size_t kMinRouters = 13;
constexpr std::size_t kRouterCountChoices = 5;

IpAddress Ipv4(std::uint32_t address) {
  const std::array<std::byte, 4> bytes = {
      std::byte(address >> 24U), std::byte(address >> 16U & 0xFFU),
      std::byte(address >> 8U & 0xFFU), std::byte(address & 0xFFU)};
  return IpAddress::FromBytes(IpFamily::Ipv4, bytes);
}

/// Adds `count` routers of the carrier-grade range 100.80.0.0 and up, and appends them to `path`.
void AddRouters(Scenario& scenario, std::size_t count, std::mt19937_64& random,
                std::vector<RouterId>& path) {
  constexpr std::uint32_t kFirstRouter = 0x64500000;  // 100.80.0.0
  for (std::size_t i = 0; i < count; ++i) {
    Router router;
    router.address = Ipv4(kFirstRouter + static_cast<std::uint32_t>(scenario.routers.size()));
    router.delay = std::chrono::microseconds(300 + random() % 2000);
    path.push_back(scenario.Add(std::move(router)));
  }
}

}  // namespace

RouterId Scenario::Add(Router router) {
  routers.push_back(std::move(router));
  return routers.size() - 1;
}

Path Line(std::vector<RouterId> routers) {
  return {Stretch{{std::move(routers)}}};
}

Scenario Scale(std::size_t targets, std::uint64_t seed) {
  constexpr std::uint32_t kFirstDestination = 0x64400000;  // 100.64.0.0
  std::mt19937_64 random(seed);
  Scenario scenario;
  scenario.seed = seed;
  std::vector<RouterId> shared;
  AddRouters(scenario, kSharedRouters, random, shared);
  std::vector<RouterId> region;
  for (std::size_t i = 0; i < targets; ++i) {
    if (i % kRegionTargets == 0) {
      region = shared;
      AddRouters(scenario, kRegionRouters, random, region);
    }
    std::vector<RouterId> path = region;
    AddRouters(scenario, kMinRouters + random() % kRouterCountChoices - region.size(), random,
               path);
    Destination destination;
    destination.address = Ipv4(kFirstDestination + static_cast<std::uint32_t>(i));
    destination.path = Line(std::move(path));
    destination.delay = std::chrono::microseconds(500);
    scenario.destinations.push_back(std::move(destination));
  }
  return scenario;
}

}  // namespace pathwitness
