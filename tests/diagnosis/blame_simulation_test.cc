#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "diagnosis/burst_meter.h"
#include "diagnosis/loss_blame.h"
#include "tests/support/split_mix.h"

// Paths of twelve hops and four owners, of three links each. Of four routers one limits its
// answers, and of seven one says nothing; one link in twelve loses packets. A wrong name is worse
// than none, so none may be wrong.
namespace pathwitness {
namespace {

constexpr std::size_t kHops = 12;
constexpr std::size_t kOwners = 4;

/// How readily each hop answers.
using Willingness = std::vector<double>;

Willingness RandomRouters(SplitMix& random) {
  Willingness willing(kHops, 1.0);
  for (std::size_t hop = 0; hop + 1 < kHops; ++hop) {
    const double kind = random.Share();
    if (kind < 0.15) {
      willing[hop] = 0;
    } else if (kind < 0.40) {
      willing[hop] = random.Between(0.05, 0.9);
    }
  }
  return willing;
}

/// When the faulty link loses packets.
struct Fault {
  std::size_t link = 1;
  double loss = 0;        // while it is bad
  double mean_burst = 0;  // rounds that it stays bad; 0: it always is
  double share_bad = 1;   // of all rounds
};

/// Whether the faulty link is bad, round by round.
class Spells {
 public:
  Spells(SplitMix& random, const Fault& fault)
      : random_(random),
        fault_(fault),
        is_bad_(fault.mean_burst <= 0 || random.Hits(fault.share_bad)) {}

  bool Next() {
    if (fault_.mean_burst > 0) {
      const double leave = 1 / fault_.mean_burst;
      is_bad_ = is_bad_ ? !random_.Hits(leave)
                        : random_.Hits(leave * fault_.share_bad / (1 - fault_.share_bad));
    }
    return is_bad_;
  }

 private:
  SplitMix& random_;
  Fault fault_;
  bool is_bad_;
};

struct Window {
  std::vector<Counts> hops = std::vector<Counts>(kHops);
  BurstMeter bursts;  // of the destination's losses
};

// A round a second.
Window Watch(SplitMix& random, const Willingness& willing, const Fault& fault, int rounds) {
  Window window;
  Spells spells(random, fault);
  for (int round = 0; round < rounds; ++round) {
    const bool is_bad = spells.Next();
    Counts last;
    for (std::size_t hop = 0; hop < kHops; ++hop) {
      const bool is_lost = hop + 1 >= fault.link && is_bad && random.Hits(fault.loss);
      last = {.sent = 1, .received = !is_lost && random.Hits(willing[hop]) ? 1.0 : 0.0};
      window.hops[hop].sent += 1;
      window.hops[hop].received += last.received;
    }
    window.bursts.OnProbes(last, MonoTime(std::chrono::seconds(round)));
  }
  return window;
}

/// Index of the owner who is named, if one is.
std::optional<std::size_t> NamedOwner(const LinkPosterior& posterior) {
  constexpr std::size_t kLinksEach = kHops / kOwners;
  for (std::size_t owner = 0; owner < kOwners && !posterior.links.empty(); ++owner) {
    const auto* const first = posterior.links.data() + owner * kLinksEach;
    if (std::accumulate(first, first + kLinksEach, 0.0) >= posterior.needed) {
      return owner;
    }
  }
  return std::nullopt;
}

bool Covers(const HopSpan& likely, std::size_t link) {
  return likely.before < link && link <= likely.behind;
}

struct Setting {
  int rounds = 120;
  int runs = 1000;
  bool has_reference = true;
  bool is_bursty = false;
  std::optional<double> dispersion;  // empty: from the rounds
};

struct Score {
  int judged = 0;  // the gate was open
  int spoken = 0;
  int wrong = 0;
  int covered = 0;
  double width = 0;

