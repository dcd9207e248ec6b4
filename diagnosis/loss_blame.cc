#include "diagnosis/loss_blame.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

// The model: a probe to hop t is answered with probability F_t * a_t. F_t is what the links up to t
// let through and never grows with t; a_t is the hop's own willingness, 1 for most and anything
// for one that limits its answers. So loss that a later hop does not show is not the path's. For
// each link k and loss l: hops before k lose nothing, hops from k on lose l, each hop may hide
// behind an a_t of its own; what that explains is averaged over l and over a_t.
// docs/algorithms.md gives the parameters and what they were tried against.
namespace pathwitness {
namespace {

constexpr double kSignificance = 0.01;        // of hop classes
constexpr double kStrayLoss = 0.0005;         // what any hop loses without a fault
constexpr double kMayHide = 0.3;              // that a hop limits its answers
constexpr double kDestinationMayHide = 0.02;  // that the destination does
constexpr double kReferenceWeight = 0.25;     // what a sample of earlier is worth now
constexpr double kNewManners = 0.1;           // that a hop answers otherwise than before
constexpr double kUnmaskedLoss = 0.005;       // a hop that may lose less never limited its answers
constexpr unsigned kFewestLossyRounds = 3;
constexpr unsigned kFewestLossyBlocks = 2;

// A router that hides just as much as the path loses passes for the place where the loss begins.
// What it hid before tells such a one; where nothing is known of before and others are seen to
// hide, its word must not suffice. At a hundred probes that is worth about 30 to 1, two agreeing
// are more than this.
constexpr double kSureWithoutPast = 0.995;

// More samples than this would tell the points of the grid from the truth between them, and what is
// between them would be put down to hops that hide.
constexpr double kMostSamples = 2000;

// The belief in losses: as likely between 1 % and 2 % as between 20 % and 40 %, in kSteps of equal
// weight from 0.5 % on. The last step is a total outage, but for the few packets that may slip
// through one. Hops share the loss, so together they see finer than a step: each has
// kPointsPerStep.
constexpr std::size_t kSteps = 40;
constexpr std::size_t kPointsPerStep = 3;
constexpr double kSmallestLoss = 0.005;
constexpr std::array<double, 4> kNearlyTotal = {0.95, 0.98, 0.99, 0.995};
constexpr double kWeightNearlyTotal = 0.01;  // of the last step's, for each
constexpr std::size_t kLosses = (kSteps - 1) * kPointsPerStep + kNearlyTotal.size() + 1;
constexpr std::size_t kWillingnesses = 64;

struct WeightedLoss {
  double loss = 0;
  double log_weight = 0;
};

std::array<WeightedLoss, kLosses> BelievedLosses() {
  std::array<WeightedLoss, kLosses> losses;
  auto* next = losses.begin();
  constexpr std::size_t kPartial = (kSteps - 1) * kPointsPerStep;
  for (std::size_t i = 0; i < kPartial; ++i) {
    const double step = (static_cast<double>(i) - (kPointsPerStep - 1) / 2.0) / kPointsPerStep;
    *next++ = {.loss = std::pow(kSmallestLoss, 1 - step / (kSteps - 1)),
               .log_weight = -std::log(static_cast<double>(kSteps * kPointsPerStep))};
  }
  for (const double loss : kNearlyTotal) {
    *next++ = {.loss = loss, .log_weight = std::log(kWeightNearlyTotal / kSteps)};
  }
  *next = {.loss = 1,
           .log_weight = std::log((1 - kWeightNearlyTotal * kNearlyTotal.size()) / kSteps)};
  return losses;
}

// What reaches a hop: element 0 without a fault, then with each loss of the grid; and for each
// willingness a the logarithms that a binomial needs.
struct Grid {
  struct Row {
    double log_weight = 0;
    double log_through = 0;
    double log_lost = 0;
    std::array<double, kWillingnesses> log_unanswered{};  // log(1 - through * a)
  };
  std::array<Row, kLosses + 1> rows;
  std::array<double, kWillingnesses> log_willing{};
  std::array<double, kWillingnesses> log_unwilling{};
};

double WillingnessAt(std::size_t index) {
  return (static_cast<double>(index) + 0.5) / kWillingnesses;
}

Grid::Row MakeRow(const WeightedLoss& weighted) {
  const double through = (1 - weighted.loss) * (1 - kStrayLoss);
  Grid::Row row{.log_weight = weighted.log_weight,
                .log_through = std::log(through),
                .log_lost = std::log1p(-through)};
  for (std::size_t j = 0; j < kWillingnesses; ++j) {
    row.log_unanswered[j] = std::log1p(-through * WillingnessAt(j));
  }
  return row;
}

Grid MakeGrid() {
  Grid grid;
  grid.rows.front() = MakeRow({});
  std::ranges::transform(BelievedLosses(), grid.rows.begin() + 1, MakeRow);
  for (std::size_t j = 0; j < kWillingnesses; ++j) {
    grid.log_willing[j] = std::log(WillingnessAt(j));
    grid.log_unwilling[j] = std::log1p(-WillingnessAt(j));
  }
  return grid;
}

const Grid& TheGrid() {
  static const Grid grid = MakeGrid();
  return grid;
}

// `count` times the logarithm of a probability, which may be that of the impossible.
double Weigh(double count, double log_probability) {
  return count > 0 ? count * log_probability : 0;
}

// What is believed of a hop's willingness to answer before the window is looked at.
struct Willingness {
  double log_always = 0;                            // that it answers everything
  std::array<double, kWillingnesses> log_partly{};  // that it answers this share
};

Willingness BelieveIn(const Counts& reference, double may_hide) {
  Willingness belief;
  const Grid& grid = TheGrid();
  for (std::size_t j = 0; j < kWillingnesses; ++j) {
    belief.log_partly[j] = Weigh(kReferenceWeight * reference.received, grid.log_willing[j]) +
                           Weigh(kReferenceWeight * reference.Lost(), grid.log_unwilling[j]);
  }
  const bool has_limited =
      reference.sent > 0 && WilsonInterval(reference.Lost(), reference.sent).low >= kUnmaskedLoss;
  const double share = has_limited ? 1 : may_hide;
  belief.log_always = std::log1p(-share);
  const double total = LogSumExp(belief.log_partly);
  for (double& log_share : belief.log_partly) {
    const double as_before = (1 - kNewManners) * std::exp(log_share - total);
    log_share = std::log(share * (as_before + kNewManners / kWillingnesses));
  }
  return belief;
}

using HopLogs = std::array<double, kLosses + 1>;  // of the hop's counts, for each row of the grid

HopLogs ExplainHop(const Counts& now, const Willingness& belief) {
  const Grid& grid = TheGrid();
  HopLogs logs{};
  std::array<double, kWillingnesses + 1> terms{};
  for (std::size_t i = 0; i < grid.rows.size(); ++i) {
    const Grid::Row& row = grid.rows[i];
    const double log_answers = Weigh(now.received, row.log_through);
    for (std::size_t j = 0; j < kWillingnesses; ++j) {
      terms[j] = belief.log_partly[j] + log_answers + Weigh(now.received, grid.log_willing[j]) +
                 Weigh(now.Lost(), row.log_unanswered[j]);
    }
    terms.back() = belief.log_always + log_answers + Weigh(now.Lost(), row.log_lost);
    logs[i] = LogSumExp(terms);
  }
  return logs;
}

// One that was silent before says nothing by its silence now; without a before, none does.
bool IsTelling(const Counts& now, const Counts& reference, bool is_destination) {
  if (now.sent <= 0) {
    return false;
  }
  if (reference.sent > 0) {
    return reference.received > 0;
  }
  return is_destination || now.received > 0;
}

// As many counts as there are independent samples in them.
Counts Thinned(const Counts& counts, double dispersion) {
  const double divisor = std::max(dispersion, counts.sent / kMostSamples);
  return {.sent = counts.sent / divisor, .received = counts.received / divisor};
}

std::vector<HopLogs> ExplainHops(const LossEvidence& evidence) {
  std::vector<HopLogs> logs(evidence.hops.size(), HopLogs{});
  for (std::size_t i = 0; i < evidence.hops.size(); ++i) {
    const bool is_destination = i + 1 == evidence.hops.size();
    const Counts reference = evidence.reference.empty() ? Counts{} : evidence.reference[i];
    if (!IsTelling(evidence.hops[i], reference, is_destination)) {
      continue;
    }
    const bool is_dead = is_destination && evidence.service_answers == false;
    const double may_hide = is_destination ? kDestinationMayHide : kMayHide;
    logs[i] = ExplainHop(Thinned(evidence.hops[i], evidence.dispersion),
                         BelieveIn(reference, is_dead ? 0 : may_hide));
  }
  return logs;
}

LinkPosterior WeighLoss(const LossEvidence& evidence) {
  const std::vector<HopLogs> hops = ExplainHops(evidence);
  // From a fault at the last link to one at the first, one hop more is behind it each time.
  double log_before = 0;
  for (const HopLogs& hop : hops) {
    log_before += hop.front();
  }
  const double log_none = log_before;
  std::array<double, kLosses> log_behind{};
  std::vector<double> log_links(hops.size());
  for (std::size_t k = hops.size(); k-- > 0;) {
    log_before -= hops[k].front();
    std::array<double, kLosses> log_losses{};
    for (std::size_t i = 0; i < kLosses; ++i) {
      log_behind[i] += hops[k][i + 1];
      log_losses[i] = TheGrid().rows[i + 1].log_weight + log_before + log_behind[i];
    }
    log_links[k] = LogSumExp(log_losses);
  }
  return WeighLinks(log_none, log_links);
}

LossState Gate(const LossEvidence& evidence, const Interval& loss) {
  const Counts& destination = evidence.hops.back();
  if (destination.sent < kFewestProbes) {
    return LossState::Undecided;
  }
  const bool is_spread = !evidence.spread || (evidence.spread->rounds >= kFewestLossyRounds &&
                                              evidence.spread->blocks >= kFewestLossyBlocks);
  if (loss.low > kNegligibleLoss && destination.Lost() >= kFewestLosses) {
    return is_spread ? LossState::Loss : LossState::Undecided;
  }
  return destination.Lost() <= 0 || loss.high < kLossWorthCare ? LossState::None
                                                               : LossState::Undecided;
}

Interval LossInterval(const Counts& counts, double dispersion) {
  return WilsonInterval(counts.Lost() / dispersion, counts.sent / dispersion);
}

bool IsSignificant(const Counts& hop, double dispersion) {
  return hop.Lost() >= kFewestLosses && LossInterval(hop, dispersion).low > kNegligibleLoss;
}

bool LosesLess(const Counts& a, const Counts& b, double dispersion) {
  return FisherAtMost(a.Lost() / dispersion, a.sent / dispersion, b.Lost() / dispersion,
                      b.sent / dispersion) < kSignificance;
}

HopClass Classify(const Counts& hop, const Counts& destination, LossState state,
                  double dispersion) {
  if (hop.sent <= 0) {
    return HopClass::Undecided;
  }
  if (hop.received <= 0) {
    return HopClass::Silent;
  }
  if (state == LossState::None) {  // nothing is lost up to the destination, so nowhere before it
    return IsSignificant(hop, dispersion) ? HopClass::Masked : HopClass::Clean;
  }
  if (LosesLess(hop, destination, dispersion)) {
    return HopClass::Clean;
  }
  if (LosesLess(destination, hop, dispersion)) {
    return HopClass::Masked;
  }
  return LossInterval(hop, dispersion).low > kNegligibleLoss ? HopClass::Carries
                                                             : HopClass::Undecided;
}

HopSpan RuleInterval(const std::vector<HopClass>& classes) {
  const auto last_clean = std::ranges::find(classes.rbegin(), classes.rend(), HopClass::Clean);
  const auto behind = last_clean.base();
  const auto carries = std::find(behind, classes.end(), HopClass::Carries);
  return {.before = static_cast<std::size_t>(behind - classes.begin()),
          .behind = static_cast<std::size_t>(carries - classes.begin()) + 1};
}

bool Withholds(const Counts& hop, HopClass hop_class, double dispersion) {
  return hop_class == HopClass::Masked || hop_class == HopClass::Silent ||
         (hop_class == HopClass::Clean && IsSignificant(hop, dispersion));
}

double NeededForAName(const LossEvidence& evidence, const std::vector<HopClass>& classes) {
  const bool has_past =
      std::ranges::any_of(evidence.reference, [](const Counts& before) { return before.sent > 0; });
  const bool is_outage = evidence.hops.back().received <= 0;  // who answers is before the fault
  if (has_past || is_outage) {
    return kSureEnough;
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (Withholds(evidence.hops[i], classes[i], evidence.dispersion)) {
      return kSureWithoutPast;
    }
  }
  return kSureEnough;
}

}  // namespace

std::string_view HopClassName(HopClass hop_class) {
  switch (hop_class) {
    case HopClass::Clean:
      return "clean";
    case HopClass::Masked:
      return "masked";
    case HopClass::Carries:
      return "carries";
    case HopClass::Undecided:
      return "undecided";
    case HopClass::Silent:
      return "silent";
  }
  return "";
}

LossBlame BlameLoss(const LossEvidence& evidence) {
  LossBlame blame;
  if (evidence.hops.empty()) {
    return blame;
  }
  const Counts& destination = evidence.hops.back();
  blame.loss = LossInterval(destination, evidence.dispersion);
  blame.state = Gate(evidence, blame.loss);
  for (std::size_t i = 0; i + 1 < evidence.hops.size(); ++i) {
    blame.classes.push_back(
        Classify(evidence.hops[i], destination, blame.state, evidence.dispersion));
  }
  if (blame.state == LossState::Loss) {
    blame.interval = RuleInterval(blame.classes);
    blame.posterior = WeighLoss(evidence);
    blame.posterior.needed = NeededForAName(evidence, blame.classes);
  }
  return blame;
}

}  // namespace pathwitness
