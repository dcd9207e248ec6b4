#include "diagnosis/flow_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/diagnosis/blame_vectors.h"

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Counts> FlowsOf(const nlohmann::json& vector) {
  const double sent = vector.at("n");
  std::vector<Counts> flows;
  for (const double lost : vector.at("lost")) {
    flows.push_back({.sent = sent, .received = sent - lost});
  }
  return flows;
}

TEST(TestFlows, AgreesWithTheVectors) {
  for (const auto& vector : BlameVectors("flows")) {
    const FlowTest test = TestFlows(FlowsOf(vector));
    EXPECT_NEAR(test.statistic, vector.at("D").get<double>(), 0.01) << vector.at("id");
    EXPECT_EQ(test.is_dependent, vector.at("flow_dependent").get<bool>()) << vector.at("id");
    if (vector.contains("p")) {
      EXPECT_NEAR(test.p, vector.at("p").get<double>(), 0.001) << vector.at("id");
    }
  }
}

TEST(TestFlows, ListsTheBadOnes) {
  std::vector<Counts> flows(16, {.sent = 20, .received = 20});
  flows[3].received = 0;
  flows[11].received = 0;
  EXPECT_THAT(TestFlows(flows).bad, ElementsAre(3, 11));
}

TEST(TestFlows, ListsNoFlowThatLosesAsChanceAllows) {
  std::vector<Counts> flows(16, {.sent = 20, .received = 20});
  flows[3].received = 0;
  flows[5].received = 15;
  EXPECT_THAT(TestFlows(flows).bad, ElementsAre(3));
}

TEST(TestFlows, ListsNoneOfUniformLoss) {
  EXPECT_THAT(TestFlows(std::vector<Counts>(16, {.sent = 20, .received = 18})).bad, IsEmpty());
}

TEST(TestFlows, TellsNothingOfOneFlowOrOfNone) {
  EXPECT_FALSE(TestFlows({}).is_dependent);
  EXPECT_FALSE(TestFlows(std::vector<Counts>{{.sent = 20, .received = 1}}).is_dependent);
}

TEST(TestFlows, IgnoresFlowsWithoutProbes) {
  std::vector<Counts> flows(16, {.sent = 20, .received = 20});
  flows[3].received = 0;
  const double p = TestFlows(flows).p;
  flows.push_back({});
  EXPECT_EQ(TestFlows(flows).p, p);
}

}  // namespace
}  // namespace pathwitness
