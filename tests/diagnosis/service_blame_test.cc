#include "diagnosis/service_blame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pathwitness {
namespace {

using testing::HasSubstr;

ServiceEvidence Failing(ServiceFailure failure, std::string reason) {
  return {.failure = failure, .reason = std::move(reason), .hops = 7};
}

TEST(ServiceBlame, SaysNothingOfAServiceThatAnswers) {
  EXPECT_EQ(JudgeService({}).state, VerdictState::None);
}

TEST(ServiceBlame, TooManyRequestsAreNeverTheNetwork) {
  ServiceEvidence evidence = Failing(ServiceFailure::RateLimited, "rate_limited");
  EXPECT_EQ(JudgeService(evidence).state, VerdictState::RateLimited);
  evidence.is_path_at_fault = true;
  EXPECT_EQ(JudgeService(evidence).state, VerdictState::RateLimited);
}

TEST(ServiceBlame, BlamesThePhaseThatFailsWhenThePathIsFine) {
  const Verdict verdict = JudgeService(Failing(ServiceFailure::Tls, "tls_verify"));
  EXPECT_EQ(verdict.state, VerdictState::Service);
  EXPECT_EQ(verdict.attribution.owner->segment, Segment::Tls);
  EXPECT_EQ(verdict.text,
            "Requests to the service fail: its TLS fails (tls_verify). The path of 7 hops to it "
            "shows no fault.");
}

TEST(ServiceBlame, LeavesToThePathWhatThePathExplains) {
  for (const ServiceFailure failure :
       {ServiceFailure::Connect, ServiceFailure::Tls, ServiceFailure::Answer}) {
    ServiceEvidence evidence = Failing(failure, "timeout");
    evidence.is_path_at_fault = true;
    EXPECT_EQ(JudgeService(evidence).state, VerdictState::Undecided);
  }
}

TEST(ServiceBlame, ANameThatDoesNotResolveSaysNothingOfThePath) {
  const Verdict verdict = JudgeService(Failing(ServiceFailure::Name, "dns"));
  EXPECT_EQ(verdict.attribution.owner->segment, Segment::Dns);
  EXPECT_THAT(verdict.text, testing::Not(HasSubstr("hops")));
}

TEST(ServiceBlame, WhatTheExporterCannotDoIsItsOwnFault) {
  EXPECT_EQ(JudgeService(Failing(ServiceFailure::Own, "internal")).state, VerdictState::Local);
}

}  // namespace
}  // namespace pathwitness
