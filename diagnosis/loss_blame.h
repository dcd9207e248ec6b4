#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "diagnosis/link_posterior.h"
#include "diagnosis/statistics.h"

namespace pathwitness {

/// A loss ratio that low is no matter of ours.
inline constexpr double kNegligibleLoss = 0.01;
/// Below this a window without enough losses is called free of loss.
inline constexpr double kLossWorthCare = 0.05;
inline constexpr double kFewestLosses = 3;
inline constexpr double kFewestProbes = 10;

/// In how many rounds, and in how many blocks of ten seconds, the destination's losses fell.
struct LossSpread {
  unsigned rounds = 0;
  unsigned blocks = 0;
};

/// What one window shows of a path, and what an earlier one without loss showed.
///
/// `hops` are in TTL order, element 0 is TTL 1, the last one is the destination. `reference` is
/// empty or has as many; where nothing was sent, nothing is known.
struct LossEvidence {
  std::vector<Counts> hops;
  std::vector<Counts> reference;
  double dispersion = 1;                // of the destination's losses
  std::optional<LossSpread> spread;     // unknown: not asked for
  std::optional<bool> service_answers;  // HTTPS or TCP probes reach the destination
};

enum class LossState : std::uint8_t { None, Loss, Undecided };

/// What a middle hop tells of loss at the destination.
enum class HopClass : std::uint8_t {
  Clean,      // loses significantly less: everything up to it is innocent
  Masked,     // loses significantly more: it limits its own answers, which tells nothing
  Carries,    // loses as much
  Undecided,  // too few samples
  Silent,     // answered nothing
};

std::string_view HopClassName(HopClass hop_class);

/// Where loss begins and how sure that is. Link k joins hop k - 1 to hop k; hop 0 is the prober.
struct LossBlame {
  LossState state = LossState::Undecided;
  Interval loss;                  // of the destination, 95 %, losses counted in clusters
  std::vector<HopClass> classes;  // of the hops before the destination
  // The rest only when the state is Loss.
  std::optional<HopSpan> interval;  // last clean hop, first that carries the loss
  LinkPosterior posterior;
};

/// Pre: `evidence.reference` is empty or as long as `evidence.hops`. Undecided without hops.
LossBlame BlameLoss(const LossEvidence& evidence);

}  // namespace pathwitness
