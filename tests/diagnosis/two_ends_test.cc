#include "diagnosis/two_ends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace pathwitness {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

HopOwner Isp(std::uint32_t asn) {
  return {.segment = Segment::Transit, .asn = asn, .name = "AS" + std::to_string(asn)};
}

HopOwner Between(std::uint32_t near, std::uint32_t far) {
  return {.segment = Segment::Interconnect,
          .asn = far,
          .asn_near = near,
          .name = "AS" + std::to_string(near) + "-AS" + std::to_string(far)};
}

constexpr Counts kClean{.sent = 300, .received = 300};
constexpr Counts kHidden{.sent = 300, .received = 0};
constexpr Counts kLossy{.sent = 300, .received = 270};

/// What one end saw.
struct End {
  explicit End(const std::vector<Counts>& hops, std::vector<HopOwner> owners = {}) {
    observations.loss.hops = hops;
    for (const Counts& hop : hops) {  // before the fault
      observations.loss.reference.push_back(hop.received > 0 ? kClean : hop);
    }
    observations.facts.owners = std::move(owners);
  }

  EndView View() {
    verdict = Judge(observations);
    return {observations, verdict};
  }

  Observations observations;
  Verdict verdict;
};

/// Its second hop hides whether loss begins at it or behind it.
End Unsure(std::vector<HopOwner> owners) {
  return End({kClean, kHidden, kLossy, kLossy}, std::move(owners));
}

End Here() {
  return Unsure({Isp(64500), Isp(64500), Isp(64501), Isp(64502)});
}

End There() {
  return Unsure({Isp(64502), Isp(64501), Isp(64501), Isp(64500)});
}

TEST(TwoEnds, NameTogetherWhomNeitherNamesAlone) {
  End here = Here();
  End there = There();
  const TwoEnds together = JudgeTogether(here.View(), there.View());
  EXPECT_EQ(here.verdict.attribution.owner, std::nullopt);
  EXPECT_EQ(together.owner, "AS64501");
  EXPECT_GE(together.probability, kSureEnough);
  EXPECT_THAT(together.text, StartsWith("Both ends together: P="));
}

TEST(TwoEnds, MeetALinkBetweenNetworksInEitherOrder) {
  End here = Unsure({Isp(64500), Between(64500, 64501), Between(64500, 64501), Isp(64501)});
  End there = Unsure({Isp(64501), Between(64501, 64500), Between(64501, 64500), Isp(64500)});
  EXPECT_EQ(JudgeTogether(here.View(), there.View()).owner, "AS64500-AS64501");
}

TEST(TwoEnds, NameNobodyWhenTheySuspectDifferentNetworks) {
  End here = Unsure({Isp(64500), Isp(64501), Isp(64501), Isp(64502)});
  End there = Unsure({Isp(64502), Isp(64503), Isp(64503), Isp(64500)});
  const TwoEnds together = JudgeTogether(here.View(), there.View());
  EXPECT_EQ(together.owner, std::nullopt);
  EXPECT_THAT(together.text, HasSubstr("suspect different networks"));
}

TEST(TwoEnds, LossThatOnlyOneOfThemSeesIsOfItsFlowOrProtocol) {
  End here = Here();
  End there = End({kClean, kClean, kClean, kClean});
  const TwoEnds together = JudgeTogether(here.View(), there.View());
  EXPECT_EQ(together.owner, std::nullopt);
  EXPECT_THAT(together.text, StartsWith("Only one end sees loss"));
}

TEST(TwoEnds, WhereTheDirectionIsKnownTheViewOfThatWayHolds) {
  End here = Unsure({Isp(64500), Isp(64501), Isp(64501), Isp(64502)});
  here.observations.facts.one_way = OneWayLoss{.forward = kClean, .backward = kLossy};
  End there = Unsure({Isp(64502), Isp(64503), Isp(64503), Isp(64500)});
  EXPECT_EQ(JudgeTogether(here.View(), there.View()).owner, "AS64503");
  here.observations.facts.one_way = OneWayLoss{.forward = kLossy, .backward = kClean};
  EXPECT_EQ(JudgeTogether(here.View(), there.View()).owner, "AS64501");
}

TEST(TwoEnds, OfLossOnBothWaysEachViewStandsForItsOwn) {
  End here = Here();
  here.observations.facts.one_way = OneWayLoss{.forward = kLossy, .backward = kLossy};
  End there = There();
  EXPECT_EQ(JudgeTogether(here.View(), there.View()).owner, std::nullopt);
}

TEST(TwoEnds, TheNetworkHereIsTheDestinationOfTheOther) {
  const std::vector<Counts> at_once = {kLossy, kLossy, kLossy, kLossy};
  const std::vector<Counts> at_last = {kClean, kClean, kClean, kLossy};
  End here = End(at_once);
  End there = End(at_last);
  EXPECT_EQ(JudgeTogether(here.View(), there.View()).owner, "the network here");
}

TEST(TwoEnds, WithoutLossThereIsNothingToCombine) {
  End here = End({kClean, kClean});
  End there = End({kClean, kClean});
  EXPECT_EQ(JudgeTogether(here.View(), there.View()).owner, std::nullopt);
}

}  // namespace
}  // namespace pathwitness
