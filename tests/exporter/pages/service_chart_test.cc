#include "exporter/pages/service_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pathwitness {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const WallTime kStart{std::chrono::hours(400'000)};

/// Requests of 10 ms to connect and 30 ms to process.
HttpsBucket Bucket(Duration after, std::uint64_t requests, std::uint64_t failed) {
  HttpsBucket bucket{.start = kStart + after, .length = kFineBucket, .stats = {}};
  bucket.stats.requests = requests;
  bucket.stats.failures[0] = failed;
  for (std::uint64_t i = 0; i < requests; ++i) {
    bucket.stats.durations.Add(0.04);
  }
  const auto count = static_cast<double>(requests);
  bucket.stats.phases[static_cast<std::size_t>(HttpPhase::Connect)] = {requests, 0.01 * count};
  bucket.stats.phases[static_cast<std::size_t>(HttpPhase::Processing)] = {requests, 0.03 * count};
  return bucket;
}

std::string Svg(const std::vector<HttpsBucket>& buckets) {
  return ServiceChartSvg(ServiceChartOf(buckets, kStart, kStart + 60s, 6), "Last minute");
}

TEST(ServiceChart, SaysInWordsWhatItShows) {
  EXPECT_THAT(Svg({Bucket(0s, 4, 1), Bucket(10s, 4, 0)}),
              AllOf(HasSubstr("aria-label=\"Last minute: failed 1/8 (12.5 %), a request 40.0 ms on "
                              "average, from 40.0 ms to 40.0 ms\""),
                    HasSubstr("</svg>connect 10.0 ms"), HasSubstr("</svg>processing 30.0 ms")));
}

TEST(ServiceChart, APhaseStandsOnTheOneBeforeIt) {
  // 40 ms are at 1/1.1 of the height of 90, 10 ms at a quarter of that.
  const std::string svg = Svg({Bucket(0s, 1, 0)});
  EXPECT_THAT(svg, HasSubstr("<path class=\"phase-connect\" d=\"M0.0 190.0h93.3v-20.5"));
  EXPECT_THAT(svg, HasSubstr("<path class=\"phase-processing\" d=\"M0.0 169.5h93.3v-61.4"));
}

TEST(ServiceChart, ATimeOfWhichNothingIsKnownIsAGap) {
  const std::string svg = Svg({Bucket(0s, 1, 0), Bucket(50s, 1, 0)});
  const std::string rest = svg.substr(svg.find("class=\"phase-connect\" d=\"M0.0"));
  EXPECT_EQ(std::ranges::count(rest.substr(0, rest.find('/')), 'M'), 2);
}

TEST(ServiceChart, WithoutAnyRequestThereIsNoPicture) {
  EXPECT_THAT(ServiceChartSvg(ServiceChartOf({}, kStart, kStart + 60s, 6), "<i>"),
              AllOf(HasSubstr("&lt;i&gt;: nothing was measured"), Not(HasSubstr("<svg"))));
}

}  // namespace
}  // namespace pathwitness
