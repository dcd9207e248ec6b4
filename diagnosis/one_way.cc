#include "diagnosis/one_way.h"

#include <algorithm>
#include <iterator>

#include "diagnosis/loss_blame.h"

namespace pathwitness {
namespace {

constexpr double kLeastAgreement = 0.05;

bool Loses(const Counts& counts) {
  return counts.sent >= kFewestProbes && counts.Lost() >= kFewestLosses &&
         WilsonInterval(counts.Lost(), counts.sent).low > kNegligibleLoss;
}

Counts Difference(const Counts& now, const Counts& before) {
  return {.sent = now.sent - before.sent, .received = now.received - before.received};
}

}  // namespace

std::string_view DirectionName(Direction direction) {
  switch (direction) {
    case Direction::Unknown:
      return "unknown";
    case Direction::Forward:
      return "fwd";
    case Direction::Return:
      return "rev";
    case Direction::Both:
      return "both";
  }
  return "";
}

OneWayLoss SplitLoss(const ReflectorCounts& counts) {
  const std::uint64_t arrived = std::min(counts.last_count, counts.last_sequence);
  const std::uint64_t returned = std::min(counts.received, arrived);
  return {.forward = {.sent = static_cast<double>(counts.last_sequence),
                      .received = static_cast<double>(arrived)},
          .backward = {.sent = static_cast<double>(arrived),
                       .received = static_cast<double>(returned)}};
}

Direction DirectionOf(const OneWayLoss& loss) {
  const bool is_forward = Loses(loss.forward);
  const bool is_backward = Loses(loss.backward);
  if (is_forward && is_backward) {
    return Direction::Both;
  }
  if (is_forward) {
    return Direction::Forward;
  }
  return is_backward ? Direction::Return : Direction::Unknown;
}

void OneWayHistory::Add(const OneWayLoss& totals, MonoTime at) {
  samples_.push_back({at, totals});
  while (samples_.size() > 1 && samples_[1].at <= at - kRemembers) {
    samples_.erase(samples_.begin());
  }
}

std::optional<OneWayLoss> OneWayHistory::Since(MonoTime since) const {
  const auto later =
      std::ranges::find_if(samples_, [since](const Sample& sample) { return sample.at > since; });
  if (later == samples_.end()) {
    return std::nullopt;
  }
  const OneWayLoss& before = (later == samples_.begin() ? later : std::prev(later))->totals;
  const OneWayLoss& now = samples_.back().totals;
  const OneWayLoss loss = {.forward = Difference(now.forward, before.forward),
                           .backward = Difference(now.backward, before.backward)};
  return loss.forward.sent > 0 ? std::optional(loss) : std::nullopt;
}

std::optional<std::vector<double>> CombineEnds(std::span<const double> ours,
                                               std::span<const double> theirs) {
  std::vector<double> combined;
  double mass = 0;
  for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    combined.push_back(ours[i] * theirs[i]);
    mass += combined.back();
  }
  if (mass < kLeastAgreement) {
    return std::nullopt;
  }
  for (double& share : combined) {
    share /= mass;
  }
  return combined;
}

}  // namespace pathwitness