  double Coverage() const { return static_cast<double>(covered) / judged; }
};

Fault RandomFault(SplitMix& random, bool is_bursty) {
  Fault fault{.link = 1 + random.Below(kHops), .loss = random.Between(0.05, 1)};
  if (is_bursty) {
    fault.loss = 0.5;
    fault.mean_burst = 5;
    fault.share_bad = random.Between(0.1, 0.9);
  }
  return fault;
}

void Judge(const Fault& fault, const LossBlame& blame, Score& score) {
  if (blame.state != LossState::Loss) {
    return;
  }
  ++score.judged;
  score.covered += Covers(blame.posterior.likely, fault.link) ? 1 : 0;
  score.width += static_cast<double>(blame.posterior.likely.behind - blame.posterior.likely.before);
  const std::optional<std::size_t> owner = NamedOwner(blame.posterior);
  if (owner) {
    ++score.spoken;
    score.wrong += *owner == (fault.link - 1) / (kHops / kOwners) ? 0 : 1;
  }
}

Score Simulate(std::uint64_t seed, const Setting& setting) {
  SplitMix random(seed);
  Score score;
  for (int run = 0; run < setting.runs; ++run) {
    const Willingness willing = RandomRouters(random);
    const Fault fault = RandomFault(random, setting.is_bursty);
    const Window before = Watch(random, willing, {}, 300);
    const Window now = Watch(random, willing, fault, setting.rounds);
    LossEvidence evidence{.hops = now.hops,
                          .dispersion = setting.dispersion.value_or(now.bursts.Value())};
    if (setting.has_reference) {
      evidence.reference = before.hops;
    }
    Judge(fault, BlameLoss(evidence), score);
  }
  testing::Test::RecordProperty("judged", score.judged);
  testing::Test::RecordProperty("spoken", score.spoken);
  testing::Test::RecordProperty("wrong", score.wrong);
  testing::Test::RecordProperty("covered", score.covered);
  testing::Test::RecordProperty("links", std::to_string(score.width / score.judged));
  return score;
}

TEST(BlameSimulation, NamesSevenOfTenOwnersAndNoneWrongly) {
  const Score score = Simulate(1, {.dispersion = 1});
  EXPECT_GE(score.spoken, 700);
  EXPECT_EQ(score.wrong, 0);
  EXPECT_GE(score.Coverage(), 0.97);
  EXPECT_LT(score.width / score.judged, 2.5);
}

// Without a past, nobody knows whether a router that hides just as much as the path loses does so
// by chance; so more is wanted for a name, and half as many are named.
TEST(BlameSimulation, NamesFewerWithoutAPastRatherThanWrongly) {
  const Score score = Simulate(2, {.runs = 2000, .has_reference = false, .dispersion = 1});
  EXPECT_GE(score.spoken, 350);
  EXPECT_LE(score.wrong, 1);
  EXPECT_GE(score.Coverage(), 0.97);
}

TEST(BlameSimulation, IsAsHonestWhenLossesComeInBursts) {
  const Score score = Simulate(3, {.rounds = 360, .runs = 500, .is_bursty = true});
  EXPECT_GE(score.spoken, 250);
  EXPECT_EQ(score.wrong, 0);
  EXPECT_GE(score.Coverage(), 0.97);
}

TEST(BlameSimulation, IsAsHonestInBurstsBeforeTheirSizeIsKnown) {
  const Score score = Simulate(4, {.runs = 400, .is_bursty = true});
  EXPECT_GE(score.spoken, 150);
  EXPECT_EQ(score.wrong, 0);
  EXPECT_GE(score.Coverage(), 0.97);
}

/// How often the interval of the loss in the last five minutes holds the truth, after `rounds` of
/// a loss in bursts of five seconds.
double HeldInBursts(int rounds, std::optional<double> dispersion) {
  constexpr int kRuns = 1000;
  SplitMix random(8);
  int held = 0;
  for (int run = 0; run < kRuns; ++run) {
    const Fault fault = {.loss = 0.5, .mean_burst = 5, .share_bad = random.Between(0.05, 0.5)};
    Spells spells(random, fault);
    BurstMeter bursts;
    Counts last;
    for (int round = 0; round < rounds; ++round) {
      const double received = spells.Next() && random.Hits(fault.loss) ? 0 : 1;
      bursts.OnProbes({.sent = 1, .received = received}, MonoTime(std::chrono::seconds(round)));
      last.sent += round >= rounds - 300 ? 1 : 0;
      last.received += round >= rounds - 300 ? received : 0;
    }
    const double divisor = dispersion.value_or(bursts.Value());
    const Interval loss = WilsonInterval(last.Lost() / divisor, last.sent / divisor);
    const double truth = fault.share_bad * fault.loss;
    held += loss.low <= truth && truth <= loss.high ? 1 : 0;
  }
  return static_cast<double>(held) / kRuns;
}

TEST(BlameSimulation, HasHonestIntervalsOfLossesInBursts) {
  EXPECT_LT(HeldInBursts(300, 1), 0.8);  // as if they were independent
  EXPECT_GT(HeldInBursts(300, std::nullopt), 0.93);
  EXPECT_GT(HeldInBursts(360, std::nullopt), 0.89);
  EXPECT_GT(HeldInBursts(1800, std::nullopt), 0.93);
}

TEST(BlameSimulation, BlamesNobodyWhenNothingIsLost) {
  SplitMix random(5);
  for (int run = 0; run < 1000; ++run) {
    const Window now = Watch(random, RandomRouters(random), {}, run % 2 == 0 ? 60 : 300);
    EXPECT_EQ(BlameLoss({.hops = now.hops}).state, LossState::None);
  }
}

/// What is left of the answers when each comes with the probability `share` only.
Counts Withheld(SplitMix& random, const Counts& counts, double share) {
  Counts left{.sent = counts.sent};
  for (double answer = 0; answer < counts.received; ++answer) {
    left.received += random.Hits(share) ? 1 : 0;
  }
  return left;
}

/// How often an owner was named with and without what one more hop withheld.
struct Moves {
  int kept = 0;
  int moved = 0;

