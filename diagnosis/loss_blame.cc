#include "diagnosis/loss_blame.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace pathwitness {
namespace {

constexpr double kTolerated = 0.01;      // loss that nobody is blamed for
constexpr double kCared = 0.05;          // loss that must be excluded before all is said to be well
constexpr double kFewestProbes = 10;
constexpr double kFewestLosses = 3;
constexpr double kSignificance = 0.01;   // of the classes
constexpr double kStrayLoss = 0.0005;    // of a healthy path
constexpr double kLimitedPrior = 0.3;    // that a router answers at a rate of its own
constexpr double kDestinationLimitedPrior = 0.02;
constexpr double kReferenceWeight = 0.25;  // of a reference probe, as routers change their ways
constexpr double kUnmasked = 0.005;        // reference loss of a router that answers always
constexpr double kCoverage = 0.95;

constexpr std::size_t kRates = 64;   // points of an answer rate
constexpr std::size_t kLosses = 40;  // points of a link's loss, evenly on a logarithmic scale
constexpr double kLeastLoss = 0.005;

// Likelihoods without the binomial coefficient, which all hypotheses share.
double LogBinomial(double replies, double missing, double log_success, double log_failure) {
  const double of_replies = replies > 0 ? replies * log_success : 0;
  return of_replies + (missing > 0 ? missing * log_failure : 0);
}

// What does not depend on the evidence.
struct Grid {
  Grid() {
    for (std::size_t a = 0; a < kRates; ++a) {
      rate[a] = (static_cast<double>(a) + 0.5) / kRates;
    }
    const double step = -std::log(kLeastLoss) / (kLosses - 1);
    success[0] = 1 - kStrayLoss;  // no loss
    for (std::size_t l = 0; l < kLosses; ++l) {
      const double loss = std::min(1.0, kLeastLoss * std::exp(step * static_cast<double>(l)));
      success[l + 1] = (1 - loss) * (1 - kStrayLoss);
    }
    success[kLosses] = 0;  // all is lost, but for rounding
    for (std::size_t l = 0; l <= kLosses; ++l) {
      for (std::size_t a = 0; a < kRates; ++a) {
        log_success[l][a] = std::log(success[l] * rate[a]);
        log_failure[l][a] = std::log1p(-success[l] * rate[a]);
      }
    }
  }

