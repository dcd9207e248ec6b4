#include "probes/reflect/reflector.h"

#include <gtest/gtest.h>

#include <chrono>
#include <variant>

#include "tests/reflect/keys.h"
#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

using std::chrono::seconds;

class ReflectorTest : public testing::Test {
 protected:
  using Outcome = std::variant<ReflectMessage, ReflectRefusal>;

  Outcome Ask(std::uint64_t session, std::uint64_t sequence,
              const std::string& source = "192.0.2.1", const MacKey& key = KeyOfOnes()) {
    const ReflectMessage request{.key_id = 7, .session = session, .sequence = sequence};
    return Give(EncodeReflect(request, key), source);
  }

  Outcome Give(std::span<const std::byte> bytes, const std::string& source = "192.0.2.1") {
    return reflector_.OnRequest(
        {.bytes = bytes, .source = *IpAddress::Parse(source), .at = clock_.WallNow()}, keys_,
        clock_.Now());
  }

  static ReflectMessage Answer(const Outcome& outcome) {
    const auto* const answer = std::get_if<ReflectMessage>(&outcome);
    EXPECT_NE(answer, nullptr);
    return answer != nullptr ? *answer : ReflectMessage();
  }

  static void ExpectRefused(const Outcome& outcome, ReflectRefusal refusal) {
    ASSERT_TRUE(std::holds_alternative<ReflectRefusal>(outcome));
    EXPECT_EQ(std::get<ReflectRefusal>(outcome), refusal);
  }

  FakeClock clock_;
  KeyRing keys_ = RingOfOnes();
  Reflector reflector_{100, clock_.Now()};
};

TEST_F(ReflectorTest, AnswersWithHowManyRequestsOfTheSessionArrived) {
  EXPECT_EQ(Answer(Ask(1, 1)).count, 1U);
  EXPECT_EQ(Answer(Ask(1, 4)).count, 2U);  // 2 and 3 were lost
  EXPECT_EQ(Answer(Ask(2, 1)).count, 1U);
  const ReflectMessage answer = Answer(Ask(1, 3));  // or overtaken
  EXPECT_EQ(answer.count, 3U);
  EXPECT_EQ(answer.sequence, 3U);
  EXPECT_EQ(answer.kind, ReflectKind::Answer);
  EXPECT_EQ(answer.received, clock_.WallNow());
}

TEST_F(ReflectorTest, AnswersARecordingNever) {
  Answer(Ask(1, 5));
  ExpectRefused(Ask(1, 5), ReflectRefusal::Replay);
  ExpectRefused(Ask(1, 4), ReflectRefusal::Replay);  // of before it began to count
  EXPECT_EQ(Answer(Ask(1, 6)).count, 2U);
}

TEST_F(ReflectorTest, AnswersNobodyWithoutTheKey) {
  ExpectRefused(Ask(1, 1, "192.0.2.1", MacKey{}), ReflectRefusal::Mac);
  ExpectRefused(Give({}), ReflectRefusal::Malformed);
  EXPECT_EQ(reflector_.Sessions(), 0U);
}

TEST_F(ReflectorTest, BeginsAnewAfterAPauseAndSaysSo) {
  const ReflectMessage before = Answer(Ask(1, 1));
  clock_.Advance(Reflector::kForgetsAfter);
  const ReflectMessage after = Answer(Ask(1, 2));
  EXPECT_EQ(after.count, 1U);
  EXPECT_NE(after.incarnation, before.incarnation);
}

TEST_F(ReflectorTest, LimitsOneAddressAndNotTheOthers) {
  std::uint64_t sequence = 0;
  while (sequence < static_cast<std::uint64_t>(Reflector::kPerSource)) {
    Answer(Ask(1, ++sequence));
  }
  ExpectRefused(Ask(1, ++sequence), ReflectRefusal::SourceRate);
  Answer(Ask(2, 1, "192.0.2.2"));
  clock_.Advance(seconds(1));
  Answer(Ask(1, ++sequence));
}

TEST_F(ReflectorTest, TakesAnIpv6NetworkForOneAddress) {
  for (int i = 0; i < static_cast<int>(Reflector::kPerSource); ++i) {
    ExpectRefused(Give({}, "2001:db8::" + std::to_string(i % 100)), ReflectRefusal::Malformed);
  }
  ExpectRefused(Give({}, "2001:db8::ffff"), ReflectRefusal::SourceRate);
  ExpectRefused(Give({}, "2001:db8:0:1::1"), ReflectRefusal::Malformed);
}

TEST_F(ReflectorTest, LimitsAllTogether) {
  for (int i = 0; i < static_cast<int>(Reflector::kInTotal); ++i) {
    const std::string source = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    ExpectRefused(Give({}, source), ReflectRefusal::Malformed);
  }
  ExpectRefused(Give({}, "10.1.0.1"), ReflectRefusal::TotalRate);
}

TEST_F(ReflectorTest, RemembersNoMoreSessionsThanItHasRoomFor) {
  for (std::uint64_t session = 1; session <= Reflector::kMostSessions; ++session) {
    const std::string source =
        "10.0." + std::to_string(session / 250) + "." + std::to_string(session % 250);
    Answer(Ask(session, 1, source));
  }
  ExpectRefused(Ask(0, 1, "10.1.0.1"), ReflectRefusal::Sessions);
  EXPECT_EQ(reflector_.Sessions(), Reflector::kMostSessions);
}

}  // namespace
}  // namespace pathwitness
