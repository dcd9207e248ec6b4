#include "exporter/web/go_duration.h"

#include <gtest/gtest.h>

#include <chrono>

namespace pathwitness {
namespace {

using namespace std::chrono_literals;

TEST(GoDuration, IsReadAsInGo) {
  EXPECT_EQ(ParseGoDuration("0"), 0ns);
  EXPECT_EQ(ParseGoDuration("0s"), 0ns);
  EXPECT_EQ(ParseGoDuration("5s"), 5s);
  EXPECT_EQ(ParseGoDuration("1.5h"), 90min);
  EXPECT_EQ(ParseGoDuration("1h15m30.918s"), 1h + 15min + 30s + 918ms);
  EXPECT_EQ(ParseGoDuration(".5s"), 500ms);
  EXPECT_EQ(ParseGoDuration("250us"), 250us);
  EXPECT_EQ(ParseGoDuration("250\u00b5s"), 250us);
  EXPECT_EQ(ParseGoDuration("3ns"), 3ns);
}

TEST(GoDuration, RefusesWhatIsNone) {
  for (const char* text : {"", "5", "s", ".s", "5 s", "-5s", "5x", "5s ", "1.2.3s", "inf", "nan",
                           "1e3s", "999999999999h"}) {
    EXPECT_EQ(ParseGoDuration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace pathwitness
