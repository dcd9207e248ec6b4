#include "exporter/drill/alert_notification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pathwitness {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// As Alertmanager 0.25 sends it, shortened.
constexpr std::string_view kNotification = R"({
  "receiver": "drill", "status": "firing",
  "alerts": [
    {"status": "firing",
     "labels": {"alertname": "PathwitnessPathLossHigh", "drill": "20260101T000000Z-1",
                "severity": "critical", "target": "fra-to-example"},
     "annotations": {"summary": "fra-to-example loses 30%"},
     "startsAt": "2026-01-01T00:10:00Z", "endsAt": "0001-01-01T00:00:00Z",
     "generatorURL": "http://prometheus.example/graph", "fingerprint": "abc"},
    {"status": "resolved",
     "labels": {"alertname": "PathwitnessPathLossHigh", "severity": "warning"},
     "annotations": {}}
  ],
  "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
  "externalURL": "http://alertmanager.example", "version": "4", "groupKey": "{}:{}",
  "truncatedAlerts": 0
})";

std::vector<DrillAlert> Read(std::string_view text) {
  return std::get<std::vector<DrillAlert>>(ReadAlertNotification(text));
}

std::string Problem(std::string_view text) {
  const auto read = ReadAlertNotification(text);
  const auto* const problem = std::get_if<std::string>(&read);
  return problem == nullptr ? "none" : *problem;
}

TEST(AlertNotification, TellsTheAlertsOfDrills) {
  const std::vector<DrillAlert> alerts = Read(kNotification);
  ASSERT_THAT(alerts, SizeIs(1));
  EXPECT_EQ(alerts[0].drill, "20260101T000000Z-1");
  EXPECT_EQ(alerts[0].notice.alert, "PathwitnessPathLossHigh");
  EXPECT_EQ(alerts[0].notice.severity, "critical");
  EXPECT_EQ(alerts[0].notice.status, "firing");
  EXPECT_EQ(alerts[0].notice.receiver, "drill");
}

TEST(AlertNotification, AlertsThatAreNoneArePassedOver) {
  EXPECT_THAT(Read(R"({"alerts": [1, null, [], {}, {"labels": []}, {"labels": {"drill": "a"}}]})"),
              IsEmpty());
  EXPECT_THAT(Read(R"({"alerts": [{"status": "odd",
                                   "labels": {"drill": "a", "alertname": "B"}}]})"),
              IsEmpty());
}

TEST(AlertNotification, TextsLongerThanOursAreNotKept) {
  EXPECT_THAT(Read(R"({"alerts": [{"status": "firing", "labels": {"drill": "a", "alertname": ")" +
                   std::string(129, 'B') + R"("}}]})"),
              IsEmpty());
}

TEST(AlertNotification, WhatIsNoJsonIsAProblem) {
  for (const char* text : {"", "x", "{", R"({"alerts": [)", "\xff"}) {
    EXPECT_THAT(Problem(text), HasSubstr("the notification ")) << text;
  }
}

TEST(AlertNotification, WhatHasNoAlertsIsAProblem) {
  for (const char* text : {"{}", "[]", "1", "null", R"({"alerts": {}})"}) {
    EXPECT_THAT(Problem(text), HasSubstr("no list of alerts")) << text;
  }
}

TEST(AlertNotification, DepthAndNumberOfValuesAreBounded) {
  EXPECT_NE(Problem(std::string(60'000, '[')), "none");
  std::string many = R"({"alerts": [1)";
  for (int i = 0; i < 25'000; ++i) {
    many += ",1";
  }
  EXPECT_NE(Problem(many + "]}"), "none");
}

}  // namespace
}  // namespace pathwitness
