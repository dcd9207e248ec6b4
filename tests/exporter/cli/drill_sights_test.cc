#include "exporter/cli/drill_sights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/cli/http_asker.h"

namespace pathwitness {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kListed = R"({"drills": [
  {"id": "d-1", "is_running": false, "notices": []},
  {"id": "d-2", "target": "fra-to-example", "loss": 0.3, "is_running": true, "probes": 100,
   "lost": 30, "notices": [{"alert": "LossHigh", "severity": "critical", "status": "firing",
                            "receiver": "drill", "times": 1, "after_seconds": 3.5}]}]})";

TEST(DrillSights, AListedDrillIsFoundByItsId) {
  EXPECT_EQ(ReadListedDrill(kListed, "d-2"),
            (DrillAtExporter{.id = "d-2",
                             .is_running = true,
                             .probes = 100,
                             .lost = 30,
                             .notices = {{.alert = "LossHigh",
                                          .severity = "critical",
                                          .state = "firing",
                                          .receivers = {"drill"}}}}));
  EXPECT_EQ(ReadListedDrill(kListed, "d-3"), std::nullopt);
}

TEST(DrillSights, AStartedDrillHasAnId) {
  EXPECT_EQ(ReadStartedDrill(R"({"id": "d-1", "is_running": true})")->id, "d-1");
  EXPECT_EQ(ReadStartedDrill("{}"), std::nullopt);
}

TEST(DrillSights, PrometheusTellsSeriesFromAlerts) {
  const auto seen = ReadPrometheus(R"({"status": "success", "data": {"resultType": "vector",
      "result": [{"metric": {"__name__": "pathwitness_drill_info"}, "value": [1, "1"]},
                 {"metric": {"__name__": "ALERTS", "alertname": "LossHigh", "severity": "warning",
                             "alertstate": "pending"}, "value": [1, "1"]}]}})");
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->is_scraped);
  EXPECT_THAT(
      seen->alerts,
      ElementsAre(DrillSight{
          .alert = "LossHigh", .severity = "warning", .state = "pending", .receivers = {}}));
}

TEST(DrillSights, PrometheusMayKnowNothingYet) {
  const auto seen = ReadPrometheus(R"({"status": "success", "data": {"result": []}})");
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->is_scraped);
  EXPECT_THAT(seen->alerts, IsEmpty());
}

TEST(DrillSights, AlertmanagerTellsReceivers) {
  const auto seen = ReadAlertmanager(R"([{"labels": {"alertname": "LossHigh",
      "severity": "critical"}, "receivers": [{"name": "drill"}, {"name": "page"}],
      "status": {"state": "active"}}])");
  ASSERT_TRUE(seen);
  EXPECT_THAT(*seen, ElementsAre(DrillSight{.alert = "LossHigh",
                                            .severity = "critical",
                                            .state = "active",
                                            .receivers = {"drill", "page"}}));
}

TEST(DrillSights, AnAnswerOfSomethingElseIsNone) {
  for (const char* text : {"", "x", "1", "null", "{}", R"({"status": "error"})"}) {
    EXPECT_FALSE(ReadPrometheus(text)) << text;
    EXPECT_FALSE(ReadAlertmanager(text)) << text;
    EXPECT_FALSE(ReadStartedDrill(text)) << text;
    EXPECT_FALSE(ReadListedDrill(text, "d-1")) << text;
  }
}

TEST(DrillSights, NothingInAnAnswerControlsTheTerminal) {
  const auto seen =
      ReadAlertmanager(R"([{"labels": {"alertname": "\u001b[2J"}, "receivers": []}])");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->front().alert, "?[2J");
}

TEST(DrillSights, AQueryIsEscaped) {
  EXPECT_EQ(EscapeQuery("a=\"b\" %~"), "a%3D%22b%22%20%25~");
  EXPECT_EQ(AlertmanagerQuery("d-1"), "/api/v2/alerts?filter=drill%3D%22d-1%22");
}

}  // namespace
}  // namespace pathwitness
