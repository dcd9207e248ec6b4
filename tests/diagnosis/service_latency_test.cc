#include "diagnosis/service_latency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <random>

#include "diagnosis/service_blame.h"
#include "diagnosis/verdict_watch.h"

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

/// A service that is asked every 30 s in virtual time: connections take 20 ms, and its answers
/// begin 60 to 80 ms after the request.
class ServiceLatencyTest : public testing::Test {
 protected:
  void Live(Duration duration) {
    for (const MonoTime end = now_ + duration; now_ < end;) {
      Ask();
    }
  }

  /// How long until something is said, at most `most`.
  Duration LiveUntilSaid(Duration most = minutes(10)) {
    const MonoTime begin = now_;
    while (spoken_ == nullptr && now_ - begin < most) {
      Ask();
    }
    return now_ - begin;
  }

  void Ask() {
    now_ += interval_;
    const Duration wait = std::chrono::microseconds(random_() % 20'000);
    latency_.OnRequest({.connect = milliseconds(20) + path_,
                        .first_byte = milliseconds(60) + wait + path_ + service_},
                       now_);
    const ServiceEvidence evidence = {.failure = {},
                                      .reason = {},
                                      .is_path_at_fault = is_path_at_fault_,
                                      .hops = 7,
                                      .latency = latency_.Evidence(now_)};
    spoken_ = watch_.OnEvaluation(JudgeService(evidence), now_);
  }

  Duration interval_ = seconds(30);
  Duration path_{};     // that the way takes longer
  Duration service_{};  // that the service takes longer
  bool is_path_at_fault_ = false;
  const SpokenVerdict* spoken_ = nullptr;

 private:
  std::mt19937_64 random_{7};
  MonoTime now_{hours(1)};
  ServiceLatency latency_;
  VerdictWatch watch_;
};

TEST_F(ServiceLatencyTest, AServiceThatTakesTwiceAsLongIsNamedInThreeMinutes) {
  Live(hours(1));
  service_ = milliseconds(70);
  EXPECT_LE(LiveUntilSaid(), minutes(3));
  ASSERT_NE(spoken_, nullptr);
  EXPECT_EQ(spoken_->verdict.state, VerdictState::Latency);
  EXPECT_EQ(spoken_->verdict.kind, LatencyKind::Server);
  EXPECT_EQ(spoken_->verdict.attribution.owner->segment, Segment::Application);
  EXPECT_GE(spoken_->verdict.attribution.probability, kSureEnough);
  EXPECT_THAT(spoken_->verdict.text, StartsWith("The first byte of answers comes "));
  EXPECT_THAT(
      spoken_->verdict.text,
      HasSubstr(
          " application. Connections to the service take as long as before: it is the service, "
          "not its path. The path of 7 hops to it shows no fault."));
}

TEST_F(ServiceLatencyTest, ALongerPathIsNotTheService) {
  Live(hours(1));
  path_ = milliseconds(70);
  LiveUntilSaid();
  EXPECT_EQ(spoken_, nullptr);
}

TEST_F(ServiceLatencyTest, WhatIsSaidOfThePathIsNotSaidOfTheService) {
  Live(hours(1));
  service_ = milliseconds(70);
  is_path_at_fault_ = true;
  LiveUntilSaid();
  EXPECT_EQ(spoken_, nullptr);
}

TEST_F(ServiceLatencyTest, ALittleLaterIsNothing) {
  Live(hours(1));
  service_ = milliseconds(15);
  LiveUntilSaid();
  EXPECT_EQ(spoken_, nullptr);
}

TEST_F(ServiceLatencyTest, OneSlowAnswerOfFiveIsNothing) {
  Live(hours(1));
  for (int i = 0; i < 60; ++i) {
    service_ = i % 5 == 0 ? seconds(2) : Duration();
    Ask();
    ASSERT_EQ(spoken_, nullptr);
  }
}

TEST_F(ServiceLatencyTest, NothingIsSaidOfADayAsEver) {
  for (int i = 0; i < 24 * 120; ++i) {
    Ask();
    ASSERT_EQ(spoken_, nullptr);
  }
}

TEST_F(ServiceLatencyTest, WhatHasNoPastIsNotLate) {
  Live(minutes(5));
  service_ = milliseconds(70);
  Live(minutes(3));
  EXPECT_EQ(spoken_, nullptr);
}

TEST_F(ServiceLatencyTest, IsKnownOfADayWhenTheHalfHourIsAlreadySlow) {
  Live(hours(12));
  service_ = milliseconds(70);
  Live(hours(2));
  ASSERT_NE(spoken_, nullptr);
  EXPECT_THAT(spoken_->verdict.text, HasSubstr(" ms later than in the day before (95 % CI "));
}

TEST_F(ServiceLatencyTest, OfAServiceThatIsAskedSeldomNothingIsSaid) {
  interval_ = minutes(3);
  Live(hours(5));
  service_ = milliseconds(70);
  LiveUntilSaid(hours(1));
  EXPECT_EQ(spoken_, nullptr);
}

TEST_F(ServiceLatencyTest, ASlownessThatIsOverIsForgottenAfterFiveMinutes) {
  Live(hours(1));
  service_ = milliseconds(70);
  LiveUntilSaid();
  ASSERT_NE(spoken_, nullptr);
  service_ = {};
  Live(minutes(8));
  EXPECT_EQ(spoken_, nullptr);
}

}  // namespace
}  // namespace pathwitness
