#include "probes/trace/tracer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

/// A tracer whose answers the test makes up, one by one.
class TracerTest : public testing::Test {
 protected:
  TracerTest() {
    settings_.target = "here-to-there";
    settings_.secret = {1, 2};
    settings_.trace.flows = 1;
    settings_.trace.end_to_end_interval = seconds(1);
  }

  void Begin() {
    tracer_.emplace(settings_, now_);
    tracer_->Retarget(destination_, source_);
  }

  std::vector<DueProbe> Due() {
    std::vector<DueProbe> due;
    while (std::optional<DueProbe> probe = tracer_->NextProbe(now_, permit_)) {
      due.push_back(*probe);
    }
    return due;
  }

  std::vector<EndToEndResult> EndToEndAt(MonoTime now) {
    std::vector<EndToEndResult> results;
    tracer_->TakeEndToEnd(now, [&](const EndToEndResult& result) { results.push_back(result); });
    return results;
  }

  ProbeReply AnswerTo(const ProbePacket& probe, std::string_view responder, ReplyKind kind) const {
    return {.kind = kind,
            .responder = *IpAddress::Parse(responder),
            .protocol = probe.protocol,
            .destination = probe.destination,
            .flow_port = probe.flow_port,
            .destination_port = probe.destination_port,
            .token = probe.token,
            .secret = probe.secret};
  }

  /// Answers every probe at once, the destination being `distance` hops away; TTLs in `silent`
  /// get no answer. End-to-end probes are answered.
  Round RunRound(unsigned distance, std::set<unsigned> silent = {}) {
    const MonoTime end = now_ + seconds(30);
    std::optional<Round> round;
    while (!round && now_ < end) {
      for (const DueProbe& probe : Due()) {
        const unsigned ttl = probe.packet.ttl;
        if (silent.contains(ttl)) {
          continue;
        }
        const bool is_end = ttl >= distance;
        const std::string router = "10.0.0." + std::to_string(ttl);
        tracer_->OnReply(AnswerTo(probe.packet, is_end ? "203.0.113.1" : router,
                                  is_end ? ReplyKind::Reached : ReplyKind::TimeExceeded),
                         now_ + milliseconds(5));
      }
      round = tracer_->TakeFinished(now_, WallTime());
      now_ += milliseconds(10);
    }
    EXPECT_TRUE(round.has_value());
    return round.value_or(Round());
  }

  HopPermit permit_ = [](std::uint16_t, std::uint8_t, HopTier) { return HopVerdict::Send; };
  Tracer::Settings settings_;
  MonoTime now_{std::chrono::hours(1)};
  IpAddress destination_ = *IpAddress::Parse("203.0.113.1");
  IpAddress source_ = *IpAddress::Parse("192.0.2.10");
  std::optional<Tracer> tracer_;
};

TEST_F(TracerTest, TheFirstRoundFindsTheDistanceWithoutWaitingForTimeouts) {
  Begin();
  const MonoTime start = now_;
  const Round round = RunRound(12);
  EXPECT_EQ(round.destination_hop, 12);
  EXPECT_THAT(round.hops, SizeIs(12));
  EXPECT_LT(now_ - start, seconds(1));
}

TEST_F(TracerTest, AfterThatNothingIsSentBeyondTheDestination) {
  Begin();
  RunRound(6);
  const Round round = RunRound(6);
  for (const Hop& hop : round.hops) {
    EXPECT_EQ(hop.sent, 1U);
  }
  EXPECT_THAT(round.hops, SizeIs(6));
}

TEST_F(TracerTest, ALostLastAnswerKeepsTheDistance) {
  Begin();
  RunRound(6);
  EXPECT_EQ(RunRound(6, {6}).destination_hop, 6) << "end-to-end probes still come back";
  EXPECT_EQ(RunRound(6, {6}).destination_hop, 6) << "TTL 7 is answered, TTL 6 is not";
  EXPECT_EQ(RunRound(6).destination_hop, 6);
}

TEST_F(TracerTest, TheSameLongerPathTwiceInARowIsBelieved) {
  Begin();
  RunRound(6);
  RunRound(7, {6});
  RunRound(7, {6});
  EXPECT_EQ(RunRound(7, {6}).destination_hop, 7);
}

TEST_F(TracerTest, ARouterWhereTheDestinationWasMakesThePathLongerAtOnce) {
  Begin();
  RunRound(6);
  EXPECT_EQ(RunRound(9).destination_hop, 9);
}

TEST_F(TracerTest, WhileAHopThatIsNewWaitsForItsTurnRoundsKeepToTheFirstFlow) {
  settings_.trace.flows = 4;
  permit_ = [](std::uint16_t, std::uint8_t ttl, HopTier) {
    return ttl == 2 ? HopVerdict::Wait : HopVerdict::Send;
  };
  Begin();
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(RunRound(4).flow, 0);
  }
}

