#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "exporter/diagnosis/diagnosis_engine.h"
#include "tests/diagnosis/path_text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"

namespace pathwitness {

/// Paths in virtual time, and the engine that judges them. They are probed as the trace engine
/// does: an end-to-end probe a second in turn over all flows, each given up after six seconds, told
/// of every five; and a round of hop probes every ten, which is known when its last probe is given
/// up.
class VirtualNetwork {
 public:
  explicit VirtualNetwork(std::size_t flows = 4, Config config = {}) : flows_(flows) {
    engine_.Apply(std::make_shared<const Config>(std::move(config)), clock.Now());
  }

  /// What happens on the link between two routers, in the direction to the second.
  struct Link {
    double loss = 0;
    Duration delay{};
  };
  std::map<std::pair<std::string, std::string>, Link> links;  // near end, far end
  std::map<std::string, double> unwilling;                    // answers that a router leaves out
  bool is_uplink_down = false;

  /// `path`: as PathOf reads it; the destination comes last.
  void AddTarget(const std::string& name, const std::string& path) {
    Target target;
    target.key = {name, ProberKind::TraceTcp, ProberFamily::Ipv4};
    target.trace.status.key = target.key;
    target.trace.status.source_address = kSource;
    target.trace.status.port = 443;
    target.trace.flows.resize(flows_);
    for (std::size_t flow = 0; flow < flows_; ++flow) {
      target.trace.flow_ports.push_back(static_cast<std::uint16_t>(61440 + flow));
    }
    targets_.emplace(name, std::move(target));
    Reroute(name, path);
  }

  void Reroute(const std::string& name, const std::string& path) {
    Target& target = targets_.at(name);
    target.hops.clear();
    for (const std::vector<IpAddress>& hop : PathOf(path)) {
      target.hops.push_back(hop.front());
    }
    target.trace.status.address = target.hops.back().ToString();
  }

  void KillFlow(const std::string& name, std::size_t flow) {
    targets_.at(name).dead_flows.insert(flow);
  }

  /// Lives on for so long. Stops early when `until` holds.
  void Live(Duration duration, const std::function<bool()>& until = nullptr) {
    for (const MonoTime end = clock.Now() + duration; clock.Now() < end;) {
      clock.Advance(std::chrono::seconds(1));
      ++second_;
      std::uint64_t offset = 0;
      for (auto& [name, target] : targets_) {
        Live(target, second_ + ++offset);
      }
      engine_.Turn(clock.Now());
      if (until && until()) {
        return;
      }
    }
  }

  std::vector<IncidentBoard::Pointer> OpenIncidents() const {
    std::vector<IncidentBoard::Pointer> open = incidents.All();
    std::erase_if(open, [](const auto& incident) { return !incident->IsOpen(); });
    return open;
  }

  VerdictBoard::Pointer Said(const std::string& name) const {
    return verdicts.Find(targets_.at(name).key);
  }

  FakeClock clock;
  RecordingLog log;
  VerdictBoard verdicts;
  IncidentBoard incidents;
  RouteBoard routes;

 private:
  static constexpr const char* kSource = "192.0.2.10";
  static constexpr Duration kUntilLost = std::chrono::seconds(6);
  static constexpr Duration kUntilRoundIsKnown = std::chrono::seconds(16);

  struct PendingRound {
    MonoTime known;
    std::shared_ptr<const Round> round;
  };
  struct PendingLoss {
    MonoTime known;
    std::size_t flow = 0;
  };
  struct Target {
    ProberKey key;
    std::vector<IpAddress> hops;
    std::set<std::size_t> dead_flows;
    TraceSnapshot trace;
    std::deque<PendingLoss> losses;
    std::deque<PendingRound> rounds;
  };

  bool Happens(double probability) {
    return std::uniform_real_distribution<double>(0, 1)(random_) < probability;
  }

  Link LinkTo(const Target& target, std::size_t hop) const {
    const auto link = links.find(
        {hop == 0 ? kSource : target.hops[hop - 1].ToString(), target.hops[hop].ToString()});
    return link == links.end() ? Link() : link->second;
  }

