#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "diagnosis/statistics.h"

namespace pathwitness {

/// What is known about the loss on one path.
struct LossEvidence {
  std::vector<Tally> hops;       // by TTL from 1; the last one is the destination
  std::vector<Tally> reference;  // the same hops while all was well; empty: not known
  double burst_factor = 1;       // see BurstFactor; counts are worth this many times less
  bool is_service_failing = false;  // another protocol sees the destination fail as well
};

enum class LossState : std::uint8_t { None, Loss, Undecided };

/// What a hop says about the loss at the destination.
enum class HopClass : std::uint8_t {
  Clean,      // loses less: all up to it is not to blame
  Masked,     // loses more: its answers are limited, and it tells nothing
  Carries,    // loses as much
  Undecided,  // too few probes to tell
  Silent,     // never answers
};

/// The `classes` of `pathwitness diagnose`.
std::string_view HopClassName(HopClass hop_class);

/// Links `first` to `last`. Link k leads from hop k - 1 to hop k; hop 0 is the source.
struct LinkSet {
  std::size_t first = 0;
  std::size_t last = 0;

  bool operator==(const LinkSet&) const = default;
};

struct LossPosterior {
  double none = 1;            // that packets are lost nowhere
  std::vector<double> links;  // links[k - 1]: that they are lost on link k
  LinkSet likely;             // the fewest neighbouring links that hold 95 % of that
};

struct LossJudgement {
  LossState state = LossState::Undecided;
  Interval ratio;                 // of the destination's loss, 95 %
  std::vector<HopClass> classes;  // of the hops before the destination
  /// The loss begins behind hop `first` and not behind hop `last`; 0 is the source. By the classes
  /// alone; only of LossState::Loss.
  std::optional<LinkSet> between;
  std::optional<LossPosterior> posterior;  // only of LossState::Loss
};

/// The destination alone decides whether there is loss, however much hops seem to lose.
LossState LossGateState(const Tally& destination);

/// Where the loss begins.
///
/// A middle hop's missing answers are loss only when all hops behind it lose as much: routers
/// answer when they like. Each hop is therefore taken to answer either always or, with probability
/// 0.3, at a rate of its own; that rate is what the reference window knows.
LossJudgement JudgeLoss(const LossEvidence& evidence);

}  // namespace pathwitness
