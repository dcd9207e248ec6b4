#include "diagnosis/diagnostician.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "tests/diagnosis/virtual_path.h"

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::EndsWith;
using testing::HasSubstr;

/// How long until something is said, at most `most`.
Duration TimeToSpeak(VirtualPath& path, Duration most) {
  const MonoTime fault = path.Now();
  path.Live(most, [&] { return path.Spoken() != nullptr; });
  return path.Now() - fault;
}

TEST(Diagnostician, FindsATotalOutageWithinThirtySeconds) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 10U}) {
    VirtualPath path(seed);
    path.Live(minutes(40) + seconds(seed));
    path.link_loss[3] = 1;
    EXPECT_LE(TimeToSpeak(path, minutes(5)), seconds(30)) << "seed " << seed;
    ASSERT_NE(path.Spoken(), nullptr);
    EXPECT_EQ(path.Spoken()->verdict.state, VerdictState::Loss);
  }
}

TEST(Diagnostician, FindsTenPercentWithinTwoMinutes) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    VirtualPath path(seed);
    path.Live(minutes(40));
    path.link_loss[3] = 0.1;
    found += TimeToSpeak(path, minutes(5)) <= minutes(2) ? 1 : 0;
  }
  EXPECT_GE(found, 19);
}

TEST(Diagnostician, TellsTheLinkOfAnOutage) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.link_loss[3] = 1;
  path.Live(minutes(3));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.posterior.likely, (HopSpan{.before = 3, .behind = 4}));
  EXPECT_THAT(path.Spoken()->verdict.text, HasSubstr("between hop 3 (192.0.2.3) and hop 4"));
}

TEST(Diagnostician, NeverSpeaksOnACleanPath) {
  VirtualPath path(1);
  path.link_loss[2] = 0.001;
  path.Live(hours(24), [&] { return path.Spoken() != nullptr; });
  EXPECT_EQ(path.Spoken(), nullptr) << path.Spoken()->verdict.text;
}

TEST(Diagnostician, NeverSpeaksWhenOnlyRoutersLimitTheirAnswers) {
  VirtualPath path(2);
  path.unwilling = {0, 0.9, 0.3, 1, 0.6, 0};
  path.Live(hours(24), [&] { return path.Spoken() != nullptr; });
  EXPECT_EQ(path.Spoken(), nullptr) << path.Spoken()->verdict.text;
}

TEST(Diagnostician, FallsSilentFiveMinutesAfterTheFault) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.link_loss[3] = 1;
  path.Live(minutes(10));
  path.link_loss[3] = 0;
  path.Live(minutes(4));
  EXPECT_NE(path.Spoken(), nullptr);
  path.Live(minutes(4));
  EXPECT_EQ(path.Spoken(), nullptr);
}

TEST(Diagnostician, RemembersSinceWhen) {
  VirtualPath path(1);
  path.Live(minutes(40));
  const MonoTime fault = path.Now();
  path.link_loss[3] = 1;
  path.Live(minutes(20));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_LE(path.Spoken()->since - fault, seconds(30));
}

TEST(Diagnostician, NamesTheFlowsThatDie) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.is_flow_dead[2] = true;
  path.Live(minutes(3));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.state, VerdictState::FlowDependent);
  EXPECT_EQ(path.Spoken()->verdict.flows.bad, std::vector<std::size_t>{2});
}

TEST(Diagnostician, FindsDelayAndTheLinkThatAddsIt) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.delay[4] = milliseconds(20);
  path.Live(minutes(4));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.state, VerdictState::Latency);
  EXPECT_EQ(path.Spoken()->verdict.latency.candidate, 5U);
  EXPECT_EQ(path.Spoken()->verdict.kind, LatencyKind::Path);
}

TEST(Diagnostician, TellsAQueueFromALongerWay) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.queue[4] = milliseconds(60);
  path.Live(minutes(5));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.state, VerdictState::Latency);
  EXPECT_EQ(path.Spoken()->verdict.kind, LatencyKind::Queueing);
  EXPECT_THAT(path.Spoken()->verdict.text, HasSubstr("queueing"));
}

TEST(Diagnostician, ADelayThatStaysIsSpokenOfForHours) {
  VirtualPath path(1);
  path.Live(hours(9));
  path.delay[4] = milliseconds(20);
  path.Live(hours(5));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.state, VerdictState::Latency);
  EXPECT_EQ(path.Spoken()->verdict.latency.candidate, 5U);
  EXPECT_THAT(path.Spoken()->verdict.text, HasSubstr("longer than in the day before"));
}

