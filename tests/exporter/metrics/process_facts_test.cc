#include "exporter/metrics/process_facts.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace pathwitness {
namespace {

constexpr std::string_view kStat =
    "4242 (path) wit ness) S 1 4242 4242 0 -1 4194560 999 0 1 0 150 50 7 8 20 0 9 0 123456 "
    "104857600 5120 18446744073709551615 1 1 0 0 0 0 0 4096 16386 0 0 0 17 1 0 0 0 0 0\n";

TEST(ProcessStat, IsReadBehindAHostileProgramName) {
  EXPECT_EQ(ParseProcessStat(kStat), (ProcessStat{.cpu_ticks = 200,
                                                  .start_ticks = 123456,
                                                  .virtual_bytes = 104857600,
                                                  .resident_pages = 5120}));
}

TEST(ProcessStat, IsAbsentWhenCutOffOrDamaged) {
  EXPECT_FALSE(ParseProcessStat(""));
  EXPECT_FALSE(ParseProcessStat("4242 (pathwitness"));
  EXPECT_FALSE(ParseProcessStat("4242 (pathwitness) S 1 2 3"));
  EXPECT_FALSE(ParseProcessStat("1 (x) S 1 1 1 0 -1 1 1 0 1 0 many 50 7 8 20 0 9 0 1 2 3"));
}

TEST(BootTime, IsTheBtimeLine) {
  EXPECT_EQ(ParseBootTime("cpu  1 2 3\nbtime 1767220000\nprocesses 5\n"), 1767220000);
}

TEST(BootTime, IsAbsentWithoutItsLine) {
  EXPECT_FALSE(ParseBootTime("cpu  1 2 3\n"));
  EXPECT_FALSE(ParseBootTime("btime soon\n"));
}

TEST(MaxFds, IsTheSoftLimit) {
  EXPECT_EQ(ParseMaxFds("Limit                     Soft Limit           Hard Limit   Units\n"
                        "Max open files            1024                 524288       files\n"),
            1024);
}

TEST(MaxFds, IsInfiniteWhenUnlimited) {
  EXPECT_EQ(ParseMaxFds("Max open files            unlimited   unlimited   files\n"),
            std::numeric_limits<double>::infinity());
}

TEST(MaxFds, IsAbsentWithoutItsLine) {
  EXPECT_FALSE(ParseMaxFds("Max processes 1 1 processes\n"));
}

TEST(ProcessFactsReader, FindsThisProcess) {
  const ProcessFacts facts = ReadProcessFacts();
  const auto now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
  EXPECT_GT(facts.resident_bytes.value_or(0), 1e5);
  EXPECT_GT(facts.virtual_bytes.value_or(0), facts.resident_bytes.value_or(0));
  EXPECT_GE(facts.cpu_seconds.value_or(-1), 0);
  EXPECT_GE(facts.open_fds.value_or(0), 3);
  EXPECT_GE(facts.max_fds.value_or(0), facts.open_fds.value_or(0));
  EXPECT_NEAR(facts.start_time.value_or(0), now.count(), 600);
}

}  // namespace
}  // namespace pathwitness
