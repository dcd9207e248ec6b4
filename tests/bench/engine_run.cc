#include "tests/bench/engine_run.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "probes/engine_thread.h"
#include "probes/net/open_ports.h"
#include "probes/trace/trace_engine.h"
#include "tests/bench/bench_thread.h"
#include "tests/support/internet_scenario.h"
#include "tests/support/recording_log.h"

namespace pathwitness {
namespace {

constexpr Duration kLookInterval = std::chrono::seconds(2);  // well below a round's length
constexpr double kBudget = 100000;                           // packets per second: no limit here

std::shared_ptr<Config> ConfigFor(const Scenario& scenario, DnsBoard& dns) {
  auto config = std::make_shared<Config>();
  config->probing.packets_per_second = kBudget;
  auto writer = dns.NewWriter();
  for (const Destination& destination : scenario.destinations) {
    TargetConfig target;
    target.name = destination.address.ToString();
    target.host = target.name;
    target.trace.protocols = {TraceProtocol::Icmp};
    auto known = std::make_shared<DnsSnapshot>();
    known->target = target.name;
    known->host = target.host;
    known->is_known = true;
    known->addresses = {destination.address};
    known->chosen = destination.address;
    writer.Publish({target.name, IpFamily::Ipv4}, known);
    config->targets.push_back(std::move(target));
  }
  return config;
}

/// Round trips by target and TTL, collected while rounds come and go.
class RoundTrips {
 public:
  void Look(const TraceBoard& board) {
    for (const auto& snapshot : board.All()) {
      std::shared_ptr<const Round>& last = last_[snapshot->status.key.target];
      if (snapshot->last_round == nullptr || snapshot->last_round == last) {
        continue;
      }
      last = snapshot->last_round;
      for (const Hop& hop : last->hops) {
        for (const HopReply& reply : hop.replies) {
          round_trips_[{snapshot->status.key.target, hop.ttl}].push_back(reply.round_trip);
        }
      }
    }
  }

  void Write(const TraceSnapshot& snapshot, std::ostream& output) const {
    const std::string& target = snapshot.status.key.target;
    output << target << " 0 " << snapshot.lost << " 0\n";
    for (unsigned ttl = 1; ttl <= snapshot.hops.size(); ++ttl) {
      const auto found = round_trips_.find({target, ttl});
      output << target << ' ' << ttl << ' ' << snapshot.hops[ttl - 1].replies_missing << ' '
             << (found == round_trips_.end() ? 0 : found->second.size());
      if (found != round_trips_.end()) {
        for (const Duration round_trip : found->second) {
          output << ' ' << round_trip.count();
        }
      }
      output << '\n';
    }
  }

 private:
  std::map<std::string, std::shared_ptr<const Round>> last_;
  std::map<std::pair<std::string, unsigned>, std::vector<Duration>> round_trips_;
};

}  // namespace

void RunEngine(std::size_t targets, Duration length, std::ostream& output) {
  const SystemClock clock;
  RecordingLog log;
  DnsBoard dns;
  TraceBoard board;
  TraceSelfBoard self_board;
  const auto config = ConfigFor(Scale(targets, 1), dns);
  const PortFactory open = OpenPacketPorts(*config, log).factory;
  EngineThread thread(
      "trace",
      [&] { return std::make_unique<TraceEngine>(open(), dns, board, self_board, clock, log); },
      clock, log, kBenchTick);
  thread.Start(config);

  RoundTrips round_trips;
  const MonoTime end = clock.Now() + length;
  while (clock.Now() < end) {
    WaitUntil(clock.Now() + kLookInterval);
    round_trips.Look(board);
  }
  WriteUsage(thread, output);
  thread.Stop();
  for (const auto& snapshot : board.All()) {
    round_trips.Write(*snapshot, output);
  }
}

}  // namespace pathwitness
