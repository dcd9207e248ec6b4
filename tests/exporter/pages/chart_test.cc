#include "exporter/pages/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pathwitness {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const WallTime kStart{std::chrono::hours(400'000)};

TraceBucket Bucket(Duration after, std::uint64_t sent, std::uint64_t lost) {
  TraceBucket bucket{.start = kStart + after, .length = kFineBucket, .stats = {}};
  bucket.stats.end_to_end = {.sent = sent,
                             .lost = lost,
                             .round_trips = sent - lost,
                             .round_trip_sum = 0.02 * static_cast<double>(sent - lost)};
  return bucket;
}

TEST(PathChart, BucketsOfOneColumnAreAddedUpAndOthersLeftOut) {
  const PathChart chart =
      ChartOf({Bucket(-10s, 7, 0), Bucket(0s, 10, 1), Bucket(10s, 10, 2), Bucket(60s, 9, 0)},
              kStart, kStart + 60s, 2);
  ASSERT_EQ(chart.columns.size(), 2U);
  EXPECT_EQ(chart.columns[0].sent, 20U);
  EXPECT_EQ(chart.columns[0].lost, 3U);
  EXPECT_EQ(chart.columns[1].sent, 0U);
}

TEST(ChartSvg, SaysInWordsWhatItShows) {
  const std::string svg =
      ChartSvg(ChartOf({Bucket(0s, 10, 1)}, kStart, kStart + 60s, 2), "Last minute");
  EXPECT_THAT(svg, HasSubstr("aria-label=\"Last minute: lost 1/10 (10.0 %), round trip 20.0 ms"));
  EXPECT_THAT(svg, HasSubstr("class=\"loss\""));
}

TEST(ChartSvg, ATimeOfWhichNothingIsKnownIsAGapInTheLine) {
  const std::string svg =
      ChartSvg(ChartOf({Bucket(0s, 5, 0), Bucket(10s, 5, 0), Bucket(30s, 5, 0), Bucket(40s, 5, 0)},
                       kStart, kStart + 60s, 6),
               "Last minute");
  const std::string line = svg.substr(svg.find("class=\"rtt\""));
  EXPECT_EQ(std::count(line.begin(), line.end(), 'M'), 2);
}

TEST(ChartSvg, WithoutAnyProbeThereIsNoPicture) {
  EXPECT_THAT(ChartSvg(ChartOf({}, kStart, kStart + 60s, 6), "<i>"),
              testing::AllOf(HasSubstr("&lt;i&gt;: nothing was measured"), Not(HasSubstr("<svg"))));
}

}  // namespace
}  // namespace pathwitness
