#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "diagnosis/burst_meter.h"
#include "diagnosis/flow_test.h"
#include "diagnosis/latency_baseline.h"
#include "diagnosis/latency_blame.h"
#include "diagnosis/loss_blame.h"
#include "diagnosis/small_round_trip.h"
#include "probes/base/time.h"
#include "probes/trace/round.h"

namespace pathwitness {

/// End-to-end probes in a row of which none was lost, and how long ago the first of them were
/// known.
struct CleanRun {
  unsigned probes = 0;
  Duration length{};
};

/// What one path showed lately, in the shapes that blaming takes.
///
/// The last 5 minutes are kept as they came. What is older is added up to blocks of 5 minutes, of
/// which the last 6 that were free of loss are kept, however long ago they were: they are the
/// "before" that a fault is compared with. Round trips are also kept as medians: of each hour of a
/// day, so that a delay that stays is the normal after half a day, and of the hours of the week.
/// About 13 KiB for 15 hops that are all probed in each round of 10 s, and 4 flows.
class PathHistory {
 public:
  static constexpr Duration kRecent = std::chrono::minutes(5);
  static constexpr Duration kBlock = std::chrono::minutes(5);
  static constexpr std::size_t kBlocks = 6;

  /// `at`: when the round began. Rounds come in their order. A new destination is a new path.
  /// What the round says of end-to-end probes is left to OnEndToEnd, which knows it sooner.
  void OnRound(const Round& round, MonoTime at);

  /// What became known of end-to-end probes since the call before, by flow.
  void OnEndToEnd(std::span<const Counts> flows, MonoTime at);

  /// The path is another one now: what was before tells nothing of its hops. Only the destination
  /// is the same, so its round trips of before are kept for half an hour to compare with.
  void OnRouteChange(MonoTime at);

  /// When the losses that still go on were known first, since a minute without loss. Empty: the
  /// last minute was without loss.
  std::optional<MonoTime> LossOnset() const;

  /// The newest end-to-end probes, up to the last loss or as far as they are kept.
  CleanRun NewestClean(MonoTime now) const;

  /// What became known of end-to-end probes since `since` and is still kept.
  Counts EndToEnd(MonoTime since) const;

  /// The destination alone, and without a before: what a gate needs.
  LossEvidence LossOfDestination(MonoTime since) const;
  LatencyEvidence LatencyOfDestination(MonoTime since, LatencyPast past) const;

  /// Windows: since `since`, and blocks that ended 5 minutes before that or earlier. A loss is
  /// known only after a while, so hops count from `hops_since` on.
  LossEvidence Loss(MonoTime since, MonoTime hops_since) const;

  /// Round trips since `since` beside those of `past`, which is HalfHour or Day. Where the
  /// destination's are usually longer still at this hour of the week, it is compared with that; the
  /// other hops, of which only the faster past is known, then tell nothing when that makes a
  /// difference.
  LatencyEvidence Latency(MonoTime since, LatencyPast past) const;

  /// True when answers since `since` come back over as many hops as before, as far as hops answered
  /// both times, and at least one did.
  bool AreReplyTtlsUnchanged(MonoTime since) const;

  /// End-to-end probes by flow, index for index.
  std::vector<Counts> Flows(MonoTime since) const;

  /// Who answered last at each TTL; empty: nobody so far. As long as the path.
  const std::vector<std::optional<IpAddress>>& Responders() const { return responders_; }

  const IpAddress& Destination() const { return destination_; }

  /// Hops up to the destination, which is the last one; one more than answer when it never did.
  std::size_t Length() const { return responders_.size(); }

 private:
  // What there is most of lies in few blocks of memory: with thousands of paths its size matters.
  struct HopSample {
    std::uint8_t index = 0;      // of the hop
    std::uint8_t reply_ttl = 0;  // 0: none
    SmallRoundTrip round_trip = 0;
    std::uint16_t sent = 0;
    std::uint16_t received = 0;
  };
  struct Sample {  // of a round
    MonoTime at;
    std::uint16_t length = 0;  // of the path then
    std::uint16_t hops = 0;    // of which anything is known; as many of hop_samples_
  };
  struct FlowCount {
    std::uint16_t sent = 0;
    std::uint16_t lost = 0;
  };
  struct Train {  // end-to-end probes
    MonoTime at;
    std::uint16_t sent = 0;
    std::uint16_t lost = 0;
    std::uint16_t flows = 0;  // as many of flow_counts_
  };
  struct HopBlock {
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    std::uint8_t reply_ttl = 0;  // the last one
  };
  struct HopRoundTrip {
    std::uint8_t index = 0;  // of the hop
    SmallRoundTrip round_trip = 0;
  };
  struct Block {
    MonoTime begins;
    MonoTime ends;
    std::uint32_t rounds = 0;
    std::uint32_t sent = 0;  // end to end
    std::uint32_t lost = 0;
    std::vector<HopBlock> hops;
    std::vector<HopRoundTrip> round_trips;  // of few rounds
  };

  template <typename Visit>
  void ForEachRecent(Visit visit) const;
  void LearnPath(const Round& round);
  void Age(MonoTime now);
  void AddToBlock(const Sample& sample, std::span<const HopSample> hops);
  void MeasureBursts(const Train& train);
  void CloseBlock();
  static bool IsBefore(const Block& block, MonoTime since);
  static void AddRoundTrips(const Block& block, std::size_t index, std::vector<double>& to);
  std::vector<double> MediansOf(const Block& block) const;
  std::optional<HopShift> ShiftAt(std::size_t index, MonoTime since,
                                  LatencyEvidence& evidence) const;
  void CompareWithUsual(LatencyEvidence& evidence, MonoTime at) const;
  std::vector<double> RoundTripsSince(std::size_t index, MonoTime since) const;
  std::vector<double> RoundTripsBefore(std::size_t index, MonoTime since) const;
  std::vector<double> RoundTripsOfDestination() const;

  IpAddress destination_;
  std::vector<std::optional<IpAddress>> responders_;
  std::vector<Sample> recent_;          // oldest first
  std::vector<HopSample> hop_samples_;  // of all of `recent_`
  std::vector<Train> trains_;           // oldest first
  std::vector<FlowCount> flow_counts_;  // of all of `trains_`
  BurstMeter bursts_;                   // of the losses that go on
  std::optional<MonoTime> last_lossy_;  // of them
  Block filling_;
  std::vector<Block> before_;  // oldest first
  LatencyBaseline baseline_;
  std::vector<double> old_route_;  // round trips to the destination over the route before
  MonoTime old_route_until_;       // they are compared with
};

}  // namespace pathwitness
