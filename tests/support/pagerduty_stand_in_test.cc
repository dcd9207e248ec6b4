#include "tests/support/pagerduty_stand_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/exchange.h"

namespace pathwitness {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

json ValidEvent() {
  return {{"routing_key", std::string(32, 'k')},
          {"event_action", "trigger"},
          {"dedup_key", "d"},
          {"payload", {{"summary", "s"}, {"source", "t"}, {"severity", "critical"}}},
          {"links", {{{"href", "https://runbooks.example/x"}, {"text", "Runbook"}}}}};
}

std::vector<std::string> ProblemsWith(const char* place, const json& value) {
  json event = ValidEvent();
  event[json::json_pointer(place)] = value;
  return ProblemsOf(event.dump());
}

std::string Send(std::uint16_t port, const std::string& body) {
  return Exchange(port, "POST /v2/enqueue HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body);
}

std::uint16_t PortOf(const PagerDutyStandIn& stand_in) {
  const std::string url = stand_in.Url();
  return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

TEST(PagerDutyStandIn, AWellFormedEventHasNoProblem) {
  EXPECT_THAT(ProblemsOf(ValidEvent().dump()), IsEmpty());
}

TEST(PagerDutyStandIn, ARoutingKeyHas32LettersAndDigits) {
  EXPECT_THAT(ProblemsWith("/routing_key", std::string(31, 'k')),
              ElementsAre(HasSubstr("routing_key")));
  EXPECT_THAT(ProblemsWith("/routing_key", std::string(31, 'k') + "\n"),
              ElementsAre(HasSubstr("routing_key")));
}

TEST(PagerDutyStandIn, ASeverityIsOneOfFourAndCaseCounts) {
  EXPECT_THAT(ProblemsWith("/payload/severity", "none"), ElementsAre(HasSubstr("severity")));
  EXPECT_THAT(ProblemsWith("/payload/severity", "Critical"), ElementsAre(HasSubstr("severity")));
}

TEST(PagerDutyStandIn, ASummaryIsThereAndHasAtMost1024Characters) {
  EXPECT_THAT(ProblemsWith("/payload/summary", ""), ElementsAre(HasSubstr("summary")));
  EXPECT_THAT(ProblemsWith("/payload/summary", std::string(1025, 's')),
              ElementsAre(HasSubstr("summary")));
  EXPECT_THAT(ProblemsWith("/payload/summary", std::string(1024, 's')), IsEmpty());
}

TEST(PagerDutyStandIn, ASourceIsThere) {
  EXPECT_THAT(ProblemsWith("/payload/source", ""), ElementsAre(HasSubstr("source")));
}

TEST(PagerDutyStandIn, ADedupKeyHasAtMost255Characters) {
  EXPECT_THAT(ProblemsWith("/dedup_key", std::string(256, 'd')),
              ElementsAre(HasSubstr("dedup_key")));
}

TEST(PagerDutyStandIn, ALinkIsAUrl) {
  EXPECT_THAT(ProblemsWith("/links/0/href", "&from=1"), ElementsAre(HasSubstr("links")));
}

TEST(PagerDutyStandIn, AResolveNeedsItsDedupKeyAndNoPayload) {
  const json resolve = {{"routing_key", std::string(32, 'k')}, {"event_action", "resolve"}};
  EXPECT_THAT(ProblemsOf(resolve.dump()), ElementsAre(HasSubstr("dedup_key")));
}

TEST(PagerDutyStandIn, WhatIsNoJsonIsRefused) {
  EXPECT_THAT(ProblemsOf("routing_key=1"), ElementsAre(HasSubstr("JSON")));
}

TEST(PagerDutyIncidents, ATriggerJoinsTheOpenOneOfItsKeyAndOpensANewOneAfterItsEnd) {
  const auto event = [](const char* action) {
    PagerDutyEvent result;
    result.action = action;
    result.dedup_key = "d";
    return result;
  };
  const std::vector<PagerDutyIncident> incidents =
      IncidentsOf({event("trigger"), event("trigger"), event("resolve"), event("trigger")});
  ASSERT_EQ(incidents.size(), 2U);
  EXPECT_EQ(incidents[0].events.size(), 3U);
  EXPECT_FALSE(incidents[0].is_open);
  EXPECT_TRUE(incidents[1].is_open);
}

TEST(PagerDutyStandIn, AnswersAsPagerDutyDoesAndKeepsWhatItTook) {
  const PagerDutyStandIn stand_in;
  EXPECT_THAT(Send(PortOf(stand_in), ValidEvent().dump()), HasSubstr("HTTP/1.1 202"));
  EXPECT_THAT(Send(PortOf(stand_in), "{}"), HasSubstr("HTTP/1.1 400"));
  ASSERT_EQ(stand_in.Events().size(), 2U);
  ASSERT_EQ(stand_in.Accepted().size(), 1U);
  EXPECT_EQ(stand_in.Accepted()[0].payload.at("source"), "t");
  EXPECT_EQ(stand_in.Accepted()[0].links.at("Runbook"), "https://runbooks.example/x");
}

TEST(PagerDutyStandIn, AnswersWhatTheScriptSaysAndThenJudgesAgain) {
  PagerDutyStandIn stand_in;
  stand_in.AnswerNext({429, 500});
  EXPECT_THAT(Send(PortOf(stand_in), ValidEvent().dump()), HasSubstr("HTTP/1.1 429"));
  EXPECT_THAT(Send(PortOf(stand_in), ValidEvent().dump()), HasSubstr("HTTP/1.1 500"));
  EXPECT_THAT(Send(PortOf(stand_in), ValidEvent().dump()), HasSubstr("HTTP/1.1 202"));
}

}  // namespace
}  // namespace pathwitness
