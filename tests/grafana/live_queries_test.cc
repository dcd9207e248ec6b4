#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "tests/grafana/live_stage.h"

// Everything that the dashboards ask a Prometheus, asked before and in an outage; then they are
// drawn, into the folder that PATHWITNESS_PICTURES names, or else into the build folder.
namespace pathwitness {
namespace {

TEST(LiveQueries, AllHaveDataInAnOutageAndAllButTheNamedOnesBefore) {
  if (const std::string why_not = SimulatedWorld::WhyNot(); !why_not.empty()) {
    GTEST_SKIP() << why_not;
  }
  LiveStage stage;
  stage.AwaitCalm();
  const Ended healthy = stage.Node("queries.mjs", {"--empty=" PATHWITNESS_SOURCE_DIR
                                                   "/tests/grafana/live_empty_when_healthy.json"});
  EXPECT_EQ(healthy.status, 0) << "while all is well:\n" << healthy.output;
  stage.BreakAll();
  stage.LeadBack();
  const Ended outage = stage.Node("queries.mjs", {});
  EXPECT_EQ(outage.status, 0) << "in the outage";
  std::cout << outage.output;
  const char* folder = std::getenv("PATHWITNESS_PICTURES");
  const std::string output = folder != nullptr ? folder : PATHWITNESS_BINARY_DIR "/dashboards";
  const Ended pictures =
      stage.Node("preview.mjs", {"--modules=" PATHWITNESS_NODE_MODULES, "--output=" + output});
  EXPECT_EQ(pictures.status, 0) << pictures.output;
  std::cout << pictures.output;
}

}  // namespace
}  // namespace pathwitness