  std::array<double, kRates> rate{};
  std::array<double, kLosses + 1> success{};  // [0]: without loss
  std::array<std::array<double, kRates>, kLosses + 1> log_success{};
  std::array<std::array<double, kRates>, kLosses + 1> log_failure{};
};

const Grid& SharedGrid() {
  static const Grid kGrid;
  return kGrid;
}

using RateWeights = std::array<double, kRates>;
using LogLikelihoods = std::array<double, kLosses + 1>;  // [0]: no loss before the hop

// How a hop is believed to answer.
struct AnswerModel {
  double limited = kLimitedPrior;  // weight of the rates; the rest is "always"
  RateWeights rates{};             // sum to 1
};

RateWeights UniformRates() {
  RateWeights rates;
  rates.fill(1.0 / kRates);
  return rates;
}

RateWeights RatesLike(const Tally& reference) {
  const Grid& grid = SharedGrid();
  const double replies = kReferenceWeight * (reference.sent - reference.lost);
  const double missing = kReferenceWeight * reference.lost;
  RateWeights rates;
  for (std::size_t a = 0; a < kRates; ++a) {
    rates[a] = LogBinomial(replies, missing, std::log(grid.rate[a]), std::log1p(-grid.rate[a]));
  }
  const double greatest = *std::max_element(rates.begin(), rates.end());
  double sum = 0;
  for (double& rate : rates) {
    rate = std::exp(rate - greatest);
    sum += rate;
  }
  for (double& rate : rates) {
    rate /= sum;
  }
  return rates;
}

AnswerModel ModelOf(const Tally* reference, double limited) {
  if (reference == nullptr || !(reference->sent > 0)) {
    return {.limited = limited, .rates = UniformRates()};
  }
  const bool is_masked = WilsonInterval(reference->lost, reference->sent).low >= kUnmasked;
  return {.limited = is_masked ? 1 : limited, .rates = RatesLike(*reference)};
}

LogLikelihoods LikelihoodsOf(const Tally& hop, const AnswerModel& model) {
  const Grid& grid = SharedGrid();
  const double replies = hop.sent - hop.lost;
  LogLikelihoods likelihoods;
  for (std::size_t l = 0; l <= kLosses; ++l) {
    const double always = LogBinomial(replies, hop.lost, std::log(grid.success[l]),
                                      std::log1p(-grid.success[l]));
    std::array<double, kRates> limited;
    double greatest = always;
    for (std::size_t a = 0; a < kRates; ++a) {
      limited[a] = LogBinomial(replies, hop.lost, grid.log_success[l][a], grid.log_failure[l][a]);
      greatest = std::max(greatest, limited[a]);
    }
    if (!std::isfinite(greatest)) {
      likelihoods[l] = greatest;  // impossible: it answered although all is lost
      continue;
    }
    double sum = (1 - model.limited) * std::exp(always - greatest);
    for (std::size_t a = 0; a < kRates; ++a) {
      sum += model.limited * model.rates[a] * std::exp(limited[a] - greatest);
    }
    likelihoods[l] = greatest + std::log(sum);
  }
  return likelihoods;
}

// Whether the hop tells anything: one that never answered before, or of which nothing is known and
// which does not answer now, does not.
bool IsInformative(const Tally& hop, const Tally* reference, bool is_destination) {
  if (!(hop.sent > 0)) {
    return false;
  }
  if (is_destination) {
    return true;
  }
  if (reference != nullptr && reference->sent > 0) {
    return reference->lost < reference->sent;
  }
  return hop.lost < hop.sent;
}

std::vector<LogLikelihoods> AllLikelihoods(const LossEvidence& evidence) {
  const double worth = 1 / evidence.burst_factor;
  std::vector<LogLikelihoods> all(evidence.hops.size());
  for (std::size_t t = 0; t < all.size(); ++t) {
    const bool is_destination = t + 1 == all.size();
    const Tally* reference =
        t < evidence.reference.size() ? &evidence.reference[t] : nullptr;
    if (!IsInformative(evidence.hops[t], reference, is_destination)) {
      all[t].fill(0);
      continue;
    }
    const double limited = !is_destination               ? kLimitedPrior
                           : evidence.is_service_failing ? 0
                                                         : kDestinationLimitedPrior;
    const Tally hop{.sent = evidence.hops[t].sent * worth, .lost = evidence.hops[t].lost * worth};
    all[t] = LikelihoodsOf(hop, ModelOf(reference, limited));
  }
  return all;
}

double LogSumExp(const std::vector<double>& logs) {
  const double greatest = *std::max_element(logs.begin(), logs.end());
  if (!std::isfinite(greatest)) {
    return greatest;
  }
  double sum = 0;
  for (const double log : logs) {
    sum += std::exp(log - greatest);
  }
  return greatest + std::log(sum);
}

LinkSet LikelyLinks(const std::vector<double>& links) {
  const double wanted = kCoverage * std::accumulate(links.begin(), links.end(), 0.0);
  LinkSet best{.first = 1, .last = links.size()};
  double best_mass = 0;
  for (std::size_t first = 0; first < links.size(); ++first) {
    double mass = 0;
    for (std::size_t last = first; last < links.size(); ++last) {
      mass += links[last];
      if (mass < wanted) {
        continue;
      }
      const std::size_t width = last - first;
      const std::size_t best_width = best.last - best.first;
      if (width < best_width || (width == best_width && mass > best_mass)) {
        best = {.first = first + 1, .last = last + 1};
        best_mass = mass;
      }
      break;
    }
  }
  return best;
}

LossPosterior PosteriorOf(const LossEvidence& evidence) {
  const std::vector<LogLikelihoods> hops = AllLikelihoods(evidence);
  // behind[l]: hops from the link on, each with loss l before it; before: the others, without.
  LogLikelihoods behind{};
  double none = 0;
  for (const LogLikelihoods& hop : hops) {
    none += hop[0];
    for (std::size_t l = 1; l <= kLosses; ++l) {
      behind[l] += hop[l];
    }
  }
  const auto count = static_cast<double>(hops.size());
  std::vector<double> weights = {none};  // prior 1/2; the other half is spread over the links
  double before = 0;
  for (std::size_t k = 0; k < hops.size(); ++k) {
    // Summed up again for each link: taking a hop off the sum again fails at an impossible one.
    behind.fill(0);
    for (std::size_t t = k; t < hops.size(); ++t) {
      for (std::size_t l = 1; l <= kLosses; ++l) {
        behind[l] += hops[t][l];
      }
    }
    const std::vector<double> by_loss(behind.begin() + 1, behind.end());
    weights.push_back(before + LogSumExp(by_loss) - std::log(kLosses) - std::log(count));
    before += hops[k][0];
  }
  const double all = LogSumExp(weights);
  LossPosterior posterior{.none = std::exp(weights[0] - all), .links = {}, .likely = {}};
  for (std::size_t k = 1; k < weights.size(); ++k) {
    posterior.links.push_back(std::exp(weights[k] - all));
  }
  posterior.likely = LikelyLinks(posterior.links);
  return posterior;
}

unsigned Whole(double count) {
  return static_cast<unsigned>(std::lround(std::max(0.0, count)));
}

HopClass ClassOf(const Tally& hop, const Tally& destination, LossState state, double worth) {
  if (hop.sent > 0 && hop.lost >= hop.sent) {
    return HopClass::Silent;
  }
  const unsigned hop_lost = Whole(hop.lost * worth);
  const unsigned hop_sent = Whole(hop.sent * worth);
  const unsigned lost = Whole(destination.lost * worth);
  const unsigned sent = Whole(destination.sent * worth);
  if (FisherLower(lost, sent, hop_lost, hop_sent) < kSignificance) {
    return HopClass::Masked;
  }
  const bool is_lossy = WilsonInterval(hop.lost * worth, hop.sent * worth).low > kTolerated;
  if (state == LossState::None) {
    return is_lossy && hop.lost >= kFewestLosses ? HopClass::Masked : HopClass::Clean;
  }
  if (FisherLower(hop_lost, hop_sent, lost, sent) < kSignificance) {
    return HopClass::Clean;
  }
  return is_lossy ? HopClass::Carries : HopClass::Undecided;
}

LinkSet BetweenHops(const std::vector<HopClass>& classes) {
  LinkSet between{.first = 0, .last = classes.size() + 1};
  for (std::size_t t = 0; t < classes.size(); ++t) {
    if (classes[t] == HopClass::Clean) {
      between.first = t + 1;
    }
  }
  for (std::size_t t = between.first; t < classes.size(); ++t) {
    if (classes[t] == HopClass::Carries) {
      between.last = t + 1;
      break;
    }
  }
  return between;
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

LossState LossGateState(const Tally& destination) {
  if (destination.sent < kFewestProbes) {
    return LossState::Undecided;
  }
  const Interval ratio = WilsonInterval(destination.lost, destination.sent);
  if (ratio.low > kTolerated && destination.lost >= kFewestLosses) {
    return LossState::Loss;
  }
  return destination.lost == 0 || ratio.high < kCared ? LossState::None : LossState::Undecided;
}

LossJudgement JudgeLoss(const LossEvidence& evidence) {
  LossJudgement judgement;
  if (evidence.hops.empty()) {
    return judgement;
  }
  const double worth = 1 / evidence.burst_factor;
  const Tally& destination = evidence.hops.back();
  const Tally effective{.sent = destination.sent * worth, .lost = destination.lost * worth};
  judgement.ratio = WilsonInterval(effective.lost, effective.sent);
  judgement.state = LossGateState(effective);
  for (std::size_t t = 0; t + 1 < evidence.hops.size(); ++t) {
    judgement.classes.push_back(
        ClassOf(evidence.hops[t], destination, judgement.state, worth));
  }
  if (judgement.state == LossState::Loss) {
    judgement.between = BetweenHops(judgement.classes);
    judgement.posterior = PosteriorOf(evidence);
  }
  return judgement;
}

}  // namespace pathwitness
