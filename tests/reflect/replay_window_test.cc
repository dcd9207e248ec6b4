#include "probes/reflect/replay_window.h"

#include <gtest/gtest.h>

namespace pathwitness {
namespace {

TEST(ReplayWindow, TakesEachNumberOnceInAnyOrder) {
  ReplayWindow window(0);
  for (const std::uint64_t number : {3U, 1U, 2U, 70U, 69U}) {
    EXPECT_TRUE(window.Take(number)) << number;
  }
  for (const std::uint64_t number : {1U, 2U, 3U, 69U, 70U}) {
    EXPECT_FALSE(window.Take(number)) << number;
  }
}

TEST(ReplayWindow, TakesNothingUpToWhereItBegan) {
  ReplayWindow window(10);
  EXPECT_FALSE(window.Take(10));
  EXPECT_FALSE(window.Take(1));
  EXPECT_TRUE(window.Take(11));
}

TEST(ReplayWindow, TakesNothingThatIsTooOldToTell) {
  ReplayWindow window(0);
  EXPECT_TRUE(window.Take(ReplayWindow::kSize + 1));
  EXPECT_TRUE(window.Take(2));
  EXPECT_FALSE(window.Take(1));
}

TEST(ReplayWindow, ForgetsAllWithALeap) {
  ReplayWindow window(0);
  EXPECT_TRUE(window.Take(UINT64_MAX));
  EXPECT_FALSE(window.Take(UINT64_MAX));
  EXPECT_TRUE(window.Take(UINT64_MAX - 1));
  EXPECT_FALSE(window.Take(5));
}

}  // namespace
}  // namespace pathwitness
