#include "exporter/rules/live_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace pathwitness {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

// As Prometheus 2.42 answers, shortened.
constexpr auto kAnswer = R"json({"status":"success","data":{"groups":[{"name":"g","file":"r.yaml",
"rules":[{"name":"a:b","query":"sum(x)","health":"ok","evaluationTime":0.0001,
"lastEvaluation":"2026-01-01T00:00:00Z","type":"recording"},
{"state":"firing","name":"A","query":"a:b \u003e 0.5","duration":120,"keepFiringFor":300,
"labels":{"severity":"info"},"annotations":{"summary":"s"},
"alerts":[{"labels":{"alertname":"A"},"annotations":{},"state":"firing","value":"1e+00"}],
"health":"ok","type":"alerting"}],"interval":30,"limit":0}]}})json";

std::vector<RuleGroup> Groups(std::string_view json) {
  auto read = ReadLiveRules(json);
  EXPECT_TRUE(std::holds_alternative<std::vector<RuleGroup>>(read));
  return std::holds_alternative<std::vector<RuleGroup>>(read)
             ? std::get<std::vector<RuleGroup>>(std::move(read))
             : std::vector<RuleGroup>();
}

std::string WhyNot(std::string_view json) {
  auto read = ReadLiveRules(json);
  const auto* const problem = std::get_if<JsonProblem>(&read);
  return problem == nullptr ? "" : problem->what;
}

TEST(LiveRules, AreWhatPrometheusSays) {
  const auto groups = Groups(kAnswer);
  ASSERT_THAT(groups, SizeIs(1));
  EXPECT_EQ(groups[0].name, "g");
  EXPECT_EQ(groups[0].interval, seconds(30));
  ASSERT_THAT(groups[0].rules, SizeIs(2));
  EXPECT_FALSE(groups[0].rules[0].is_alert);
  EXPECT_EQ(groups[0].rules[0].expr, "sum(x)");
  const Rule& alert = groups[0].rules[1];
  EXPECT_TRUE(alert.is_alert);
  EXPECT_EQ(alert.expr, "a:b > 0.5");
  EXPECT_EQ(alert.hold, seconds(120));
  EXPECT_EQ(alert.keep_firing_for, seconds(300));
  EXPECT_THAT(alert.labels, ElementsAre(Pair("severity", "info")));
}

TEST(LiveRules, NoneAreNone) {
  EXPECT_THAT(Groups(R"({"data":{"groups":[]}})"), IsEmpty());
}

TEST(LiveRules, WhatIsNoAnswerIsRefusedWithTheReason) {
  EXPECT_THAT(WhyNot("<html>"), HasSubstr("is no JSON"));
  EXPECT_THAT(WhyNot("[]"), HasSubstr("'data'"));
  EXPECT_THAT(WhyNot(R"({"data":{"groups":7}})"), HasSubstr("'groups' that is a list"));
  EXPECT_THAT(WhyNot(R"({"data":{"groups":[{"name":"g"}]}})"), HasSubstr("'rules'"));
  EXPECT_THAT(WhyNot(R"({"data":{"groups":[{"name":"g","rules":[{"name":"a"}]}]}})"),
              HasSubstr("'type'"));
}

TEST(LiveRules, ADurationThatIsNoneIsRefused) {
  for (const char* const number : {"-1", "1e300", "\"x\"", "{}"}) {
    EXPECT_THAT(WhyNot(std::string(R"({"data":{"groups":[{"name":"g","interval":)") + number +
                       R"(,"rules":[]}]}})"),
                HasSubstr("no number of seconds"))
        << number;
  }
}

TEST(LiveRules, TooManyAreRefused) {
  std::string json = R"({"data":{"groups":[{"name":"g","rules":[)";
  for (int i = 0; i < 10'001; ++i) {
    json += R"({"name":"a","query":"b","type":"recording"},)";
  }
  json.back() = ']';
  EXPECT_THAT(WhyNot(json + "}]}}"), HasSubstr("more than 10000 rules"));
}

TEST(ReloadState, IsWhatPrometheusSays) {
  EXPECT_FALSE(IsReloadSuccessful(R"({"data":{"reloadConfigSuccess":false}})"));
  EXPECT_TRUE(IsReloadSuccessful(R"({"data":{"reloadConfigSuccess":true}})"));
  EXPECT_TRUE(IsReloadSuccessful("nonsense"));
}

}  // namespace
}  // namespace pathwitness
