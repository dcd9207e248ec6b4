#include "exporter/drill/drill_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pathwitness {
namespace {

using testing::HasSubstr;

QueryParameters Parameters(const QueryParameters& changes) {
  QueryParameters all{{"target", "fra-to-example"}, {"loss", "30%"}, {"for", "10m"}};
  for (const auto& [name, value] : changes) {
    all[name] = value;
  }
  return all;
}

DrillOrder Read(const QueryParameters& changes) {
  return std::get<DrillOrder>(ReadDrillOrder(Parameters(changes)));
}

std::string Problem(const QueryParameters& changes) {
  const auto read = ReadDrillOrder(Parameters(changes));
  const auto* const problem = std::get_if<std::string>(&read);
  return problem == nullptr ? "none" : *problem;
}

TEST(DrillOrder, SaysWhatWhereAndHowLong) {
  EXPECT_EQ(Read({{"at_hop", "5"}}), (DrillOrder{.target = "fra-to-example",
                                                 .loss = 0.3,
                                                 .at_hop = 5,
                                                 .length = std::chrono::minutes(10)}));
}

TEST(DrillOrder, IsForTheWholePathUnlessAHopIsNamed) {
  EXPECT_EQ(Read({}).at_hop, 1U);
}

TEST(DrillOrder, LossIsAPercentageOrARatio) {
  EXPECT_EQ(Read({{"loss", "0.3"}}).loss, Read({{"loss", "30%"}}).loss);
  EXPECT_EQ(Read({{"loss", "100%"}}).loss, 1);
}

TEST(DrillOrder, LossBeyondASharePossibleIsRefused) {
  for (const char* loss : {"0", "0%", "-1%", "101%", "1.1", "30", "%", "", "nan", "inf", "x"}) {
    EXPECT_THAT(Problem({{"loss", loss}}), HasSubstr("loss must be a share")) << loss;
  }
}

TEST(DrillOrder, AHopIsBetween1And64) {
  for (const char* hop : {"0", "65", "-1", "1.5", "", "x"}) {
    EXPECT_THAT(Problem({{"at_hop", hop}}), HasSubstr("from 1 to 64")) << hop;
  }
}

TEST(DrillOrder, LastsBetweenASecondAndAnHour) {
  EXPECT_EQ(Read({{"for", "1h"}}).length, Duration(std::chrono::hours(1)));
  for (const char* length : {"999ms", "61m", "10", "", "x"}) {
    EXPECT_THAT(Problem({{"for", length}}), HasSubstr("1s to 1h")) << length;
  }
}

TEST(DrillOrder, WhatIsMissingIsNamed) {
  const auto read = ReadDrillOrder({{"target", "a"}, {"for", "10m"}});
  EXPECT_THAT(std::get<std::string>(read), HasSubstr("loss is missing"));
}

TEST(DrillOrder, AMisspeltParameterIsRefused) {
  EXPECT_THAT(Problem({{"athop", "5"}}), HasSubstr("unknown parameter"));
}

}  // namespace
}  // namespace pathwitness
