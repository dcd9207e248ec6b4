#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "tests/grafana/live_stage.h"

// Everything that the dashboards ask a Prometheus, asked before and in an outage; then they are
// drawn, into the build folder, and some of them into the one that PATHWITNESS_PICTURES names.
namespace pathwitness {
namespace {

const std::string kModules = "--modules=" PATHWITNESS_NODE_MODULES;

/// The upper part of those that the README shows.
std::vector<std::string> SmallPictures(const std::string& folder) {
  const std::string dashboards = PATHWITNESS_SOURCE_DIR "/grafana/dashboards/";
  return {kModules,       "--output=" + folder,         "--width=1200",
          "--height=800", dashboards + "overview.json", dashboards + "target.json"};
}

TEST(LiveQueries, AllHaveDataInAnOutageAndAllButTheNamedOnesBefore) {
  if (const std::string why_not = SimulatedWorld::WhyNot(); !why_not.empty()) {
    GTEST_SKIP() << why_not;
  }
  LiveStage stage;
  stage.AwaitCalm();
  const Ended healthy = stage.Node(
      "queries.mjs", {"--healthy=" PATHWITNESS_SOURCE_DIR "/tests/grafana/live_when_healthy.json"});
  EXPECT_EQ(healthy.status, 0) << "while all is well:\n" << healthy.output;
  stage.BreakAll();
  stage.LeadBack();
  const Ended outage = stage.Node("queries.mjs", {});
  EXPECT_EQ(outage.status, 0) << "in the outage";
  std::cout << outage.output;
  const Ended pictures =
      stage.Node("preview.mjs", {kModules, "--output=" PATHWITNESS_BINARY_DIR "/dashboards"});
  EXPECT_EQ(pictures.status, 0) << pictures.output;
  std::cout << pictures.output;
  if (const char* folder = std::getenv("PATHWITNESS_PICTURES")) {
    const Ended small = stage.Node("preview.mjs", SmallPictures(folder));
    EXPECT_EQ(small.status, 0) << small.output;
  }
}

}  // namespace
}  // namespace pathwitness