  void Add(std::optional<std::size_t> without, std::optional<std::size_t> with) {
    kept += without && with == without ? 1 : 0;
    moved += without && with && *with != *without ? 1 : 0;
  }
};

/// A path with a fault, and one whose middle hop withholds more, from then on or always.
struct Limited {
  LossEvidence without;
  LossEvidence with;
  std::size_t hop = 0;
  Counts before;        // of that hop, when it always did
  double withheld = 0;  // of the answers that it gave
  double missing = 0;   // of all its answers, without the fault
  double loss = 0;      // of the path
};

Limited RandomLimited(SplitMix& random) {
  const Willingness willing = RandomRouters(random);
  const Fault fault = RandomFault(random, false);
  const Window before = Watch(random, willing, {}, 300);
  const Window now = Watch(random, willing, fault, 120);
  Limited limited{.without = {.hops = now.hops, .reference = before.hops}, .loss = fault.loss};
  limited.hop = random.Below(kHops - 1);
  const double share = random.Share();
  limited.withheld = 1 - share;
  limited.missing = 1 - willing[limited.hop] * share;
  limited.with = limited.without;
  limited.with.hops[limited.hop] = Withheld(random, now.hops[limited.hop], share);
  limited.before = Withheld(random, before.hops[limited.hop], share);
  return limited;
}

std::optional<std::size_t> NamedBy(const LossEvidence& evidence) {
  return NamedOwner(BlameLoss(evidence).posterior);
}

class LimitedHops : public testing::TestWithParam<std::uint64_t> {};

TEST_P(LimitedHops, MoveNoOwner) {
  SplitMix random(GetParam());
  Moves moves;
  for (int run = 0; run < 250; ++run) {
    Limited limited = RandomLimited(random);
    limited.with.reference[limited.hop] = limited.before;
    moves.Add(NamedBy(limited.without), NamedBy(limited.with));
  }
  EXPECT_GE(moves.kept, 150);
  EXPECT_EQ(moves.moved, 0);
}

// One that begins with the fault to withhold just what the path loses is by its counts the place
// where the fault is: nobody could tell. All others leave the owner where it was.
TEST_P(LimitedHops, MoveNoOwnerWhenTheyBeginWithTheFault) {
  constexpr double kAlike = 0.2;  // four deviations of the 120 probes
  SplitMix random(GetParam());
  Moves moves;
  for (int run = 0; run < 250; ++run) {
    const Limited limited = RandomLimited(random);
    if (std::abs(limited.withheld - limited.loss) > kAlike &&
        std::abs(limited.missing - limited.loss) > kAlike) {
      moves.Add(NamedBy(limited.without), NamedBy(limited.with));
    }
  }
  EXPECT_GE(moves.kept, 80);
  EXPECT_EQ(moves.moved, 0);
}

TEST_P(LimitedHops, MoveNoOwnerWithoutAPast) {
  SplitMix random(GetParam());
  Moves moves;
  for (int run = 0; run < 250; ++run) {
    Limited limited = RandomLimited(random);
    limited.without.reference.clear();
    limited.with.reference.clear();
    moves.Add(NamedBy(limited.without), NamedBy(limited.with));
  }
  EXPECT_GE(moves.kept, 30);
  EXPECT_EQ(moves.moved, 0);
}

INSTANTIATE_TEST_SUITE_P(OfManyPaths, LimitedHops, testing::Range<std::uint64_t>(1, 6));

}  // namespace
}  // namespace pathwitness
