#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/base/time.h"
#include "tests/support/answer_queue.h"
#include "tests/support/internet_scenario.h"
#include "tests/support/wire_packets.h"

namespace pathwitness {

/// What became of a probe.
enum class Fate : std::uint8_t {
  Answered,
  LostForward,
  LostReturn,
  Silent,       // the router or destination never answers
  RateLimited,  // the router's ICMP limit
  Spoiled,      // answered, but with Truncated, BadChecksum, Garbage or WrongDestination
  NoRoute,      // to no destination of the scenario
};

/// The truth about one probe, in the order of arrival.
struct ProbeRecord {
  ProbeProtocol protocol = ProbeProtocol::Icmp;
  IpAddress destination;
  std::uint8_t ttl = 0;
  std::uint16_t flow_port = 0;
  std::uint32_t token = 0;

  Fate fate = Fate::NoRoute;
  std::uint8_t hop = 0;       // where it ended, from 1; the destination is the last hop
  bool is_delivered = false;  // it ended at the destination
  IpAddress responder;
  Duration delay{};   // from arrival to answer, as the scenario wants it
  MonoTime left;      // the kernel's stamp, when it handed the probe to the device
  MonoTime arrived;   // when the simulated internet read it; the delay counts from here
  MonoTime answered;  // when the answer was handed to the device; not set while there is none
};

/// Routers and destinations of a scenario, without any device: is given probes, gives answers.
///
/// The same seed and the same order of probes give the same losses.
class InternetModel {
 public:
  InternetModel(Scenario scenario, MonoTime start);

  /// Decides a probe's fate and queues its answers under `record_index`. Changes the probe's
  /// bytes when the scenario wants them quoted wrongly.
  ProbeRecord Handle(WireProbe& probe, MonoTime now, std::size_t record_index,
                     AnswerQueue& answers);

 private:
  class Dice {
   public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    std::uint64_t Roll();
    double Uniform();  // [0, 1)

   private:
    std::uint64_t state_;
  };

  /// One direction of a link.
  struct LossState {
    Dice dice{0};
    unsigned burst_left = 0;
  };

  /// What changes at a node while packets pass.
  struct Node {
    Dice dice{0};
    LossState forward;
    LossState backward;
    double tokens = 0;
    MonoTime refilled;
  };

  /// How far a probe came.
  struct Journey {
    std::size_t hops = 0;
    Duration delay{};  // one way, jitter and control plane not included
    Duration jitter{};
    const Router* router = nullptr;  // where it expired; null: at the destination
    std::size_t node = 0;            // state of the router or destination
    std::uint8_t quoted_ttl = 1;
    bool is_lost = false;
  };

  static bool IsLost(const Loss& loss, LossState& state);
  bool TakeToken(const Router& router, Node& node, MonoTime now) const;
  const Path& PathOf(const Destination& destination, MonoTime now) const;
  Journey Walk(const WireProbe& probe, std::size_t destination, MonoTime now);
  bool Enter(RouterId id, Journey& journey, std::uint8_t& ttl_left);
  bool IsLostOnReturn(const Journey& journey, const Destination& destination);
  Fate Judge(const Journey& journey, const Destination& destination, MonoTime now);
  std::size_t WriteAnswer(const WireProbe& probe, const Journey& journey,
                          const Destination& destination, AnswerBuffer& buffer) const;
  void Respond(WireProbe& probe, const Journey& journey, const Destination& destination,
               ProbeRecord& record, std::size_t record_index, AnswerQueue& answers);

  Scenario scenario_;
  MonoTime start_;
  std::vector<Node> nodes_;  // routers, then destinations
  std::unordered_map<IpAddress, std::size_t> destinations_;
  std::vector<RouterId> walked_;  // of the present journey; a member to spare allocations
};

}  // namespace pathwitness
