#include "probes/pulse/pulse_reading.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "tests/support/fake_clock.h"

namespace pathwitness {
namespace {

using Labels = std::map<std::string, std::string>;

constexpr double kNovember1994 = 784111777;  // 1994-11-06T08:49:37Z, RFC 9110's example

double TimeOf(const PulseReading& reading) {
  const double* const seconds = std::get_if<double>(&reading);
  return seconds == nullptr ? -1 : *seconds;
}

/// Empty when there is a time.
std::string FailureOf(const PulseReading& reading) {
  const auto* const failure = std::get_if<PulseFailure>(&reading);
  return failure == nullptr
             ? ""
             : std::string(kPulseFailureNames.at(static_cast<std::size_t>(*failure)));
}

PulseReading Date(const std::string& text) {
  return ReadHttpDateHeader({{"date", text}}, "Date", FakeClock().WallNow());
}

PulseReading Sample(std::string_view text, const Labels& labels = {}) {
  return ReadPrometheusSample(text, "beat_seconds", labels);
}

TEST(PulseHeader, AllThreeDateFormsAreRead) {
  EXPECT_EQ(TimeOf(Date("Sun, 06 Nov 1994 08:49:37 GMT")), kNovember1994);
  EXPECT_EQ(TimeOf(Date("Sunday, 06-Nov-94 08:49:37 GMT")), kNovember1994);
  EXPECT_EQ(TimeOf(Date("Sun Nov  6 08:49:37 1994")), kNovember1994);
  EXPECT_EQ(TimeOf(Date("Wed Nov 16 08:49:37 1994")), kNovember1994 + 10 * 86'400);
}

TEST(PulseHeader, ATwoDigitYearFarAheadIsOfTheLastCentury) {
  EXPECT_EQ(TimeOf(Date("Thursday, 01-Jan-26 00:00:00 GMT")), 1767225600);
  EXPECT_EQ(TimeOf(Date("Wednesday, 01-Jan-76 00:00:00 GMT")), 3345062400) << "50 years ahead";
  EXPECT_EQ(TimeOf(Date("Saturday, 01-Jan-77 00:00:00 GMT")), 220924800) << "51 would be";
}

TEST(PulseHeader, BlanksAroundAndALeapSecondAreTolerated) {
  EXPECT_EQ(TimeOf(Date("  Sun, 06 Nov 1994 08:49:37 GMT\r\n")), kNovember1994);
  EXPECT_EQ(TimeOf(Date("Sat, 31 Dec 2016 23:59:60 GMT")), 1483228800);
}

TEST(PulseHeader, AnotherHeaderIsMissing) {
  EXPECT_EQ(FailureOf(ReadHttpDateHeader({{"date", "x"}}, "Last-Modified", {})), "missing");
  EXPECT_EQ(FailureOf(ReadHttpDateHeader({}, "Date", {})), "missing");
}

class NoHttpDate : public testing::TestWithParam<const char*> {};

TEST_P(NoHttpDate, IsInvalid) {
  EXPECT_EQ(FailureOf(Date(GetParam())), "invalid");
}

INSTANTIATE_TEST_SUITE_P(
    PulseHeader, NoHttpDate,
    testing::Values("", "0", "-1", "Sun", "Sun,", "yesterday", "Sun, 06 Nov 1994 08:49:37",
                    "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 08:49:37 GMT+1",
                    "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Now 1994 08:49:37 GMT",
                    "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
                    "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 1894 08:49:37 GMT",
                    "1994-11-06T08:49:37Z"));

TEST(PulseField, NumbersAreUnixSeconds) {
  EXPECT_EQ(TimeOf(ReadJsonField(R"({"at": 1767225600})", "/at")), 1767225600);
  EXPECT_EQ(TimeOf(ReadJsonField(R"({"at": 1767225600.25})", "/at")), 1767225600.25);
  EXPECT_EQ(TimeOf(ReadJsonField("1767225600", "")), 1767225600) << "the whole document";
}

TEST(PulseField, TextIsRfc3339) {
  EXPECT_EQ(TimeOf(ReadJsonField(R"(["1994-11-06T08:49:37Z"])", "/0")), kNovember1994);
  EXPECT_EQ(TimeOf(ReadJsonField(R"(["1994-11-06t08:49:37.5z"])", "/0")), kNovember1994 + 0.5);
  EXPECT_EQ(TimeOf(ReadJsonField(R"(["1994-11-06 10:19:37+01:30"])", "/0")), kNovember1994);
  EXPECT_EQ(TimeOf(ReadJsonField(R"(["1994-11-05T23:49:37-09:00"])", "/0")), kNovember1994);
}

TEST(PulseField, PointersGoThroughObjectsArraysAndEscapes) {
  constexpr auto kDocument = R"({"a/b": [{"m~n": {"": 7}}, 8]})";
  EXPECT_EQ(TimeOf(ReadJsonField(kDocument, "/a~1b/0/m~0n/")), 7);
  EXPECT_EQ(TimeOf(ReadJsonField(kDocument, "/a~1b/1")), 8);
}

TEST(PulseField, WhatThePointerDoesNotFindIsMissing) {
  constexpr auto kDocument = R"({"a": [1, 2], "none": null})";
  for (const char* pointer : {"/b", "/a/2", "/a/01", "/a/-", "/a/x", "/a/0/deeper", "a", "/a~2",
                              "/none", "/a/99999999999999999999"}) {
    EXPECT_EQ(FailureOf(ReadJsonField(kDocument, pointer)), "missing") << pointer;
  }
}

TEST(PulseField, WhatIsNoTimeIsInvalid) {
  for (const char* document :
       {R"({"at": true})", R"({"at": "now"})", R"({"at": []})", R"({"at": -1})",
        R"({"at": 1767225600000})", R"({"at": 1e999})", R"({"at": "1994-11-06"})",
        R"({"at": "1994-11-06T08:49:37"})", R"({"at": "1994-11-06T08:49:37.Z"})",
        R"({"at": "1994-11-06T08:49:37+24:00"})", R"({"at": "1994-13-06T08:49:37Z"})", "{", "",
        "<html>", R"({"at": 1)"}) {
    EXPECT_EQ(FailureOf(ReadJsonField(document, "/at")), "invalid") << document;
  }
}

TEST(PulseField, DeepNestingIsNoHarm) {
  EXPECT_EQ(FailureOf(ReadJsonField(std::string(500'000, '['), "/0")), "invalid");
}

TEST(PulseSample, TheNamedSampleIsRead) {
  EXPECT_EQ(TimeOf(Sample("# HELP beat_seconds x\n# TYPE beat_seconds gauge\n"
                          "beat_seconds_total 1\nbeat_seconds 1767225600.5\nother 2\n")),
            1767225600.5);
}

TEST(PulseSample, ExponentsSignsTimestampsAndCarriageReturnsAreRead) {
  EXPECT_EQ(TimeOf(Sample("beat_seconds 1.7672256e+09\n")), 1767225600);
  EXPECT_EQ(TimeOf(Sample("beat_seconds +1767225600 1767225601000\n")), 1767225600);
  EXPECT_EQ(TimeOf(Sample("\tbeat_seconds\t1767225600\r\n")), 1767225600);
  EXPECT_EQ(TimeOf(Sample("beat_seconds 5 # {trace_id=\"x\"} 1\n")), 5);
}

TEST(PulseSample, LabelsMustBeCarriedMaybeAmongOthers) {
  constexpr auto kText =
      "beat_seconds 1\n"
      "beat_seconds{job=\"a\"} 2\n"
      "beat_seconds { job = \"b\" , site=\"x\", } 3\n"
      "beat_seconds{job=\"c\"}4\n";
  EXPECT_EQ(TimeOf(Sample(kText, {{"job", "a"}})), 2);
  EXPECT_EQ(TimeOf(Sample(kText, {{"job", "b"}})), 3);
  EXPECT_EQ(TimeOf(Sample(kText, {{"job", "c"}})), 4);
  EXPECT_EQ(FailureOf(Sample(kText, {{"job", "d"}})), "missing");
  EXPECT_EQ(FailureOf(Sample(kText, {{"job", "a"}, {"site", "x"}})), "missing");
}

TEST(PulseSample, EscapesInLabelValuesAreUndone) {
  constexpr auto kText = "beat_seconds{path=\"C:\\\\x\\n\\\"y\\\"},{\"} 9\n";
  EXPECT_EQ(TimeOf(Sample(kText, {{"path", "C:\\x\n\"y\"},{"}})), 9);
}

TEST(PulseSample, TheNewestOfSeveralCounts) {
  EXPECT_EQ(TimeOf(Sample("beat_seconds{a=\"1\"} 5\nbeat_seconds{a=\"2\"} 7\n"
                          "beat_seconds{a=\"3\"} 6\nbeat_seconds{a=\"4\"} NaN\n")),
            7);
}

TEST(PulseSample, WhatIsNoTimeIsInvalid) {
  for (const char* value : {"NaN", "+Inf", "-Inf", "inf", "-1", "1e400", "0x10", "1767225600000",
                            "1_000", "1,5", "+-1", "++1", "12abc", "1e"}) {
    EXPECT_EQ(FailureOf(Sample("beat_seconds " + std::string(value) + "\n")), "invalid") << value;
  }
}

TEST(PulseSample, DamagedLinesArePassedOver) {
  for (const char* line :
       {"beat_seconds", "beat_seconds ", "beat_seconds{", "beat_seconds{a",
        "beat_seconds{a=", "beat_seconds{a=\"", "beat_seconds{a=\"1", "beat_seconds{a=\"1\"",
        "beat_seconds{a=\"1\"}", "beat_seconds{a=\"1\"b=\"2\"} 1",
        "beat_seconds{a=\"1\",a=\"2\"} 1", "beat_seconds{=\"1\"} 1", "beat_seconds{a=\"\\x\"} 1",
        "beat_seconds{a=\"\\", "beat_seconds{,} 1", "beat_seconds;1"}) {
    EXPECT_EQ(FailureOf(Sample(std::string(line) + "\n")), "missing") << line;
    EXPECT_EQ(TimeOf(Sample(std::string(line) + "\nbeat_seconds 8\n")), 8) << line;
  }
}

TEST(PulseSample, ALineCutOffAtTheEndIsNotRead) {
  EXPECT_EQ(FailureOf(Sample("beat_seconds 17672")), "missing");
}

TEST(PulseFile, TheTimeOfChangeIsRead) {
  const std::filesystem::path path = testing::TempDir() + "/pathwitness_pulse_file";
  std::ofstream(path) << "beat";
  const auto now = ToUnixSeconds(SystemClock().WallNow());
  EXPECT_NEAR(TimeOf(ReadFileTime(path)), now, 60);
  EXPECT_EQ(FailureOf(ReadFileTime(path / "below")), "io");
  std::filesystem::remove(path);
  EXPECT_EQ(FailureOf(ReadFileTime(path)), "missing");
}

}  // namespace
}  // namespace pathwitness
