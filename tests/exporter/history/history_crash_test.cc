#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "exporter/history/history_store.h"
#include "tests/exporter/history/history_stage.h"
#include "tests/support/child_process.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kFlush = 10;  // probes of a target between two flushes
constexpr seconds kPatience{30};

/// What the writer printed last, wholly.
std::uint64_t LastFlushed(const std::string& output) {
  const std::size_t end = output.rfind('\n');
  const std::size_t begin = output.rfind(' ', end);
  return std::stoull(output.substr(begin + 1, end - begin - 1));
}

TEST(HistoryCrash, TwentyKillsLoseAFlushEachAtMostAndDoubleNothing) {
  const TestFolder folder;
  HistoryReader reader(folder.Path());
  const ProberKey prober = {"target-7", ProberKind::TraceIcmp, ProberFamily::Ipv4};
  WallTime now = SteppedClock().WallNow();
  std::uint64_t before = 0;
  for (std::uint64_t kill = 1; kill <= 20; ++kill) {
    ChildProcess writer(
        {HISTORY_WRITER, folder.Path(), std::to_string(now.time_since_epoch() / seconds(1))});
    writer.ReadUntil("flush " + std::to_string(kill % 7 + 1) + ":", kPatience);
    writer.Signal(SIGKILL);
    ASSERT_EQ(writer.AwaitExit(kPatience), 128 + SIGKILL);
    const std::uint64_t flushed = LastFlushed(writer.Output());

    const std::uint64_t kept = SentInHistory(reader, prober) - before;
    EXPECT_GE(kept, flushed) << "kill " << kill;
    EXPECT_LE(kept, flushed + kFlush) << "kill " << kill;
    before += kept;
    now += seconds(kept) + seconds(3);  // in the middle of a bucket, as it happens
  }

  HistoryStore store(folder.Path());
  ASSERT_FALSE(store.Tidy({}, now + minutes(2)));
  EXPECT_EQ(store.SetAside(), 0U);
  EXPECT_EQ(SentInHistory(reader, prober, Resolution::Coarse), before);
}

}  // namespace
}  // namespace pathwitness
