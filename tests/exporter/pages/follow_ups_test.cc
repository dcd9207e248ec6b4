#include "exporter/pages/follow_ups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "exporter/pages/html.h"
#include "tests/support/fake_clock.h"
#include "tests/support/test_folder.h"

namespace pathwitness {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

const std::string kId = "20251231T233000Z-0001";
const std::string kKey(32, 'k');

/// An exporter with an open incident, and a keeper that notes what it gets.
class FollowUps : public testing::Test {
 protected:
  FollowUps() {
    config_->state_directory = folder_.Path();
    auto incident = std::make_shared<IncidentSnapshot>();
    incident->id = kId;
    incident->witness.target = "web";
    incident->targets = {"web"};
    boards_.incidents.NewWriter().Publish(kId, incident);
  }

  PageSources Sources(const std::string& key = kKey) const {
    return {.boards = boards_,
            .config = config_,
            .frame = {.version = "0.1.0",
                      .environment = "default",
                      .telemetry_path = "/metrics",
                      .now = FakeClock().WallNow()},
            .form_key = key};
  }

  HttpResponse Send(const std::string& body, const std::string& path = "/incidents/" + kId) {
    return AnswerFollowUp({.method = "POST", .path = path + "/follow-ups", .body = body}, Sources(),
                          [this](const std::string& incident, const FollowUp& follow_up) {
                            kept_.emplace_back(incident, follow_up);
                            return outcome_;
                          });
  }

  static std::string Form(const std::string& token = FormToken(kKey, kId)) {
    return "token=" + token + "&author=ann&text=rang+%3Cb%3Elab-cloud%3C%2Fb%3E%0D%0Aticket+7";
  }

  TestFolder folder_;
  std::shared_ptr<Config> config_ = std::make_shared<Config>();
  Boards boards_;
  FollowUpOutcome outcome_ = FollowUpOutcome::Kept;
  std::vector<std::pair<std::string, FollowUp>> kept_;
};

TEST_F(FollowUps, WhatIsKeptLeadsBackToTheIncident) {
  const HttpResponse response = Send(Form());
  EXPECT_EQ(response.status, 303);
  EXPECT_THAT(response.headers, Contains(Pair("Location", "/incidents/" + kId + "#follow-ups")));
  EXPECT_THAT(kept_, ElementsAre(Pair(kId, FollowUp{.at = FakeClock().WallNow(),
                                                    .author = "ann",
                                                    .text = "rang <b>lab-cloud</b>\nticket 7"})));
}

TEST_F(FollowUps, WithoutTheTokenOfThisIncidentAndRunNothingIsKept) {
  const std::vector<std::string> others = {"", FormToken(kKey, "20251231T000000Z-0002"),
                                           FormToken(std::string(32, 'x'), kId),
                                           FormToken(kKey, kId) + "0"};
  for (const std::string& token : others) {
    EXPECT_EQ(Send(Form(token)).status, 403) << token;
  }
  EXPECT_EQ(Send("author=ann&text=hello").status, 403);
  EXPECT_THAT(kept_, IsEmpty());
}

TEST_F(FollowUps, WhatIsNotTakenStaysInTheFormAsText) {
  outcome_ = FollowUpOutcome::TooMany;
  const HttpResponse response = Send(Form());
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("as many follow-ups as it can have"), HasSubstr("value=\"ann\""),
                    HasSubstr("\nrang &lt;b&gt;lab-cloud&lt;/b&gt;\nticket 7</textarea>")));
}

TEST_F(FollowUps, WhatCannotBeWrittenNowMayBeSentAgain) {
  for (const FollowUpOutcome outcome : {FollowUpOutcome::NotWritten, FollowUpOutcome::NoIncident}) {
    outcome_ = outcome;
    EXPECT_EQ(Send(Form()).status, 503);
  }
}

TEST_F(FollowUps, ThereAreNoneOfAnIncidentThatNobodyKnows) {
  EXPECT_EQ(Send(Form(), "/incidents/..%2f" + kId).status, 404);
  EXPECT_EQ(Send(Form(), "/incidents").status, 404);
  EXPECT_EQ(Send("text=%zz").status, 400);
  EXPECT_THAT(kept_, IsEmpty());
}

TEST_F(FollowUps, ThePageHasAFormOnlyWhereOneMayWrite) {
  const HttpRequest request{.method = "GET", .path = "/incidents/" + kId};
  EXPECT_THAT(AnswerPage(request, Sources()).body,
              AllOf(HasSubstr("action=\"/incidents/" + kId + "/follow-ups\""),
                    HasSubstr(FormToken(kKey, kId))));
  EXPECT_THAT(AnswerPage(request, Sources("")).body, Not(HasSubstr("<form")));
}

TEST(FormKey, IsAnotherOneEachTime) {
  EXPECT_NE(MakeFormKey(), MakeFormKey());
}

}  // namespace
}  // namespace pathwitness