TEST_F(TracerTest, OnceTheNewHopHasAnsweredRoundsRotateAmongTheFlows) {
  settings_.trace.flows = 4;
  permit_ = [](std::uint16_t, std::uint8_t ttl, HopTier) {
    return ttl == 2 ? HopVerdict::Wait : HopVerdict::Send;
  };
  Begin();
  RunRound(4);
  const DueProbe probe = tracer_->ProbeWaiting(2, now_).value();
  EXPECT_TRUE(tracer_->IsNew(2));
  tracer_->OnReply(AnswerTo(probe.packet, "10.0.0.2", ReplyKind::TimeExceeded), now_);
  EXPECT_FALSE(tracer_->IsNew(2));
  std::set<std::uint16_t> flows;
  for (int i = 0; i < 8; ++i) {
    flows.insert(RunRound(4).flow);
  }
  EXPECT_THAT(flows, SizeIs(4));
}

TEST_F(TracerTest, AHopThatNeverAnswersDoesNotKeepTheOtherFlowsAwayForLong) {
  settings_.trace.flows = 4;
  permit_ = [](std::uint16_t, std::uint8_t ttl, HopTier) {
    return ttl == 2 ? HopVerdict::Wait : HopVerdict::Send;
  };
  Begin();
  std::set<std::uint16_t> flows;
  for (int i = 0; i < 10; ++i) {
    flows.insert(RunRound(4).flow);
    tracer_->ProbeWaiting(2, now_);
  }
  EXPECT_THAT(flows, SizeIs(4));
}

TEST_F(TracerTest, AFirewallThatRefusesEndsThePath) {
  Begin();
  std::map<unsigned, unsigned> sent;
  for (int i = 0; i < 100; ++i, now_ += milliseconds(10)) {
    for (const DueProbe& probe : Due()) {
      ++sent[probe.packet.ttl];
      const bool is_refused = probe.packet.ttl >= 3;
      ProbeReply reply = AnswerTo(probe.packet, is_refused ? "10.0.0.3" : "10.0.0.1",
                                  is_refused ? ReplyKind::Unreachable : ReplyKind::TimeExceeded);
      reply.code = UnreachableCode::Admin;
      tracer_->OnReply(reply, now_);
    }
  }
  sent.erase(64);
  EXPECT_EQ(sent.size(), 3U);
  const auto round = tracer_->TakeFinished(now_, WallTime());
  ASSERT_TRUE(round.has_value());
  EXPECT_EQ(round->destination_hop, 0);
  EXPECT_EQ(round->last_responding_hop, 3);
  const auto results = EndToEndAt(now_);
  ASSERT_THAT(results, testing::Not(IsEmpty()));
  EXPECT_EQ(results[0].kind, EndToEndResult::Kind::Lost);
  unsigned prohibitions = 0;
  tracer_->TakeUnreachable(
      [&](UnreachableCode code) { prohibitions += code == UnreachableCode::Admin ? 1 : 0; });
  EXPECT_GT(prohibitions, 1U);
}

TEST_F(TracerTest, RoundTripsAreMeasuredFromTheKernelsSendStamp) {
  Begin();
  const DueProbe probe = Due().at(0);
  tracer_->OnSent(probe.number, now_ + milliseconds(3));
  tracer_->OnReply(AnswerTo(probe.packet, "203.0.113.1", ReplyKind::Reached),
                   now_ + milliseconds(10));
  EXPECT_EQ(EndToEndAt(now_).at(0).round_trip, milliseconds(7));
}

TEST_F(TracerTest, ALossIsDecidedAfterThreeTimeouts) {
  Begin();
  Due();
  EXPECT_THAT(EndToEndAt(now_ + 3 * settings_.trace.timeout - milliseconds(1)), IsEmpty());
  const auto results = EndToEndAt(now_ + 3 * settings_.trace.timeout);
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0].kind, EndToEndResult::Kind::Lost);
}

TEST_F(TracerTest, RepliesHaveTheirFates) {
  Begin();
  const DueProbe probe = Due().at(0);
  const ProbeReply reply = AnswerTo(probe.packet, "203.0.113.1", ReplyKind::Reached);
  ProbeReply forged = reply;
  forged.secret = *reply.secret ^ 1U;
  EXPECT_EQ(tracer_->OnReply(forged, now_), ReplyFate::Spoofed);
  ProbeReply bare = reply;
  bare.secret.reset();
  EXPECT_EQ(tracer_->OnReply(bare, now_), ReplyFate::Spoofed) << "an echo reply without its data";
  ProbeReply guessed = reply;
  guessed.token ^= 1U;
  EXPECT_EQ(tracer_->OnReply(guessed, now_), ReplyFate::Unmatched);
  EXPECT_EQ(tracer_->OnReply(reply, now_ + settings_.trace.timeout + milliseconds(1)),
            ReplyFate::Late);
  EXPECT_EQ(tracer_->OnReply(reply, now_ + milliseconds(1)), ReplyFate::Duplicate);
  now_ += milliseconds(20);
  const DueProbe second = Due().at(0);
  EXPECT_EQ(tracer_->OnReply(AnswerTo(second.packet, "10.0.0.1", ReplyKind::TimeExceeded),
                             now_ + 3 * settings_.trace.timeout + milliseconds(1)),
            ReplyFate::Unmatched);
}

