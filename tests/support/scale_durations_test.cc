#include "tests/support/scale_durations.h"

#include <gtest/gtest.h>

namespace pathwitness {
namespace {

TEST(ScaleDurations, EveryKeyThatTakesADurationIsScaled) {
  EXPECT_EQ(ScaleDurations("interval: 30s\nfor: 2m\nkeep_firing_for: 3m  # why\n", 60),
            "interval: 500ms\nfor: 2s\nkeep_firing_for: 3s  # why\n");
  EXPECT_EQ(ScaleDurations("{group_wait: 30s, group_interval: 5m, repeat_interval: 4h}", 10),
            "{group_wait: 3s, group_interval: 30s, repeat_interval: 24m}");
}

TEST(ScaleDurations, RangesSubqueriesAndOffsetsAreScaled) {
  EXPECT_EQ(ScaleDurations("expr: rate(x[5m]) / max_over_time(y[1h:1m] offset 1w)", 60),
            "expr: rate(x[5s]) / max_over_time(y[1m:1s] offset 2h48m)");
}

TEST(ScaleDurations, ADurationOfSeveralUnitsIsOne) {
  EXPECT_EQ(ScaleDurations("for: 1h30m", 60), "for: 1m30s");
}

TEST(ScaleDurations, NamesLabelsNumbersAndProseAreLeftAlone) {
  const std::string text =
      "record: pathwitness:path_loss:ratio_rate5m\n"
      "expr: time() - x > 300\n"
      "labels: {window: 5m}\n"
      "summary: slower than 2s for 5m, see the 1h view\n";
  EXPECT_EQ(ScaleDurations(text, 60), text);
}

TEST(ScaleDurations, ZeroStaysAndNothingBecomesZero) {
  EXPECT_EQ(ScaleDurations("for: 0s\ninterval: 10ms\n", 1000), "for: 0s\ninterval: 1ms\n");
}

}  // namespace
}  // namespace pathwitness
