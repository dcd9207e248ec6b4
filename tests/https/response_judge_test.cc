#include "probes/https/response_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pathwitness {
namespace {

std::optional<HttpFailure> FailureOf(const HttpsExpectation& expectation,
                                     const HttpResult& result) {
  const auto judgement = ResponseJudge(expectation).Judge(result);
  return judgement ? std::optional(judgement->failure) : std::nullopt;
}

HttpResult Response(int status, const std::string& body = "") {
  HttpResult result;
  result.status = status;
  result.body = body;
  return result;
}

HttpResult WithHeader(const std::string& name, const std::string& value) {
  HttpResult result = Response(200);
  result.headers = {{"date", "today"}, {name, value}};
  return result;
}

TEST(ResponseJudge, Any2xxIsExpectedByDefault) {
  EXPECT_EQ(FailureOf({}, Response(204)), std::nullopt);
  EXPECT_EQ(FailureOf({}, Response(302)), HttpFailure::Status);
  EXPECT_EQ(FailureOf({}, Response(500)), HttpFailure::Status);
}

TEST(ResponseJudge, OnlyTheListedStatusIsExpected) {
  const HttpsExpectation expectation{.status = {301, 404}};
  EXPECT_EQ(FailureOf(expectation, Response(404)), std::nullopt);
  EXPECT_EQ(FailureOf(expectation, Response(200)), HttpFailure::Status);
}

TEST(ResponseJudge, AnUnexpected429IsRateLimited) {
  EXPECT_EQ(FailureOf({}, Response(429)), HttpFailure::RateLimited);
  EXPECT_EQ(FailureOf({.status = {429}}, Response(429)), std::nullopt);
}

TEST(ResponseJudge, A503IsRateLimitedOnlyWithRetryAfter) {
  HttpResult result = Response(503);
  EXPECT_EQ(FailureOf({}, result), HttpFailure::Status);
  result.retry_after = std::chrono::seconds(1);
  EXPECT_EQ(FailureOf({}, result), HttpFailure::RateLimited);
}

TEST(ResponseJudge, AHeaderMustMatch) {
  const HttpsExpectation expectation{.headers = {{.header = "X-Pool", .regex = "^eu-[0-9]+$"}}};
  EXPECT_EQ(FailureOf(expectation, WithHeader("x-pool", "eu-7")), std::nullopt);
  EXPECT_EQ(FailureOf(expectation, WithHeader("x-pool", "us-7")), HttpFailure::Header);
  EXPECT_EQ(FailureOf(expectation, WithHeader("x-other", "eu-7")), HttpFailure::Header);
}

TEST(ResponseJudge, AMissingHeaderMayBeAllowed) {
  const HttpsExpectation expectation{
      .headers = {{.header = "X-Pool", .regex = "eu", .allow_missing = true}}};
  EXPECT_EQ(FailureOf(expectation, Response(200)), std::nullopt);
  EXPECT_EQ(FailureOf(expectation, WithHeader("x-pool", "us")), HttpFailure::Header);
}

TEST(ResponseJudge, AForbiddenHeaderFailsWhenItMatchesAndNotWhenItIsMissing) {
  const HttpsExpectation expectation{
      .headers = {{.header = "X-Debug", .regex = "on", .is_forbidden = true}}};
  EXPECT_EQ(FailureOf(expectation, WithHeader("x-debug", "on")), HttpFailure::Header);
  EXPECT_EQ(FailureOf(expectation, WithHeader("x-debug", "off")), std::nullopt);
  EXPECT_EQ(FailureOf(expectation, Response(200)), std::nullopt);
}

TEST(ResponseJudge, TheBodyMustMatch) {
  const HttpsExpectation expectation{.body_matches = "status: (ok|fine)"};
  EXPECT_EQ(FailureOf(expectation, Response(200, "the status: fine!")), std::nullopt);
  EXPECT_EQ(FailureOf(expectation, Response(200, "status: bad")), HttpFailure::Body);
}

TEST(ResponseJudge, TheBodyMustNotMatch) {
  const HttpsExpectation expectation{.body_matches_not = "maintenance"};
  EXPECT_EQ(FailureOf(expectation, Response(200, "hello")), std::nullopt);
  EXPECT_EQ(FailureOf(expectation, Response(200, "in maintenance")), HttpFailure::Body);
}

TEST(ResponseJudge, AHostileBodyIsJudgedInLinearTime) {
  const HttpsExpectation expectation{.body_matches = "(a+)+$"};
  const std::string body = std::string(1'000'000, 'a') + "b";
  EXPECT_EQ(FailureOf(expectation, Response(200, body)), HttpFailure::Body);
}

TEST(ResponseJudge, ABadExpressionIsOurOwnFaultAndSaysWhich) {
  const auto judgement = ResponseJudge({.body_matches = "(ok"}).Judge(Response(200, "ok"));
  ASSERT_TRUE(judgement.has_value());
  EXPECT_EQ(judgement->failure, HttpFailure::Internal);
  EXPECT_THAT(judgement->error, testing::HasSubstr("bad regular expression"));
}

TEST(ResponseJudge, WhatTheServerSentIsInNoError) {
  const HttpsExpectation expectation{.headers = {{.header = "X-Pool", .regex = "eu"}}};
  const auto judgement = ResponseJudge(expectation).Judge(WithHeader("x-pool", "canary"));
  EXPECT_EQ(judgement, (Judgement{HttpFailure::Header, "header X-Pool does not match"}));
}

}  // namespace
}  // namespace pathwitness
