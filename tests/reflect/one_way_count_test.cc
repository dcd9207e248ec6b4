#include "probes/reflect/one_way_count.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <variant>

#include "probes/reflect/reflector.h"
#include "tests/reflect/keys.h"
#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A prober and a reflector, and the way between them.
class OneWayPath : public testing::Test {
 protected:
  using Loses = std::function<bool(std::uint64_t sequence)>;

  void Send(std::uint64_t requests, const Loses& loses_there, const Loses& loses_back) {
    for (std::uint64_t i = 0; i < requests; ++i) {
      const std::optional<ReflectMessage> answer = SendOne(loses_there);
      if (answer && !loses_back(answer->sequence)) {
        EXPECT_FALSE(count_.OnAnswer(*answer, clock_.Now()));
      }
    }
  }

  /// The answer, before it goes back.
  std::optional<ReflectMessage> SendOne(const Loses& loses_there = Never) {
    clock_.Advance(milliseconds(10));
    const ReflectMessage request = count_.NextRequest(7, clock_.WallNow());
    count_.OnSent();
    if (loses_there(request.sequence)) {
      return std::nullopt;
    }
    const auto outcome = reflector_.OnRequest({.bytes = EncodeReflect(request, KeyOfOnes()),
                                               .source = *IpAddress::Parse("192.0.2.1"),
                                               .at = clock_.WallNow()},
                                              keys_, clock_.Now());
    return std::get<ReflectMessage>(outcome);
  }

  OneWayTotals Settled() {
    clock_.Advance(OneWayCount::kSettlesAfter);
    return count_.Settle(clock_.Now());
  }

  static bool Never(std::uint64_t) { return false; }
  static bool EveryTenth(std::uint64_t sequence) { return sequence % 10 == 5; }

  FakeClock clock_;
  KeyRing keys_ = RingOfOnes();
  Reflector reflector_{100, clock_.Now()};
  OneWayCount count_{1, {}};
};

TEST_F(OneWayPath, WithoutLossHasNone) {
  Send(1001, Never, Never);
  EXPECT_EQ(Settled(), (OneWayTotals{.forward = {1000, 0}, .backward = {1000, 0}}));
}

TEST_F(OneWayPath, TellsWhatIsLostOnTheWayThere) {
  Send(1001, EveryTenth, Never);
  EXPECT_EQ(Settled(), (OneWayTotals{.forward = {1000, 100}, .backward = {900, 0}}));
}

TEST_F(OneWayPath, TellsWhatIsLostOnTheWayBack) {
  Send(1001, Never, EveryTenth);
  EXPECT_EQ(Settled(), (OneWayTotals{.forward = {1000, 0}, .backward = {1000, 100}}));
}

TEST_F(OneWayPath, TellsBothApart) {
  Send(1001, EveryTenth, [](std::uint64_t sequence) { return sequence % 20 == 10; });
  EXPECT_EQ(Settled(), (OneWayTotals{.forward = {1000, 100}, .backward = {900, 50}}));
}

TEST_F(OneWayPath, KnowsNothingOfWhatWasSentSinceTheLastAnswer) {
  Send(11, Never, Never);
  Send(
      1000, [](std::uint64_t) { return true; }, Never);
  EXPECT_EQ(Settled(), (OneWayTotals{.forward = {10, 0}, .backward = {10, 0}}));
}

TEST_F(OneWayPath, KnowsAfterwardsWhereEverythingWasLost) {
  Send(11, Never, Never);
  Send(10, Never, [](std::uint64_t) { return true; });
  Send(1, Never, Never);
  EXPECT_EQ(Settled(), (OneWayTotals{.forward = {21, 0}, .backward = {21, 10}}));
}

TEST_F(OneWayPath, TakesNoOvertakenAnswerForLost) {
  Send(1, Never, Never);
  const std::optional<ReflectMessage> first = SendOne();
  const std::optional<ReflectMessage> second = SendOne();
  count_.OnAnswer(*second, clock_.Now());
  clock_.Advance(OneWayCount::kSettlesAfter / 2);
  count_.OnAnswer(*first, clock_.Now());
  clock_.Advance(OneWayCount::kSettlesAfter / 2);
  EXPECT_EQ(count_.Settle(clock_.Now()), (OneWayTotals{.forward = {2, 0}, .backward = {2, 0}}));
}

TEST_F(OneWayPath, CountsAnAnswerOnce) {
  const std::optional<ReflectMessage> first = SendOne();
  const std::optional<ReflectMessage> second = SendOne();
  EXPECT_FALSE(count_.OnAnswer(*first, clock_.Now()));
  EXPECT_FALSE(count_.OnAnswer(*second, clock_.Now()));
  EXPECT_EQ(count_.OnAnswer(*second, clock_.Now()), AnswerRefusal::Unmatched);
  EXPECT_EQ(Settled().backward.packets, 1U);
}

TEST_F(OneWayPath, CountsNoAnswerOfAnotherSessionOrToNoRequest) {
  ReflectMessage answer = *SendOne();
  answer.session = 2;
  EXPECT_EQ(count_.OnAnswer(answer, clock_.Now()), AnswerRefusal::Unmatched);
  answer = {.kind = ReflectKind::Answer, .session = 1, .sequence = 2, .count = 1};
  EXPECT_EQ(count_.OnAnswer(answer, clock_.Now()), AnswerRefusal::Unmatched);
}

TEST_F(OneWayPath, GoesOnWhenTheReflectorBeginsAnew) {
  Send(101, Never, Never);
  ASSERT_EQ(Settled(), (OneWayTotals{.forward = {100, 0}, .backward = {100, 0}}));
  reflector_ = Reflector(500, clock_.Now());
  Send(11, Never, Never);
  EXPECT_EQ(Settled(), (OneWayTotals{.forward = {110, 0}, .backward = {110, 0}}));
}

TEST_F(OneWayPath, NeverCountsBackwards) {
  Send(11, Never, Never);
  const std::optional<ReflectMessage> late = SendOne();
  Send(10, Never, Never);
  EXPECT_EQ(Settled().backward.lost, 1U);
  count_.OnAnswer(*late, clock_.Now());
  EXPECT_EQ(Settled().backward.lost, 1U);
}

TEST_F(OneWayPath, SpendsNoSequenceNumberOnWhatCouldNotBeSent) {
  EXPECT_EQ(count_.NextRequest(7, clock_.WallNow()).sequence, 1U);
  EXPECT_EQ(count_.NextRequest(7, clock_.WallNow()).sequence, 1U);
  count_.OnSent();
  EXPECT_EQ(count_.NextRequest(7, clock_.WallNow()).sequence, 2U);
}

}  // namespace
}  // namespace pathwitness
