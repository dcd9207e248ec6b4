#include "config/shard.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pathwitness {
namespace {

std::string TargetName(int number) {
  return "here-to-" + std::to_string(number) + ".example";
}

/// Which of `count` shards watches the target; `count` when not just one does.
unsigned WatcherOf(const std::string& target, unsigned count) {
  unsigned watcher = count;
  int watchers = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (Watches({i, count}, target)) {
      watcher = i;
      ++watchers;
    }
  }
  return watchers == 1 ? watcher : count;
}

TEST(Shard, EachTargetHasOneWatcherAndEachWatcherItsShare) {
  std::vector<int> shares(5);
  for (int i = 0; i < 5000; ++i) {
    ++shares.at(WatcherOf(TargetName(i), 5));
  }
  for (const int share : shares) {
    EXPECT_NEAR(share, 1000, 120);
  }
}

TEST(Shard, OneMoreMovesOnlyWhatItTakes) {
  int moved = 0;
  for (int i = 0; i < 5000; ++i) {
    const unsigned before = WatcherOf(TargetName(i), 4);
    const unsigned after = WatcherOf(TargetName(i), 5);
    EXPECT_TRUE(after == before || after == 4) << TargetName(i);
    moved += after == before ? 0 : 1;
  }
  EXPECT_NEAR(moved, 1000, 120);
}

TEST(Shard, AssignmentsNeverChange) {
  std::string watchers;
  for (int i = 0; i < 20; ++i) {
    watchers += std::to_string(WatcherOf(TargetName(i), 3));
  }
  EXPECT_EQ(watchers, "02022122212211222222");
}

TEST(Shard, ASingleOneWatchesAll) {
  EXPECT_TRUE(Watches({}, "here-to-example"));
}

TEST(Shard, IsReadAsItIsWritten) {
  EXPECT_EQ(Shard::Parse("2/3"), (Shard{2, 3}));
  EXPECT_EQ((Shard{2, 3}).ToString(), "2/3");
}

TEST(Shard, RefusesAllElse) {
  for (const char* const text :
       {"", "1", "/", "3/3", "0/0", "-1/3", "1/3 ", "1/3/4", "0/1001", "a/b"}) {
    EXPECT_FALSE(Shard::Parse(text)) << text;
  }
}

}  // namespace
}  // namespace pathwitness
