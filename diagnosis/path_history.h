#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "diagnosis/flow_test.h"
#include "diagnosis/latency_blame.h"
#include "diagnosis/loss_blame.h"
#include "probes/base/time.h"
#include "probes/trace/round.h"

namespace pathwitness {

/// What one path showed lately, in the shapes that blaming takes.
///
/// The last 5 minutes are kept round by round. What is older is added up to blocks of 5 minutes, of
/// which the last 9 that were free of loss are kept, however long ago they were: they are the
/// "before" that a fault is compared with. About 8 KiB for 15 hops and rounds of 10 s.
class PathHistory {
 public:
  static constexpr Duration kRecent = std::chrono::minutes(5);
  static constexpr Duration kBlock = std::chrono::minutes(5);
  static constexpr std::size_t kBlocks = 9;

  /// `at`: when the round began. Rounds come in their order. A new destination is a new path.
  void OnRound(const Round& round, MonoTime at);

  /// The path is another one now: what was before tells nothing of it.
  void ForgetBefore();

  /// When the losses began that still go on: the first lossy round since a minute without loss.
  /// Empty: the last minute was without loss.
  std::optional<MonoTime> LossOnset() const;

  /// The end-to-end probes of all rounds since `since` that are still kept.
  Counts EndToEnd(MonoTime since) const;

  /// Windows: since `since`, and blocks that ended 5 minutes before that or earlier.
  LossEvidence Loss(MonoTime since) const;
  LatencyEvidence Latency(MonoTime since) const;

  /// End-to-end probes by flow, index for index; of a flow without rounds nothing was sent.
  std::vector<Counts> Flows(MonoTime since) const;

  /// Who answered last at each TTL; empty: nobody so far. As long as the path.
  const std::vector<std::optional<IpAddress>>& Responders() const { return responders_; }

  /// Hops up to the destination, which is the last one; one more than answer when it never did.
  std::size_t Length() const { return responders_.size(); }

 private:
  struct HopSample {
    std::uint16_t sent = 0;
    std::uint16_t received = 0;
    float round_trip = 0;  // milliseconds; 0: none
  };
  struct Sample {
    MonoTime at;
    std::uint16_t flow = 0;
    std::uint16_t sent = 0;  // end to end
    std::uint16_t lost = 0;
    std::vector<HopSample> hops;
  };
  struct HopBlock {
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    std::vector<float> round_trips;  // milliseconds; of few rounds
  };
  struct Block {
    MonoTime begins;
    MonoTime ends;
    std::uint32_t rounds = 0;
    std::uint32_t sent = 0;  // end to end
    std::uint32_t lost = 0;
    std::vector<HopBlock> hops;
  };

  void LearnPath(const Round& round);
  void Age(MonoTime now);
  void AddToBlock(const Sample& sample);
  void CloseBlock();
  bool IsBefore(const Block& block, MonoTime since) const;
  std::vector<double> RoundTripsSince(std::size_t index, MonoTime since) const;
  std::vector<double> RoundTripsBefore(std::size_t index, MonoTime since) const;

  IpAddress destination_;
  std::vector<std::optional<IpAddress>> responders_;
  std::deque<Sample> recent_;
  Block filling_;
  std::deque<Block> before_;
};

}  // namespace pathwitness