TEST_F(TracerTest, AUdpAnswerThatNamesNoProbeIsTakenOnlyWithoutDoubt) {
  settings_.protocol = ProbeProtocol::Udp;
  Begin();
  const DueProbe first = Due().at(0);
  ProbeReply reply = AnswerTo(first.packet, "203.0.113.1", ReplyKind::Reached);
  reply.token = 0;
  reply.secret.reset();
  EXPECT_EQ(tracer_->OnReply(reply, now_), ReplyFate::Unmatched)
      << "a hop probe of the same flow is under way too";
}

TEST_F(TracerTest, AFailedSendIsNoEvidenceAgainstAHop) {
  Begin();
  std::optional<Round> round;
  for (const MonoTime end = now_ + seconds(5); !round && now_ < end; now_ += milliseconds(10)) {
    for (const DueProbe& probe : Due()) {
      tracer_->OnSendFailed(probe.number, std::make_error_code(std::errc::no_buffer_space));
    }
    round = tracer_->TakeFinished(now_, WallTime());
  }
  ASSERT_TRUE(round.has_value());
  EXPECT_THAT(round->hops, testing::Each(testing::Field(&Hop::sent, 0U)));
  EXPECT_EQ(EndToEndAt(now_).at(0).unsent, UnsentReason::SendError);
}

TEST_F(TracerTest, AnAnsweredProbeIsNoReasonToWakeUp) {
  settings_.trace.interval = settings_.trace.end_to_end_interval = seconds(60);
  settings_.round_limit = 1;
  Begin();
  const MonoTime begun = now_;
  RunRound(3);
  EXPECT_EQ(tracer_->NextDeadline(), begun + seconds(60));
}

TEST_F(TracerTest, WhatIsAwaitedIsAReasonToWakeUpAlsoBehindAnAnsweredProbe) {
  settings_.trace.end_to_end_interval = seconds(1);
  settings_.trace.interval = seconds(60);
  Begin();
  const DueProbe first = Due().at(0);
  now_ += seconds(1);
  const MonoTime second = now_;
  Due();
  tracer_->OnReply(AnswerTo(first.packet, "203.0.113.1", ReplyKind::Reached), now_);
  settings_.trace.end_to_end_interval = seconds(60);
  tracer_->Reconfigure(settings_.trace);
  while (tracer_->NextDeadline() < second + 3 * settings_.trace.timeout) {
    now_ = std::max(now_ + milliseconds(1), tracer_->NextDeadline());
    Due();
    EndToEndAt(now_);
  }
  EXPECT_EQ(tracer_->NextDeadline(), second + 3 * settings_.trace.timeout);
}

TEST_F(TracerTest, OnlyAnswersOfHopsAreUrgent) {
  Begin();
  const std::vector<DueProbe> due = Due();
  tracer_->TakeFinished(now_, WallTime());  // that a round began is no news any more
  for (const DueProbe& probe : due) {
    const bool is_hop = probe.packet.ttl != kEndToEndTtl;
    tracer_->OnReply(AnswerTo(probe.packet, is_hop ? "10.0.0.1" : "203.0.113.1",
                              is_hop ? ReplyKind::TimeExceeded : ReplyKind::Reached),
                     now_ + milliseconds(5));
    EXPECT_EQ(tracer_->HasUrgentResults(), is_hop);
    tracer_->TakeHopOutcomes([](const HopOutcome&) {});
    tracer_->TakeFinished(now_, WallTime());
  }
}

TEST_F(TracerTest, ALossEndToEndIsUrgent) {
  Begin();
  Due();
  tracer_->TakeFinished(now_, WallTime());
  EXPECT_FALSE(tracer_->HasUrgentResults());
  now_ += 3 * settings_.trace.timeout;
  tracer_->Expire(now_);
  EXPECT_TRUE(tracer_->HasUrgentResults());
}

TEST_F(TracerTest, AnotherAddressForgetsThePathAndWhatWasUnderWay) {
  Begin();
  RunRound(6);
  const std::vector<DueProbe> due = Due();
  tracer_->Retarget(*IpAddress::Parse("203.0.113.2"), source_);
  for (const DueProbe& probe : due) {
    EXPECT_EQ(tracer_->OnReply(AnswerTo(probe.packet, "203.0.113.1", ReplyKind::Reached), now_),
              ReplyFate::Unmatched);
  }
  destination_ = *IpAddress::Parse("203.0.113.2");
  now_ += seconds(10);
  Round round = RunRound(3);
  EXPECT_EQ(round.destination_hop, 3);
}

TEST_F(TracerTest, ALimitedTracerEndsByItself) {
  settings_.round_limit = 1;
  settings_.end_to_end_limit = 2;
  Begin();
  RunRound(4);
  EXPECT_FALSE(tracer_->IsDone());
  now_ += seconds(1);
  for (const DueProbe& probe : Due()) {
    tracer_->OnReply(AnswerTo(probe.packet, "203.0.113.1", ReplyKind::Reached), now_);
  }
  EXPECT_TRUE(tracer_->IsDone());
  EXPECT_EQ(tracer_->NextDeadline() > now_, true);
}

}  // namespace
}  // namespace pathwitness
