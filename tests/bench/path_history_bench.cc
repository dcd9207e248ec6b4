#include <fmt/core.h>
#include <malloc.h>

#include <chrono>
#include <cstddef>
#include <vector>

#include "diagnosis/path_history.h"

// What the recent past of a path takes in memory, as time goes by: rounds of 15 hops every 10 s,
// all of them probed, and a probe a second end to end over 4 flows.
namespace pathwitness {
namespace {

constexpr std::size_t kPaths = 1000;
constexpr std::uint8_t kHops = 15;

Round RoundOf(unsigned number) {
  Round round{.destination = *IpAddress::Parse("192.0.2.1"),
              .destination_hop = kHops,
              .last_responding_hop = kHops};
  for (std::uint8_t ttl = 1; ttl <= kHops; ++ttl) {
    const Duration round_trip =
        ttl * std::chrono::milliseconds(1) + number % 7 * std::chrono::microseconds(10);
    round.hops.push_back(
        {.ttl = ttl, .sent = 1, .replies = {{.round_trip = round_trip, .reply_ttl = 50}}});
  }
  return round;
}

void Live(PathHistory& path, const Round& round, MonoTime at) {
  const std::vector<Counts> five_seconds(4, {.sent = 1.25, .received = 1.25});
  path.OnRound(round, at);
  path.OnEndToEnd(five_seconds, at);
  path.OnEndToEnd(five_seconds, at + std::chrono::seconds(5));
}

void Main() {
  const std::size_t before = mallinfo2().uordblks;
  std::vector<PathHistory> paths(kPaths);
  MonoTime now(std::chrono::hours(1));
  for (unsigned minute = 1; minute <= 240; ++minute) {
    for (unsigned i = 0; i < 6; ++i, now += std::chrono::seconds(10)) {
      const Round round = RoundOf(6 * minute + i);
      for (PathHistory& path : paths) {
        Live(path, round, now);
      }
    }
    if (minute == 1 || minute == 5 || minute == 15 || minute == 60 || minute == 240) {
      fmt::print("{} min: {:.1f} KiB a path\n", minute,
                 static_cast<double>(mallinfo2().uordblks - before) / 1024 / kPaths);
    }
  }
}

}  // namespace
}  // namespace pathwitness

int main() {
  pathwitness::Main();
  return 0;
}
