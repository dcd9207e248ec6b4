#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/paging_stage.h"
#include "tests/support/running_server.h"

// A drill on the shipped rules and settings: its page goes where drills go, and nowhere else.
namespace pathwitness {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kTargets = R"(
targets:
  - name: here-to-loopback
    host: 127.0.0.1
    labels: {team: network}
    trace: {protocols: [udp], interval: 1s, end_to_end_interval: 200ms, timeout: 300ms}
)";

class DrillPage : public testing::Test {
 protected:
  DrillPage() {
    const std::vector<std::string> exporters = {LoopbackPlace(exporter_.Port()),
                                                LoopbackPlace(other_.Port())};
    alertmanager_ = std::make_unique<AlertmanagerServer>(stage_.Alertmanager(exporters));
    prometheus_ = std::make_unique<PrometheusServer>(
        stage_.Prometheus({.exporters = exporters,
                           .alertmanagers = {LoopbackPlace(alertmanager_->Port()),
                                             LoopbackPlace(alertmanager_->Port())}},
                          "a"));
    alertmanager_->AwaitCluster();
    prometheus_->QueryUntil("count(pathwitness_path_reached == 1)", "\"2\"]");
  }

  /// What the events that PagerDuty took under `key` say.
  std::vector<std::string> EventsOf(const std::string& key) {
    std::vector<std::string> said;
    for (const PagerDutyEvent& event : stage_.PagerDuty().Accepted()) {
      if (event.routing_key == key) {
        said.push_back(event.body);
      }
    }
    return said;
  }

  PagingStage stage_;
  Workplace place_{kTargets};
  Workplace other_place_{kTargets};
  Server exporter_{place_, {"--web.enable-lifecycle"}};
  Server other_{other_place_, {"--web.enable-lifecycle"}};
  std::unique_ptr<AlertmanagerServer> alertmanager_;
  std::unique_ptr<PrometheusServer> prometheus_;
};

TEST_F(DrillPage, ReachesTheDrillReceiverAndNobodyElseAndEndsWithTheDrill) {
  ChildProcess drill({PATHWITNESS_BINARY, "drill", "here-to-loopback", "--loss=60%", "--for=5m",
                      "--url=http://127.0.0.1:" + std::to_string(exporter_.Port()),
                      "--prometheus.url=" + prometheus_->Url(),
                      "--alertmanager.url=" + alertmanager_->Url(), "--wait-resolved"});
  const std::optional<int> status = drill.AwaitExit(110s);
  RecordProperty("report", drill.Output());
  EXPECT_EQ(status, 0) << drill.Output();
  EXPECT_THAT(
      drill.Output(),
      AllOf(HasSubstr("  exporter      synthetic loss is exported\n"),
            HasSubstr("  prometheus    PathwitnessPathLossHigh (critical) pending\n"),
            HasSubstr("  prometheus    PathwitnessPathLossHigh (critical) firing\n"),
            HasSubstr("  alertmanager  PathwitnessPathLossHigh (critical) active, for drill\n"),
            HasSubstr("  receiver      PathwitnessPathLossHigh (critical) firing, for drill\n"),
            HasSubstr("  receiver      PathwitnessPathLossHigh (critical) resolved, for drill\n")));
  EXPECT_THAT(EventsOf(PagingStage::kDrillKey), Not(IsEmpty()));
  EXPECT_THAT(EventsOf(PagingStage::kKey), IsEmpty());
  EXPECT_THAT(stage_.Chat().Requests(),
              Each(Field(&ReceivedRequest::body, Not(HasSubstr("here-to-loopback")))));
  EXPECT_THAT(stage_.SecondWay().Requests(), IsEmpty());
  EXPECT_THAT(prometheus_->Query("max(pathwitness_path_probes_lost_total)"), HasSubstr("\"0\"]"))
      << "the truth has no loss";
}

}  // namespace
}  // namespace pathwitness
