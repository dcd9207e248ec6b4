#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/exchange.h"
#include "tests/support/paging_stage.h"

// The shipped Alertmanager file in a real Alertmanager, 60 times as fast: alerts in, events out.
namespace pathwitness {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

using Labels = std::map<std::string, std::string>;

std::string UtcText(std::time_t time) {
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

/// As the shipped rules label an alert about a target.
Labels TargetAlert(const std::string& alert, const std::string& severity,
                   const std::string& target) {
  return {{"alertname", alert}, {"severity", severity}, {"target", target},     {"prober", "https"},
          {"family", "ipv4"},   {"team", "build"},      {"environment", "test"}};
}

Labels With(Labels labels, const std::string& name, const std::string& value) {
  labels[name] = value;
  return labels;
}

class Notification : public testing::Test {
 protected:
  Notification()
      : alertmanager_(stage_.Alertmanager(
            {LoopbackPlace(exporter_.Port()), LoopbackPlace(exporter_.Port())})) {}

  void Fire(const std::vector<Labels>& alerts, bool is_over = false) const {
    json all = json::array();
    for (const Labels& labels : alerts) {
      const std::string target = labels.contains("target") ? labels.at("target") : "";
      json alert = {{"labels", labels},
                    {"startsAt", UtcText(std::time(nullptr) - 600)},
                    {"annotations",
                     {{"summary", target + " is down"},
                      {"description", "no answer (n = 10)"},
                      {"runbook_url", "https://runbooks.example/" + labels.at("alertname")},
                      {"dashboard_url", "https://dashboards.example/d/x?var-target=" + target},
                      {"evidence_url", "https://evidence.example/?target=" + target},
                      {"missing_data", "quiet: PathwitnessProberStalled speaks"}}}};
      if (!target.empty()) {
        alert["annotations"]["verdict"] = "loss: AS64500, P=0.97";
        alert["annotations"]["owner"] = "AS64500 (P=0.97)";
        alert["annotations"]["incident"] = "incident 1 (link) of 3 targets";
      }
      alert["endsAt"] = UtcText(std::time(nullptr) + (is_over ? -1 : 3600));
      all.push_back(std::move(alert));
    }
    const std::string body = all.dump();
    const std::string answer = Exchange(alertmanager_.Port(),
                                        "POST /api/v2/alerts HTTP/1.0\r\nHost: localhost\r\n"
                                        "Content-Type: application/json\r\nContent-Length: " +
                                            std::to_string(body.size()) + "\r\n\r\n" + body);
    ASSERT_THAT(answer, HasSubstr(" 200 "));
  }

  /// The first `count` events that PagerDuty took.
  std::vector<PagerDutyEvent> Pages(std::size_t count) {
    EXPECT_TRUE(stage_.PagerDuty().AwaitAccepted(
        [&](const auto& events) { return events.size() >= count; }, 20s));
    return stage_.PagerDuty().Accepted();
  }

  /// All that a group notified until an alert that was fired later came through as well.
  std::vector<PagerDutyEvent> PagesBefore(const std::string& last_alert) {
    EXPECT_TRUE(stage_.PagerDuty().AwaitAccepted(
        [&](const auto& events) {
          return !events.empty() && events.back().payload.at("class") == last_alert;
        },
        20s));
    std::vector<PagerDutyEvent> events = stage_.PagerDuty().Accepted();
    events.pop_back();
    return events;
  }

  PagingStage stage_;
  WebhookSink exporter_;
  AlertmanagerServer alertmanager_;
};

TEST_F(Notification, APageCarriesEveryFieldAndItsLinks) {
  Fire({TargetAlert("PathwitnessTargetDown", "critical", "here-to-x")});
  const PagerDutyEvent page = Pages(1).at(0);
  EXPECT_EQ(page.routing_key, PagingStage::kKey);
  EXPECT_EQ(page.action, "trigger");
  EXPECT_THAT(page.payload,
              AllOf(Contains(Pair("summary", "[test] PathwitnessTargetDown: here-to-x is down")),
                    Contains(Pair("severity", "critical")), Contains(Pair("source", "here-to-x")),
                    Contains(Pair("class", "PathwitnessTargetDown")),
                    Contains(Pair("component", "https")), Contains(Pair("group", "test"))));
  EXPECT_THAT(
      page.links,
      ElementsAre(
          Pair("Dashboard around the alert",
               MatchesRegex(
                   "https://dashboards.example/d/x\\?var-target=here-to-x&from=[0-9]{13}&to=now")),
          Pair("Evidence", "https://evidence.example/?target=here-to-x"),
          Pair("Runbook", "https://runbooks.example/PathwitnessTargetDown"),
          Pair("Silence",
               "http://alertmanager.example/#/silences/new?filter=%7Benvironment%3D%22test%22"
               "%2Cseverity%3D%22critical%22%2Ctarget%3D%22here-to-x%22"
               "%2Cteam%3D%22build%22%7D")));
  EXPECT_THAT(page.details,
              AllOf(Contains(Pair("description", "no answer (n = 10)")),
                    Contains(Pair("verdict", "loss: AS64500, P=0.97")),
                    Contains(Pair("owner", "AS64500 (P=0.97)")), Contains(Pair("tier", "critical")),
                    Contains(Pair("team", "build")), Contains(Pair("num_firing", "1")),
                    Contains(Pair("scope", HasSubstr("target here-to-x; prober https; family ipv4; "
                                                     "incident 1 (link) of 3 targets"))),
                    Contains(Pair("missing_data", "quiet: PathwitnessProberStalled speaks"))));
}

TEST_F(Notification, AnOutageIsOneIncidentWhicheverSymptomsItHas) {
  Fire({TargetAlert("PathwitnessErrorBudgetBurn", "critical", "x"),
        TargetAlert("PathwitnessVerdictNamed", "critical", "x")});
  EXPECT_EQ(Pages(1).at(0).details.at("num_firing"), "2");
  EXPECT_THAT(Pages(1).at(0).payload.at("summary"), HasSubstr("(and 1 more)"));
  Fire({TargetAlert("PathwitnessTargetDown", "critical", "x")});
  EXPECT_EQ(Pages(2).at(1).dedup_key, Pages(1).at(0).dedup_key);
}

TEST_F(Notification, AnotherTargetAndAnotherKindOfTroubleAreIncidentsOfTheirOwn) {
  Fire({TargetAlert("PathwitnessTargetDown", "critical", "x"),
        TargetAlert("PathwitnessTargetDown", "critical", "y"),
        TargetAlert("PathwitnessTlsCertExpiring", "critical", "x")});
  std::set<std::string> keys;
  for (const PagerDutyEvent& page : Pages(3)) {
    keys.insert(page.dedup_key);
  }
  EXPECT_THAT(keys, SizeIs(3));
}

TEST_F(Notification, ManyTargetsAreOneMessageInTheChat) {
  std::vector<Labels> alerts;
  for (int i = 0; i < 20; ++i) {
    alerts.push_back(TargetAlert("PathwitnessRttHigh", "info", "to-" + std::to_string(i)));
  }
  Fire(alerts);
  EXPECT_TRUE(stage_.Chat().Await([](const auto& seen) { return !seen.empty(); }, 10s));
  ASSERT_THAT(stage_.Chat().Requests(), SizeIs(1));
  EXPECT_THAT(stage_.Chat().Requests()[0].body,
              AllOf(HasSubstr("to-0 is down"), HasSubstr("to-19 is down")));
}

TEST_F(Notification, APageAboutSeveralExportersStillHasASource) {
  const Labels absent = {{"alertname", "PathwitnessAbsent"}, {"severity", "critical"}};
  Fire({absent});
  EXPECT_EQ(Pages(1).at(0).payload.at("source"), "pathwitness");
}

TEST_F(Notification, AnEndResolvesTheSameIncidentAndClosesTheDashboardsWindow) {
  const std::vector<Labels> alerts = {TargetAlert("PathwitnessTargetDown", "critical", "x")};
  Fire(alerts);
  Pages(1);
  Fire(alerts, true);
  const std::vector<PagerDutyEvent> pages = Pages(2);
  EXPECT_EQ(pages[1].action, "resolve");
  EXPECT_EQ(pages[1].dedup_key, pages[0].dedup_key);
  EXPECT_THAT(json::parse(pages[1].body)["links"].dump(), Not(HasSubstr("to=now")));
  EXPECT_TRUE(stage_.Chat().Await([](const auto& seen) { return seen.size() >= 2; }, 10s));
}

TEST_F(Notification, AWarningIsOfLowUrgencyAndAnInfoIsChatOnly) {
  Fire({TargetAlert("PathwitnessRttHigh", "info", "x")});
  EXPECT_TRUE(stage_.Chat().Await([](const auto& seen) { return !seen.empty(); }, 10s));
  Fire({TargetAlert("PathwitnessRttHigh", "warning", "y")});
  EXPECT_THAT(Pages(1), ElementsAre(testing::Field(&PagerDutyEvent::payload,
                                                   Contains(Pair("severity", "warning")))));
}

TEST_F(Notification, AHigherStepMutesTheLowerOnesOfTheSameAlertOnly) {
  Fire({TargetAlert("PathwitnessTargetDown", "critical", "x"),
        TargetAlert("PathwitnessTargetDown", "warning", "x"),
        TargetAlert("PathwitnessTargetDown", "warning", "y")});
  const std::vector<PagerDutyEvent> pages = Pages(2);
  for (const PagerDutyEvent& page : pages) {
    EXPECT_EQ(page.details.at("num_firing"), "1") << page.body;
    EXPECT_EQ(page.payload.at("source"), page.payload.at("severity") == "critical" ? "x" : "y");
  }
}

TEST_F(Notification, ATargetThatIsDownHasNoLossToSpeakOf) {
  Fire({TargetAlert("PathwitnessTargetDown", "critical", "x"),
        TargetAlert("PathwitnessPathLossHigh", "critical", "x"),
        TargetAlert("PathwitnessHttpsSlow", "warning", "x")});
  EXPECT_EQ(Pages(1).at(0).details.at("num_firing"), "1");
  EXPECT_EQ(Pages(1).at(0).payload.at("class"), "PathwitnessTargetDown");
}

TEST_F(Notification, AMilderAlertNeverMutesAPage) {
  Fire({TargetAlert("PathwitnessTargetDown", "warning", "x"),
        TargetAlert("PathwitnessPathLossHigh", "critical", "x")});
  EXPECT_THAT(Pages(2), SizeIs(2));
}

TEST_F(Notification, ABlindVantageIsOnePageAndMutesWhatItCannotSee) {
  Fire({{{"alertname", "PathwitnessVantageDown"},
         {"severity", "critical"},
         {"instance", "pathwitness-1"},
         {"team", "monitoring"},
         {"environment", "test"}},
        TargetAlert("PathwitnessTargetUnseen", "none", "x"),
        TargetAlert("PathwitnessTargetDown", "critical", "x"),
        TargetAlert("PathwitnessPathLossHigh", "critical", "y")});
  Pages(2);
  Fire({TargetAlert("PathwitnessTlsInvalid", "critical", "last")});
  std::vector<std::string> sources;
  for (const PagerDutyEvent& page : PagesBefore("PathwitnessTlsInvalid")) {
    sources.push_back(page.payload.at("source"));
  }
  EXPECT_THAT(sources, testing::UnorderedElementsAre("pathwitness-1", "y"));
}

/// As the shipped rules label it: it is about no target.
Labels IncidentAlert(const std::string& severity, const std::string& via) {
  return {{"alertname", "PathwitnessIncidentOpen"},
          {"severity", severity},
          {"cause", "link"},
          {"via", via},
          {"team", "monitoring"},
          {"environment", "test"}};
}

TEST_F(Notification, OneCauseOfSeveralTargetsIsOnePageUpToItsTier) {
  Fire({IncidentAlert("critical", "192.0.2.1-192.0.2.2"),
        With(TargetAlert("PathwitnessTargetInIncident", "none", "x"), "muted", "critical"),
        With(TargetAlert("PathwitnessTargetInIncident", "none", "y"), "muted", "warning"),
        TargetAlert("PathwitnessPathLossHigh", "critical", "x"),
        TargetAlert("PathwitnessVerdictNamed", "warning", "y"),
        TargetAlert("PathwitnessPathLossHigh", "critical", "y")});
  Pages(2);
  Fire({TargetAlert("PathwitnessTlsInvalid", "critical", "last")});
  std::vector<std::string> sources;
  for (const PagerDutyEvent& page : PagesBefore("PathwitnessTlsInvalid")) {
    sources.push_back(page.payload.at("source") + " " + page.payload.at("severity"));
  }
  EXPECT_THAT(sources, testing::UnorderedElementsAre("192.0.2.1-192.0.2.2 critical", "y critical"));
}

TEST_F(Notification, TwoCausesAreTwoIncidents) {
  Fire({IncidentAlert("critical", "192.0.2.1-192.0.2.2"),
        IncidentAlert("critical", "192.0.2.1-192.0.2.3")});
  EXPECT_NE(Pages(2).at(0).dedup_key, Pages(2).at(1).dedup_key);
}

TEST_F(Notification, APageAboutNoTargetSaysThatNothingWasJudged) {
  Fire({IncidentAlert("critical", "192.0.2.1-192.0.2.2")});
  EXPECT_EQ(Pages(1).at(0).details.at("verdict"), "not judged");
}

TEST_F(Notification, ADrillReachesTheDrillReceiverOnly) {
  Fire({With(TargetAlert("PathwitnessPathLossHigh", "critical", "x"), "drill", "d1")});
  const PagerDutyEvent page = Pages(1).at(0);
  EXPECT_EQ(page.routing_key, PagingStage::kDrillKey);
  EXPECT_THAT(page.payload.at("summary"), HasSubstr("DRILL "));
  ASSERT_TRUE(exporter_.Await([](const auto& seen) { return !seen.empty(); }, 10s));
  EXPECT_EQ(exporter_.Requests()[0].path, "/-/drill/notified");
  EXPECT_THAT(stage_.Chat().Requests(), IsEmpty());
}

TEST_F(Notification, NoDrillMutesTheTruthNorTheTruthADrill) {
  Fire({With(TargetAlert("PathwitnessTargetDown", "critical", "x"), "drill", "d1"),
        TargetAlert("PathwitnessPathLossHigh", "critical", "x"),
        TargetAlert("PathwitnessTargetDown", "critical", "y"),
        With(TargetAlert("PathwitnessPathLossHigh", "critical", "y"), "drill", "d1")});
  EXPECT_THAT(Pages(4), SizeIs(4));
}

TEST_F(Notification, TheWatchdogBeatsAndIsNoPage) {
  Fire({{{"alertname", "Watchdog"}, {"severity", "none"}, {"environment", "test"}}});
  EXPECT_TRUE(stage_.Heartbeat().Await([](const auto& seen) { return seen.size() >= 3; }, 20s));
  EXPECT_THAT(stage_.Heartbeat().Requests(),
              Each(testing::Field(&ReceivedRequest::path, "/pulse/partner-watchdog")));
  EXPECT_THAT(stage_.PagerDuty().Events(), IsEmpty());
  EXPECT_THAT(stage_.Chat().Requests(), IsEmpty());
}

TEST_F(Notification, BrokenPagingTakesTheSecondWay) {
  stage_.PagerDuty().AnswerAlways(500);
  Fire({{{"alertname", "PathwitnessPagingBroken"},
         {"severity", "critical"},
         {"team", "monitoring"},
         {"environment", "test"}}});
  EXPECT_TRUE(stage_.SecondWay().Await([](const auto& seen) { return !seen.empty(); }, 10s));
  EXPECT_THAT(stage_.PagerDuty().Events(), IsEmpty());
}

TEST_F(Notification, APageThatPagerDutyDidNotTakeIsSentAgainAndTakenOnce) {
  stage_.PagerDuty().AnswerNext({429, 500, 429});
  Fire({TargetAlert("PathwitnessTargetDown", "critical", "x")});
  const std::vector<PagerDutyEvent> taken = Pages(1);
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_THAT(stage_.PagerDuty().Events(), SizeIs(4));
  EXPECT_THAT(stage_.PagerDuty().Events(),
              Each(testing::Field(&PagerDutyEvent::dedup_key, taken[0].dedup_key)));
}

}  // namespace
}  // namespace pathwitness
