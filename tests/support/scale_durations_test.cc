#include "tests/support/scale_durations.h"

#include <gtest/gtest.h>

namespace pathwitness {
namespace {

TEST(ScaleDurations, EveryKeyThatTakesADurationIsScaled) {
  EXPECT_EQ(ScaleDurations("interval: 30s\nfor: 2m\nkeep_firing_for: 3m  # why\n", 60),
            "interval: 500ms\nfor: 2000ms\nkeep_firing_for: 3000ms  # why\n");
  EXPECT_EQ(ScaleDurations("{group_wait: 30s, group_interval: 5m, repeat_interval: 4h}", 10),
            "{group_wait: 3000ms, group_interval: 30000ms, repeat_interval: 1440000ms}");
}

TEST(ScaleDurations, RangesSubqueriesAndOffsetsAreScaled) {
  EXPECT_EQ(ScaleDurations("expr: rate(x[5m]) / max_over_time(y[1h:1m] offset 1w)", 60),
            "expr: rate(x[5000ms]) / max_over_time(y[60000ms:1000ms] offset 10080000ms)");
}

TEST(ScaleDurations, ADurationOfSeveralUnitsIsOne) {
  EXPECT_EQ(ScaleDurations("for: 1h30m", 60), "for: 90000ms");
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
