#include "exporter/reload_mailbox.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

namespace pathwitness {
namespace {

using namespace std::chrono_literals;

bool IsReadable(const ReloadMailbox& mailbox, std::chrono::milliseconds patience) {
  pollfd waited{.fd = mailbox.Descriptor(), .events = POLLIN, .revents = 0};
  return poll(&waited, 1, static_cast<int>(patience.count())) == 1;
}

TEST(ReloadMailbox, OneReloadAnswersWhoeverHasAsked) {
  ReloadMailbox mailbox;
  std::optional<ReloadResult> answer;
  std::thread asker([&] { answer = mailbox.Ask(20s); });
  ASSERT_TRUE(IsReadable(mailbox, 20s));
  auto requests = mailbox.Take();
  ASSERT_EQ(requests.size(), 1U);
  requests.front().set_value({.is_applied = true});
  asker.join();
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->is_applied);
  EXPECT_FALSE(IsReadable(mailbox, 0ms));
}

TEST(ReloadMailbox, PatienceEnds) {
  ReloadMailbox mailbox;
  EXPECT_EQ(mailbox.Ask(1ms), std::nullopt);
}

TEST(ReloadMailbox, AnAnswerThatComesTooLateHarmsNobody) {
  ReloadMailbox mailbox;
  mailbox.Ask(1ms);
  auto requests = mailbox.Take();
  ASSERT_EQ(requests.size(), 1U);
  requests.front().set_value({.is_applied = true});
}

TEST(ReloadMailbox, NobodyWaitsForAClosedOne) {
  ReloadMailbox mailbox;
  std::optional<ReloadResult> answer(std::in_place);
  std::thread asker([&] { answer = mailbox.Ask(20s); });
  ASSERT_TRUE(IsReadable(mailbox, 20s));
  mailbox.Close();
  asker.join();
  EXPECT_EQ(answer, std::nullopt);
  EXPECT_EQ(mailbox.Ask(20s), std::nullopt);
}

}  // namespace
}  // namespace pathwitness