  bool Arrives(const Target& target, std::size_t hops) {
    for (std::size_t hop = 0; hop < hops; ++hop) {
      if (is_uplink_down || Happens(LinkTo(target, hop).loss)) {
        return false;
      }
    }
    return true;
  }

  void Live(Target& target, std::uint64_t second) {
    const std::size_t flow = second % flows_;
    if (Arrives(target, target.hops.size()) && !target.dead_flows.contains(flow)) {
      ++target.trace.probes;
      ++target.trace.flows[flow].probes;
    } else {
      target.losses.push_back({.known = clock.Now() + kUntilLost, .flow = flow});
    }
    if (second % 10 == 0) {
      const std::size_t round_flow = second / 10 % flows_;
      target.rounds.push_back(
          {.known = clock.Now() + kUntilRoundIsKnown, .round = TraceRound(target, round_flow)});
    }
    Learn(target);
    if (second % 5 == 0) {
      writer_.Publish(target.key, std::make_shared<const TraceSnapshot>(target.trace));
    }
  }

  std::shared_ptr<const Round> TraceRound(const Target& target, std::size_t flow) {
    Round round;
    round.number = ++rounds_;
    round.started = clock.WallNow();
    round.source = IpAddress::Parse(kSource).value();
    round.destination = target.hops.back();
    round.flow = static_cast<std::uint16_t>(flow);
    Duration round_trip{};
    for (std::uint8_t ttl = 1; ttl <= target.hops.size(); ++ttl) {
      round_trip += std::chrono::milliseconds(4) + LinkTo(target, ttl - 1U).delay;
      round.hops.push_back({.ttl = ttl, .sent = 1});
      const IpAddress& address = target.hops[ttl - 1U];
      const bool is_destination = ttl == target.hops.size();
      const bool is_dead = is_destination && target.dead_flows.contains(flow);
      const auto unwillingness = unwilling.find(address.ToString());
      if (is_dead || !Arrives(target, ttl) ||
          (unwillingness != unwilling.end() && Happens(unwillingness->second))) {
        continue;
      }
      round.last_responding_hop = ttl;
      round.destination_hop = is_destination ? ttl : std::uint8_t{0};
      round.hops.back().replies.push_back(
          {.responder = address,
           .round_trip = round_trip + std::chrono::microseconds(random_() % 400),
           .reply_ttl = static_cast<std::uint8_t>(64 - ttl)});
    }
    return std::make_shared<const Round>(std::move(round));
  }

  void Learn(Target& target) {
    TraceSnapshot& trace = target.trace;
    for (; !target.losses.empty() && target.losses.front().known <= clock.Now();
         target.losses.pop_front()) {
      ++trace.probes;
      ++trace.lost;
      ++trace.flows[target.losses.front().flow].probes;
      ++trace.flows[target.losses.front().flow].lost;
    }
    for (; !target.rounds.empty() && target.rounds.front().known <= clock.Now();
         target.rounds.pop_front()) {
      trace.last_round = target.rounds.front().round;
      trace.hops.resize(trace.last_round->hops.size());
      for (const Hop& hop : trace.last_round->hops) {
        HopCounters& counters = trace.hops.at(hop.ttl - 1U);
        ++counters.probes;
        counters.replies_missing += hop.replies.empty() ? 1U : 0U;
        if (!hop.replies.empty()) {
          counters.address = hop.replies.front().responder;
        }
      }
    }
  }

  TraceBoard traces_;
  TraceBoard::Writer writer_ = traces_.NewWriter();
  TraceSelfBoard trace_self_;
  HttpsBoard https_;
  DnsBoard dns_;
  AsnBoard asn_;
  OneWayBoard one_way_;
  DiagnosisEngine engine_{{.traces = traces_,
                           .trace_self = trace_self_,
                           .https = https_,
                           .one_way = one_way_,
                           .dns = dns_,
                           .routes = routes,
                           .asn = asn_,
                           .verdicts = verdicts,
                           .incidents = incidents},
                          clock,
                          log};
  std::size_t flows_;
  std::map<std::string, Target> targets_;
  std::mt19937_64 random_{1};
  std::uint64_t second_ = 0;
  std::uint64_t rounds_ = 0;
};

}  // namespace pathwitness
