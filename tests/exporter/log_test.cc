#include "exporter/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "exporter/rfc3339.h"
#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

std::string Line(LogFormat format, std::string_view message, const std::vector<LogField>& fields) {
  return FormatLogLine(format, FakeClock().WallNow(), LogLevel::Warn, message, fields);
}

TEST(Rfc3339, IsUtcWithTheAskedPrecision) {
  const WallTime time = FakeClock().WallNow() + std::chrono::milliseconds(3661042);
  EXPECT_EQ(FormatRfc3339(time, TimePrecision::Seconds), "2026-01-01T01:01:01Z");
  EXPECT_EQ(FormatRfc3339(time, TimePrecision::Milliseconds), "2026-01-01T01:01:01.042Z");
}

TEST(Rfc3339, TimesBefore1970AreRight) {
  const WallTime time{std::chrono::milliseconds(-1)};
  EXPECT_EQ(FormatRfc3339(time, TimePrecision::Milliseconds), "1969-12-31T23:59:59.999Z");
}

TEST(FormatLogLine, LogfmtQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(Line(LogFormat::Logfmt, "target down", {{"target", "a-to-b"}, {"why", "no route"}}),
            "time=2026-01-01T00:00:00.000Z level=warn msg=\"target down\" target=a-to-b "
            "why=\"no route\"");
}

TEST(FormatLogLine, AnEmptyValueIsVisible) {
  EXPECT_TRUE(Line(LogFormat::Logfmt, "m", {{"empty", ""}}).ends_with(" empty=\"\""));
}

TEST(FormatLogLine, HostileValuesStayOnOneLine) {
  const std::string hostile = "a\nlevel=error \"x\"\x1b[2J\\";
  EXPECT_TRUE(Line(LogFormat::Logfmt, "m", {{"v", hostile}})
                  .ends_with(R"( v="a\nlevel=error \"x\"\x1b[2J\\")"));
}

TEST(FormatLogLine, JsonKeepsHostileValuesWhole) {
  const std::string hostile = "a\n\"b\"\\\x01";
  const std::string line = Line(LogFormat::Json, "m", {{"v", hostile}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(line).at("v"), hostile);
}

TEST(FormatLogLine, JsonReplacesWhatIsNoUtf8) {
  const std::string line = Line(LogFormat::Json, "m", {{"v", "\xff"}});
  EXPECT_EQ(nlohmann::json::parse(line).at("v"), "\xEF\xBF\xBD");
}

TEST(FormatLogLine, JsonHasTimeLevelAndMessage) {
  EXPECT_EQ(Line(LogFormat::Json, "m", {}),
            R"({"time":"2026-01-01T00:00:00.000Z","level":"warn","msg":"m"})");
}

TEST(StderrLog, SuppressedLinesAreNeitherWrittenNorCounted) {
  const FakeClock clock;
  StderrLog log(LogFormat::Logfmt, LogLevel::Info, clock);
  testing::internal::CaptureStderr();
  log.Write(LogLevel::Debug, "hidden", {});
  log.Write(LogLevel::Info, "shown", {{"n", "1"}});
  log.Write(LogLevel::Error, "shown too", {});
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "time=2026-01-01T00:00:00.000Z level=info msg=\"shown\" n=1\n"
            "time=2026-01-01T00:00:00.000Z level=error msg=\"shown too\"\n");
  EXPECT_EQ(log.Counts(), (std::array<std::uint64_t, 4>{0, 1, 0, 1}));
}

TEST(StderrLog, BracesInAMessageAreText) {
  const FakeClock clock;
  StderrLog log(LogFormat::Logfmt, LogLevel::Info, clock);
  testing::internal::CaptureStderr();
  log.Write(LogLevel::Info, "{} {0}", {{"v", "{}"}});
  EXPECT_NE(testing::internal::GetCapturedStderr().find("msg=\"{} {0}\" v={}"), std::string::npos);
}

}  // namespace
}  // namespace pathwitness
