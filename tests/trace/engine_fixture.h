#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "probes/trace/trace_engine.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"
#include "tests/support/simulated_network.h"

namespace pathwitness {

/// A trace engine in a simulated internet and in virtual time.
class TraceEngineTest : public testing::Test {
 protected:
  TraceEngineTest() { Watch("here-to-there", *IpAddress::Parse("203.0.113.1")); }

  void Watch(const std::string& target, const IpAddress& address) {
    config_.targets.push_back({.name = target, .host = address.ToString()});
    config_.targets.back().trace.protocols = {TraceProtocol::Icmp};
    Resolve(target, address, address.Family());
  }

  /// Watches exactly the destinations of the scenario.
  void WatchAll(const Scenario& scenario) {
    config_.targets.clear();
    for (const Destination& destination : scenario.destinations) {
      Watch("here-to-" + destination.address.ToString(), destination.address);
    }
  }

  void Resolve(const std::string& target, std::optional<IpAddress> address,
               IpFamily family = IpFamily::Ipv4) {
    auto known = std::make_shared<DnsSnapshot>();
    known->target = target;
    known->family = family;
    known->is_known = true;
    known->is_failing = !address;
    known->chosen = address;
    if (address) {
      known->addresses = {*address};
    }
    dns_writer_.Publish({target, family}, known);
  }

  void Start(Scenario scenario) {
    auto network = std::make_unique<SimulatedNetwork>(std::move(scenario), clock_);
    network_ = network.get();
    engine_ = std::make_unique<TraceEngine>(std::move(network), dns_, board_, self_board_, clock_,
                                            log_, secret_);
    engine_->Apply(std::make_shared<Config>(config_), clock_.Now());
  }

  /// Jumps from event to event until `span` has passed.
  void Run(Duration span) {
    const MonoTime end = clock_.Now() + span;
    while (clock_.Now() < end) {
      engine_->Turn(clock_.Now());
      const MonoTime next = std::min(engine_->NextDeadline(), network_->NextArrival());
      clock_.AdvanceTo(std::min(std::max(next, clock_.Now() + std::chrono::milliseconds(1)), end));
    }
    engine_->Turn(clock_.Now());
  }

  TraceBoard::Pointer Snapshot(const std::string& target = "here-to-there",
                               ProberKind kind = ProberKind::TraceIcmp,
                               ProberFamily family = ProberFamily::Ipv4) const {
    return board_.Find({target, kind, family});
  }

  FakeClock clock_;
  HashKey secret_{1, 2};
  RecordingLog log_;
  Config config_;
  DnsBoard dns_;
  DnsBoard::Writer dns_writer_ = dns_.NewWriter();
  TraceBoard board_;
  TraceSelfBoard self_board_;
  SimulatedNetwork* network_ = nullptr;
  std::unique_ptr<TraceEngine> engine_;
};

}  // namespace pathwitness
