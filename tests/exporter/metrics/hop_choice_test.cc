#include "exporter/metrics/hop_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

const WallTime kNow{hours(490000)};

TraceBoard::Pointer Trace(std::string target, WallTime last_trouble = {}) {
  TraceSnapshot trace;
  trace.status.key.target = std::move(target);
  trace.hops.resize(10);
  trace.last_trouble = last_trouble;
  return std::make_shared<const TraceSnapshot>(std::move(trace));
}

MetricsConfig Showing(HopSeries which) {
  MetricsConfig config;
  config.hop_series = which;
  return config;
}

TEST(HopChoice, ShowsTheTroubleOfTheLastHourOnIncident) {
  const auto fresh = Trace("a", kNow - minutes(60));
  const auto old = Trace("b", kNow - minutes(61));
  const HopChoice choice =
      ChooseHops({fresh, old, Trace("c")}, Showing(HopSeries::OnIncident), kNow);
  EXPECT_THAT(choice.shown, ElementsAre(fresh));
  EXPECT_EQ(choice.refused, 0U);
}

TEST(HopChoice, ShowsNoneWhenNever) {
  const HopChoice choice = ChooseHops({Trace("a", kNow)}, Showing(HopSeries::Never), kNow);
  EXPECT_THAT(choice.shown, IsEmpty());
  EXPECT_EQ(choice.refused, 0U);
}

TEST(HopChoice, UnderTheCapTroubleGoesFirstAndTheRestIsCounted) {
  MetricsConfig config;
  config.max_hop_series = 2 * 80;
  const auto first = Trace("a");
  const auto troubled = Trace("c", kNow);
  const HopChoice choice = ChooseHops({first, Trace("b"), troubled}, config, kNow);
  EXPECT_THAT(choice.shown, ElementsAre(first, troubled));
  EXPECT_EQ(choice.refused, 80U);
}

}  // namespace
}  // namespace pathwitness
