#include "exporter/drill/drill_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/fake_clock.h"
#include "tests/support/recording_log.h"

namespace pathwitness {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

class DrillPagesTest : public testing::Test {
 protected:
  DrillPagesTest() {
    config_.targets = {TargetConfig{.name = "fra-to-example"}, TargetConfig{.name = "untraced"}};
    Publish(100, 0);
  }

  void Publish(std::uint64_t probes, std::uint64_t lost) {
    TraceSnapshot trace;
    trace.status.key = {"fra-to-example", ProberKind::TraceIcmp, ProberFamily::Ipv4};
    trace.status.rounds = 1;
    trace.probes = probes;
    trace.lost = lost;
    trace.hops.resize(3);
    traces_.NewWriter().Publish(trace.status.key, std::make_shared<const TraceSnapshot>(trace));
  }

  HttpResponse Ask(const std::string& method, const std::string& path,
                   const std::string& query = "", const std::string& body = "") {
    return AnswerDrillRequest({.method = method, .path = path, .query = query, .body = body},
                              config_, desk_);
  }
  HttpResponse Start(const std::string& target = "fra-to-example") {
    return Ask("POST", "/-/drill", "loss=30%25&at_hop=3&for=10m&target=" + target);
  }
  json Listed() { return json::parse(Ask("GET", "/-/drill").body)["drills"]; }

  FakeClock clock_;
  RecordingLog log_;
  TraceBoard traces_;
  DrillBook book_;
  Config config_;
  DrillDesk desk_{.book = book_, .traces = traces_, .clock = clock_, .log = log_};
};

TEST_F(DrillPagesTest, AStartedDrillIsToldAndListed) {
  const HttpResponse response = Start();
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.content_type, "application/json");
  const json drill = json::parse(response.body);
  EXPECT_EQ(drill["target"], "fra-to-example");
  EXPECT_EQ(drill["loss"], 0.3);
  EXPECT_EQ(drill["at_hop"], 3);
  EXPECT_EQ(drill["is_running"], true);
  EXPECT_EQ(drill["ends_after_seconds"], 600);
  EXPECT_EQ(Listed(), json::array({drill}));
}

TEST_F(DrillPagesTest, StartAndStopAreLogged) {
  const json drill = json::parse(Start().body);
  Ask("POST", "/-/drill/stop", "id=" + drill["id"].get<std::string>());
  EXPECT_THAT(log_.Lines(),
              testing::ElementsAre(HasSubstr("drill started"), HasSubstr("drill stopped")));
}

TEST_F(DrillPagesTest, ARunningDrillTellsItsCounters) {
  Start();
  Publish(200, 0);
  EXPECT_EQ(Listed()[0]["probes"], 100);
  EXPECT_EQ(Listed()[0]["lost"], 30);
  clock_.Advance(seconds(600));
  EXPECT_FALSE(Listed()[0].contains("lost"));
}

TEST_F(DrillPagesTest, AnUnknownTargetIs404) {
  EXPECT_EQ(Start("nobody").status, 404);
}

TEST_F(DrillPagesTest, ATargetWithoutATraceIs400) {
  EXPECT_EQ(Start("untraced").status, 400);
}

TEST_F(DrillPagesTest, AHopBehindTheTargetIs400AndSaysHowLongThePathIs) {
  const HttpResponse response =
      Ask("POST", "/-/drill", "target=fra-to-example&loss=1&for=10m&at_hop=4");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("at most 3"));
}

TEST_F(DrillPagesTest, ASecondDrillOfATargetIs409) {
  Start();
  const HttpResponse response = Start();
  EXPECT_EQ(response.status, 409);
  EXPECT_THAT(response.body, HasSubstr("/-/drill/stop"));
}

TEST_F(DrillPagesTest, WhatIsWrongWithAnOrderIs400WithTheRemedy) {
  EXPECT_THAT(Ask("POST", "/-/drill", "target=fra-to-example&loss=0&for=10m").body,
              HasSubstr("above 0"));
  EXPECT_EQ(Ask("POST", "/-/drill", "loss=%zz").status, 400);
}

TEST_F(DrillPagesTest, ADrillIsStoppedByEitherWay) {
  const std::string first = json::parse(Start().body)["id"];
  EXPECT_EQ(Ask("POST", "/-/drill/stop", "id=" + first).status, 200);
  const std::string second = json::parse(Start().body)["id"];
  EXPECT_EQ(Ask("DELETE", "/-/drill", "id=" + second).status, 200);
  EXPECT_EQ(Ask("DELETE", "/-/drill", "id=" + second).status, 404);
  EXPECT_EQ(Ask("POST", "/-/drill/stop").status, 400);
}

TEST_F(DrillPagesTest, ANotificationOfADrillIsNoted) {
  const std::string id = json::parse(Start().body)["id"];
  clock_.Advance(seconds(90));
  const json body{
      {"receiver", "drill"},
      {"alerts",
       {{{"status", "firing"},
         {"labels", {{"alertname", "LossHigh"}, {"severity", "critical"}, {"drill", id}}}}}}};
  const HttpResponse response = Ask("POST", "/-/drill/notified", "", body.dump());
  EXPECT_EQ(json::parse(response.body)["noted"], 1);
  EXPECT_EQ(Listed()[0]["notices"][0], (json{{"alert", "LossHigh"},
                                             {"severity", "critical"},
                                             {"status", "firing"},
                                             {"receiver", "drill"},
                                             {"times", 1},
                                             {"after_seconds", 90.0}}));
}

TEST_F(DrillPagesTest, ANotificationOfAnotherExportersDrillIsNoError) {
  const HttpResponse response = Ask("POST", "/-/drill/notified", "", R"({"alerts": [
      {"status": "firing", "labels": {"alertname": "LossHigh", "drill": "another"}}]})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json::parse(response.body)["noted"], 0);
}

TEST_F(DrillPagesTest, ABrokenNotificationIs400) {
  EXPECT_EQ(Ask("POST", "/-/drill/notified", "", "{").status, 400);
}

TEST_F(DrillPagesTest, OtherPathsAndMethodsAreRefused) {
  EXPECT_EQ(Ask("GET", "/-/drill/other").status, 404);
  const HttpResponse response = Ask("GET", "/-/drill/stop");
  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(response.headers, Contains(Pair("Allow", "POST")));
}

}  // namespace
}  // namespace pathwitness