TEST(Diagnostician, ADelayThatStaysIsTheNormalAfterADay) {
  VirtualPath path(1);
  path.Live(hours(9));
  path.delay[4] = milliseconds(20);
  path.Live(hours(24));
  EXPECT_EQ(path.Spoken(), nullptr);
}

TEST(Diagnostician, WhenAllTargetsAndTheFirstHopAreLateItIsLateItself) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.delay[0] = milliseconds(20);
  path.surroundings.are_all_targets_late = true;
  path.Live(minutes(4));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.state, VerdictState::Local);
  EXPECT_EQ(path.Spoken()->verdict.reason, "late");
}

TEST(Diagnostician, WhenAllTargetsAreLateButNotTheFirstHopItIsNotItself) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.delay[4] = milliseconds(20);
  path.surroundings.are_all_targets_late = true;
  path.Live(minutes(4));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.state, VerdictState::Latency);
}

TEST(Diagnostician, ADelayThatCameWithAnotherRouteIsTheRoutes) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.delay[4] = milliseconds(20);
  path.Live(seconds(30));
  path.Judge().OnRouteChange({.ttl = 5, .text = "at hop 5"}, path.Now());
  path.Live(minutes(4));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.state, VerdictState::Route);
  EXPECT_EQ(path.Spoken()->verdict.attribution.owner, std::nullopt);  // class unknown
  EXPECT_THAT(path.Spoken()->verdict.text, HasSubstr("since the route changed at hop 5."));
}

TEST(Diagnostician, AnotherRouteThatIsNoLongerIsNothing) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.Judge().OnRouteChange({.ttl = 5, .text = "at hop 5"}, path.Now());
  path.Live(minutes(40));
  EXPECT_EQ(path.Spoken(), nullptr);
}

TEST(Diagnostician, BlamesItselfBeforeOthers) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.link_loss[3] = 1;
  path.surroundings.own_fault = OwnFault::LocalDrops;
  path.Live(minutes(2));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.state, VerdictState::Local);
  EXPECT_EQ(path.Spoken()->verdict.attribution.likeliest.segment, Segment::Prober);
}

TEST(Diagnostician, SaysWhomToAskAtTheOwnerThatItNames) {
  const OwnerTable owners({{.prefixes = {*IpPrefix::Parse("192.0.2.0/24")},
                            .name = "lab-isp",
                            .contact = "noc@lab-isp.example"}},
                          {}, nullptr);
  VirtualPath path(1);
  path.surroundings.owners = &owners;
  path.Live(minutes(40));
  path.link_loss[3] = 1;
  path.Live(minutes(2));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.contact, "noc@lab-isp.example");
  EXPECT_THAT(path.Spoken()->verdict.text, EndsWith(" Contact: noc@lab-isp.example."));
}

TEST(Diagnostician, SaysNothingOfAPathThatWorksInSpiteOfAnOwnFault) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.surroundings.own_fault = OwnFault::LocalDrops;
  path.Live(minutes(2));
  EXPECT_EQ(path.Spoken(), nullptr);
}

TEST(Diagnostician, PutsWhatCannotBeSentDownToWhereItFails) {
  VirtualPath path(1);
  path.surroundings.unsent = UnsentReason::Dns;
  path.Live(minutes(1));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.attribution.likeliest.segment, Segment::Dns);
}

TEST(Diagnostician, AFilterAtTheDestinationIsNoLoss) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.link_loss[5] = 1;
  path.Live(minutes(1));
  path.surroundings.service = {.at = path.Now(), .answers = true};
  path.Live(minutes(1));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.state, VerdictState::DestinationFilter);
  EXPECT_EQ(path.Spoken()->verdict.attribution.owner, std::nullopt);
}

TEST(Diagnostician, AServiceThatAnsweredBeforeTheFaultIsNoSignOfAFilter) {
  VirtualPath path(1);
  path.Live(minutes(40));
  path.surroundings.service = {.at = path.Now(), .answers = true};
  path.link_loss[5] = 1;
  path.Live(minutes(2));
  ASSERT_NE(path.Spoken(), nullptr);
  EXPECT_EQ(path.Spoken()->verdict.state, VerdictState::Loss);
}

TEST(Diagnostician, KnowsHowMuchIsLostAtMostAndAtLeast) {
  VirtualPath path(1);
  EXPECT_EQ(path.Judge().LossBounds(path.Now()), std::nullopt);
  path.Live(minutes(5));
  ASSERT_TRUE(path.Judge().LossBounds(path.Now()));
  EXPECT_EQ(path.Judge().LossBounds(path.Now())->low, 0);
  EXPECT_LT(path.Judge().LossBounds(path.Now())->high, 0.05);
}

}  // namespace
}  // namespace pathwitness
