#include "diagnosis/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace pathwitness {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Four clean hops, then four that carry 10 % loss.
Observations LossyPath() {
  Observations observations;
  observations.loss.hops = std::vector<Counts>(4, {.sent = 300, .received = 300});
  observations.loss.hops.insert(observations.loss.hops.end(), 4, {.sent = 300, .received = 270});
  const auto network = [](std::uint32_t asn) {
    return HopOwner{.segment = Segment::Transit, .asn = asn, .name = "AS" + std::to_string(asn)};
  };
  observations.facts.owners = {network(64500), network(64500), network(64500), network(64501),
                               network(64501), network(64501), network(64501), network(64502)};
  return observations;
}

/// The fault is on the link into another network.
Observations LossyBorder() {
  Observations observations = LossyPath();
  observations.facts.owners[3] = observations.facts.owners[2];
  return observations;
}

OneWayLoss ForwardLoss() {
  return SplitLoss({.last_sequence = 1000, .last_count = 889, .received = 889});
}

OneWayLoss ReturnLoss() {
  return SplitLoss({.last_sequence = 1000, .last_count = 1000, .received = 907});
}

TEST(Judge, NamesTheOwnerOfTheLikelyLinks) {
  const Verdict verdict = Judge(LossyPath());
  EXPECT_EQ(verdict.state, VerdictState::Loss);
  ASSERT_TRUE(verdict.attribution.owner);
  EXPECT_EQ(verdict.attribution.owner->name, "AS64501");
  EXPECT_GT(verdict.attribution.probability, 0.99);
}

TEST(Judge, SaysSoInSentences) {
  EXPECT_EQ(Judge(LossyPath()).text,
            "10.0 % of probes (30/300, 95 % CI 7.1-13.9 %) to the destination are lost. Loss "
            "begins between hop 4 (AS64501) and hop 5 (AS64501) and continues to the destination: "
            "P=1.00 AS64501. Clean: hop 1 lost 0/300, hop 2 lost 0/300, hop 3 lost 0/300, hop 4 "
            "lost 0/300.");
}

TEST(Judge, NamesNobodyAtABorderThatTheReturnPathMayExplain) {
  const Verdict verdict = Judge(LossyBorder());
  EXPECT_EQ(verdict.attribution.owner, std::nullopt);
  EXPECT_GE(verdict.attribution.probability, kSureEnough);
  EXPECT_THAT(verdict.text, HasSubstr("or the return path used by AS64501."));
}

TEST(Judge, NamesNobodyAtAHopThatMayStandBehindTheBorder) {
  Observations observations = LossyPath();
  observations.facts.owners[4].may_be_border = true;
  EXPECT_EQ(Judge(observations).attribution.owner, std::nullopt);
}

TEST(Judge, NamesTheOwnerBehindABorderWhenRepliesComeBackAsBefore) {
  Observations observations = LossyBorder();
  observations.facts.are_reply_ttls_unchanged = true;
  const Verdict verdict = Judge(observations);
  ASSERT_TRUE(verdict.attribution.owner);
  EXPECT_THAT(verdict.text, Not(HasSubstr("return path")));
}

TEST(Judge, NamesTheOwnerBehindABorderWhenAReflectorSawTheDirection) {
  Observations observations = LossyBorder();
  observations.facts.one_way = ForwardLoss();
  const Verdict verdict = Judge(observations);
  ASSERT_TRUE(verdict.attribution.owner);
  EXPECT_THAT(verdict.text, HasSubstr("Forward direction (reflector: forward 11.1 % of 1000, "
                                      "return 0.0 % of 889)."));
}

TEST(Judge, NamesNobodyForLossOnTheWayBack) {
  Observations observations = LossyPath();
  observations.facts.one_way = ReturnLoss();
  const Verdict verdict = Judge(observations);
  EXPECT_EQ(verdict.direction, Direction::Return);
  EXPECT_EQ(verdict.attribution.owner, std::nullopt);
  EXPECT_THAT(verdict.text, HasSubstr("on the way back, of which these hops tell nothing."));
}

TEST(Judge, TellsBetweenWhomItIsUndecided) {
  Observations observations = LossyPath();
  for (Counts& hop : observations.loss.hops) {
    hop = {.sent = 20, .received = hop.received < hop.sent ? 17.0 : 20.0};
  }
  observations.facts.owners[4].name = "AS64502";
  observations.facts.owners[4].asn = 64502;
  const Verdict verdict = Judge(observations);
  EXPECT_EQ(verdict.attribution.owner, std::nullopt);
  EXPECT_THAT(verdict.text, HasSubstr("undecided between "));
  EXPECT_THAT(verdict.text, HasSubstr("n=20; about 60 probes per hop needed at this loss."));
}

