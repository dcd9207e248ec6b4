#include "exporter/metrics/text_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "exporter/metrics/families.h"

namespace pathwitness {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

std::string NumberText(double value) {
  std::string text;
  AppendNumber(value, text);
  return text;
}

std::string LabelText(std::string_view value) {
  std::string text;
  AppendLabelValue(value, text);
  return text;
}

std::string FamilyText(const MetricFamily& family) {
  std::string text;
  AppendText({family}, text);
  return text;
}

TEST(TextWriter, WritesASampleUnderItsHelpAndType) {
  MetricFamily family{"requests_total", "Requests.", MetricType::Counter, {}};
  AddSample(family, {{"code", "200"}, {"method", "GET"}}, 3);
  EXPECT_EQ(FamilyText(family),
            "# HELP requests_total Requests.\n"
            "# TYPE requests_total counter\n"
            "requests_total{code=\"200\",method=\"GET\"} 3\n");
}

TEST(TextWriter, WritesNoBracesWithoutLabels) {
  MetricFamily family{"up", "Up.", MetricType::Gauge, {}};
  AddSample(family, {}, 1);
  EXPECT_THAT(FamilyText(family), testing::EndsWith("\nup 1\n"));
}

TEST(TextWriter, LeavesOutAFamilyWithoutSamples) {
  EXPECT_EQ(FamilyText({"up", "Up.", MetricType::Gauge, {}}), "");
}

TEST(TextWriter, EscapesHelpButNotItsQuotes) {
  MetricFamily family{"up", "a\\b\n\"c\"", MetricType::Gauge, {}};
  AddSample(family, {}, 1);
  EXPECT_THAT(FamilyText(family), testing::StartsWith("# HELP up a\\\\b\\n\"c\"\n"));
}

TEST(TextWriter, AddsUpHistogramBucketsAndAddsInfinity) {
  Histogram histogram({.1, 1});
  histogram.counts = {1, 2, 4};
  histogram.sum = 9.5;
  MetricFamily family{"took_seconds", "Took.", MetricType::Histogram, {}};
  AddHistogram(family, {{"a", "b"}}, histogram);
  EXPECT_THAT(FamilyText(family), testing::EndsWith("histogram\n"
                                                    "took_seconds_bucket{a=\"b\",le=\"0.1\"} 1\n"
                                                    "took_seconds_bucket{a=\"b\",le=\"1\"} 3\n"
                                                    "took_seconds_bucket{a=\"b\",le=\"+Inf\"} 7\n"
                                                    "took_seconds_sum{a=\"b\"} 9.5\n"
                                                    "took_seconds_count{a=\"b\"} 7\n"));
}

TEST(TextWriter, WritesAHistogramWithoutLabelsOrBounds) {
  MetricFamily family{"took_seconds", "Took.", MetricType::Histogram, {}};
  AddHistogram(family, {}, Histogram());
  EXPECT_THAT(FamilyText(family), testing::EndsWith("took_seconds_bucket{le=\"+Inf\"} 0\n"
                                                    "took_seconds_sum 0\n"
                                                    "took_seconds_count 0\n"));
}

TEST(TextWriter, WritesASummaryAsSumAndCount) {
  MetricFamily family{"took_seconds", "Took.", MetricType::Summary, {}};
  AddSummary(family, {}, 2.5, 2);
  EXPECT_THAT(FamilyText(family), testing::EndsWith("# TYPE took_seconds summary\n"
                                                    "took_seconds_sum 2.5\n"
                                                    "took_seconds_count 2\n"));
}

TEST(LabelValue, EscapesQuoteBackslashAndNewline) {
  EXPECT_EQ(LabelText("a\"b\\c\nd"), R"(a\"b\\c\nd)");
}

TEST(LabelValue, KeepsValidUtf8OfEveryLength) {
  const std::string text =
      "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8C\x8D \xED\x9F\xBF \xF4\x8F\xBF\xBF";
  EXPECT_EQ(LabelText(text), text);
}

TEST(LabelValue, ReplacesWhatIsNoUtf8) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(LabelText("a\xFFz"), "a" + mark + "z");
  EXPECT_EQ(LabelText("\x80"), mark);                                   // continuation alone
  EXPECT_EQ(LabelText("\xC3"), mark);                                   // cut off
  EXPECT_EQ(LabelText("\xE2\x82"), mark + mark);                        // cut off
  EXPECT_EQ(LabelText("\xC0\xAF"), mark + mark);                        // overlong, 2 bytes
  EXPECT_EQ(LabelText("\xE0\x80\xAF"), mark + mark + mark);             // overlong, 3 bytes
  EXPECT_EQ(LabelText("\xED\xA0\x80"), mark + mark + mark);             // surrogate
  EXPECT_EQ(LabelText("\xF0\x80\x80\xAF"), mark + mark + mark + mark);  // overlong, 4 bytes
  EXPECT_EQ(LabelText("\xF4\x90\x80\x80"), mark + mark + mark + mark);  // beyond Unicode
  EXPECT_EQ(LabelText("\xC3\""), mark + "\\\"");                        // never eats the quote
}

TEST(LabelValue, ReplacesNulWhichEndsAScrape) {
  EXPECT_EQ(LabelText(std::string_view("a\0b", 3)), "a\xEF\xBF\xBD\x62");
}

TEST(Number, SpellsSpecialValuesAsPrometheusDoes) {
  EXPECT_EQ(NumberText(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(NumberText(-std::numeric_limits<double>::infinity()), "-Inf");
  EXPECT_EQ(NumberText(std::nan("")), "NaN");
}

TEST(Number, HasAnExponentOnlyWhereDigitsWouldBeManyZeros) {
  EXPECT_EQ(NumberText(0.0005), "0.0005");
  EXPECT_EQ(NumberText(-1000000), "-1000000");
  EXPECT_EQ(NumberText(1e21), "1e+21");
  EXPECT_EQ(NumberText(1e-7), "1e-07");
}

TEST(Number, HasTheFewestDigits) {
  EXPECT_EQ(NumberText(0), "0");
  EXPECT_EQ(NumberText(0.1), "0.1");
  EXPECT_EQ(NumberText(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(NumberText(1767225600.5), "1767225600.5");
}

TEST(Number, ReadsBackAsTheSameDouble) {
  std::mt19937_64 random(1);  // NOLINT: every run the same
  for (int i = 0; i < 100000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) {
      continue;
    }
    const std::string text = NumberText(value);
    double read = 0;
    std::from_chars(text.data(), text.data() + text.size(), read);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(read), std::bit_cast<std::uint64_t>(value)) << text;
  }
}

}  // namespace
}  // namespace pathwitness