TEST(Judge, NamesNobodyWhoseNameIsUnknown) {
  Observations observations = LossyPath();
  observations.facts.owners = std::vector<HopOwner>(8);
  EXPECT_EQ(Judge(observations).attribution.owner, std::nullopt);
}

TEST(Judge, TakesTheFirstLinkForTheProbersNetwork) {
  Observations observations;
  for (const double received : {92.0, 91.0, 93.0, 92.0, 92.0}) {
    observations.loss.hops.push_back({.sent = 100, .received = received});
  }
  const Verdict verdict = Judge(observations);
  ASSERT_TRUE(verdict.attribution.owner);
  EXPECT_EQ(verdict.attribution.owner->segment, Segment::SourceLan);
}

TEST(Judge, TakesASilentDestinationWhoseServiceAnswersForAFilter) {
  Observations observations;
  observations.loss.hops = std::vector<Counts>(8, {.sent = 30, .received = 30});
  observations.loss.hops.push_back({.sent = 30, .received = 0});
  observations.loss.service_answers = true;
  const Verdict verdict = Judge(observations);
  EXPECT_EQ(verdict.state, VerdictState::DestinationFilter);
  EXPECT_EQ(verdict.attribution.owner, std::nullopt);
}

TEST(Judge, NamesADeadDestinationWhoseServiceFailsToo) {
  Observations observations;
  observations.loss.hops = std::vector<Counts>(8, {.sent = 30, .received = 30});
  observations.loss.hops.push_back({.sent = 30, .received = 0});
  observations.loss.service_answers = false;
  const Verdict verdict = Judge(observations);
  ASSERT_TRUE(verdict.attribution.owner);
  EXPECT_EQ(verdict.attribution.owner->segment, Segment::DestinationHost);
}

TEST(Judge, ExplainsAnIcmpLimitAwayWithoutAnAlarm) {
  Observations observations;
  observations.loss.hops = std::vector<Counts>(8, {.sent = 50, .received = 50});
  observations.loss.hops[4].received = 5;
  const Verdict verdict = Judge(observations);
  EXPECT_EQ(verdict.state, VerdictState::None);
  EXPECT_THAT(verdict.text,
              HasSubstr("Hop 5's 90.0 % (45/50) is its own limit on answers and was ignored."));
}

// One hop's word for the last link of a network: likely, but not certain enough.
TEST(Judge, NamesNobodyOnOneWordWhereHopsWithholdAnswersAndNothingIsKnownOfBefore) {
  Observations observations = LossyPath();
  observations.loss.hops[0].received = 100;
  observations.facts.owners[5] = observations.facts.owners[7];
  observations.facts.are_reply_ttls_unchanged = true;
  const Verdict verdict = Judge(observations);
  EXPECT_GE(verdict.attribution.probability, kSureEnough);
  EXPECT_FALSE(verdict.attribution.owner);
  EXPECT_THAT(verdict.text, HasSubstr("hops withhold answers and nothing is known of before"));
  EXPECT_THAT(verdict.text, HasSubstr("probes per hop needed"));
  observations.loss.reference = std::vector<Counts>(8, {.sent = 300, .received = 300});
  observations.loss.reference[0].received = 100;
  EXPECT_TRUE(Judge(observations).attribution.owner);
}

TEST(Judge, ListsTheFlowsThatLose) {
  Observations observations;
  observations.flows = std::vector<Counts>(16, {.sent = 20, .received = 20});
  observations.flows[1].received = 0;
  const Verdict verdict = Judge(observations);
  EXPECT_EQ(verdict.state, VerdictState::FlowDependent);
  EXPECT_THAT(verdict.text, HasSubstr("flow 2 lost 20/20"));
}

TEST(Judge, FindsWhereDelayBegins) {
  Observations observations;
  observations.latency.hops =
      std::vector<std::optional<HopShift>>(4, HopShift{.shift = 0.1, .standard_error = 0.3});
  observations.latency.hops.insert(observations.latency.hops.end(), 4,
                                   HopShift{.shift = 12, .standard_error = 0.4});
  observations.facts.owners = LossyPath().facts.owners;
  const Verdict verdict = Judge(observations);
  EXPECT_EQ(verdict.state, VerdictState::Latency);
  ASSERT_TRUE(verdict.attribution.owner);
  EXPECT_EQ(verdict.attribution.owner->name, "AS64501");
  EXPECT_THAT(verdict.text, HasSubstr("Round trips to the destination are 12.0 ms longer"));
}

TEST(Judge, OfNothingIsUndecided) {
  const Verdict verdict = Judge({});
  EXPECT_EQ(verdict.state, VerdictState::Undecided);
  EXPECT_EQ(verdict.text, "Nothing to judge by.");
}

}  // namespace
}  // namespace pathwitness
