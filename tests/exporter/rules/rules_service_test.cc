// Rules as a real Prometheus runs them, asked by the command and by the real program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <thread>

#include "exporter/cli/alerts_check.h"
#include "tests/support/loopback.h"
#include "tests/support/prometheus_server.h"
#include "tests/support/running_server.h"

namespace pathwitness {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

const std::filesystem::path kShippedRules = PATHWITNESS_SOURCE_DIR "/alerts/rules";

constexpr auto kConfig = "rule_files: [rules/*.yaml]\n";

constexpr auto kRules = R"(
groups:
  - name: pathwitness.path
    interval: 30s
    rules:
      - record: pathwitness:path_loss:ratio_rate5m
        expr: |
          rate(pathwitness_path_probes_lost_total[5m])
            / rate(pathwitness_path_probes_total[5m])
      - alert: PathwitnessPathLossHigh
        expr: pathwitness:path_loss:ratio_rate5m > 0.05
        for: 2m
        labels: {severity: warning}
        annotations: {summary: "{{ $labels.target }} loses packets"}
      - alert: PathwitnessPathLossHigh
        expr: pathwitness:path_loss:ratio_rate5m > 0.25
        for: 10m
        keep_firing_for: 5m
        labels: {severity: critical}
)";

/// What somebody made of them by hand: a threshold and a duration changed, a rule added and one
/// taken away.
constexpr auto kChanged = R"(
groups:
  - name: pathwitness.path
    interval: 30s
    rules:
      - record: pathwitness:path_loss:ratio_rate5m
        expr: rate(pathwitness_path_probes_lost_total[5m]) / rate(pathwitness_path_probes_total[5m])
      - alert: PathwitnessPathLossHigh
        expr: pathwitness:path_loss:ratio_rate5m > 0.5
        for: 20m
        labels: {severity: warning}
        annotations: {summary: "{{ $labels.target }} loses packets"}
      - alert: MineAlone
        expr: pathwitness_targets < 3
)";

constexpr auto kDifferences =
    ": 3 differences from the shipped rules (- shipped, + running)\n"
    "group pathwitness.path\n"
    "  differs: alert PathwitnessPathLossHigh (warning)\n"
    "    expr\n"
    "      - pathwitness:path_loss:ratio_rate5m > 0.05\n"
    "      + pathwitness:path_loss:ratio_rate5m > 0.5\n"
    "    for\n"
    "      - 2m\n"
    "      + 20m\n"
    "  missing: alert PathwitnessPathLossHigh (critical)\n"
    "  not shipped: alert MineAlone\n"
    "    expr\n"
    "      + pathwitness_targets < 3\n";

/// The files of a folder under `rules/`, by name.
std::map<std::string, std::string> FilesOf(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream stream(entry.path());
    files["rules/" + entry.path().filename().string()] = {std::istreambuf_iterator<char>(stream),
                                                          {}};
  }
  return files;
}

struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

Outcome Check(const AlertsCheckWords& words) {
  std::ostringstream out;
  std::ostringstream err;
  const int status = CheckAlerts(words, out, err);
  return {status, out.str(), err.str()};
}

class RulesServiceTest : public testing::Test {
 protected:
  RulesServiceTest() { folder_.Write("rules/path.yaml", kRules); }

  Outcome CheckAgainst(const std::string& url) const {
    return Check({.rules = (folder_.Path() / "rules").string(), .prometheus_urls = {url}});
  }

  TestFolder folder_;
};

TEST(ShippedRules, RunInPrometheusAsTheyAreWritten) {
  const PrometheusServer prometheus({.config = kConfig, .files = FilesOf(kShippedRules)});
  const Outcome outcome =
      Check({.rules = kShippedRules.string(), .prometheus_urls = {prometheus.Url()}});
  EXPECT_THAT(outcome.out, HasSubstr(prometheus.Url() + ": runs the shipped rules\n"));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
}

TEST_F(RulesServiceTest, HandMadeChangesAreShownAndNothingElse) {
  const PrometheusServer prometheus({.config = kConfig, .files = {{"rules/path.yaml", kChanged}}});
  const Outcome outcome = CheckAgainst(prometheus.Url());
  EXPECT_THAT(outcome.out, EndsWith(prometheus.Url() + kDifferences));
  EXPECT_EQ(outcome.status, 1);
}

TEST_F(RulesServiceTest, AFailedReloadIsTold) {
  const PrometheusServer prometheus({.config = kConfig, .files = {{"rules/path.yaml", kRules}}});
  prometheus.Write("rules/path.yaml", "groups: [{name: broken, rules: [{alert: A, expr: '('}]}]");
  EXPECT_NE(prometheus.Reload(), "");
  const Outcome outcome = CheckAgainst(prometheus.Url());
  EXPECT_THAT(outcome.out, HasSubstr("runs the shipped rules"));
  EXPECT_THAT(outcome.err, HasSubstr(prometheus.Url() + ": its last configuration reload failed"));
  EXPECT_EQ(outcome.status, 1);
}

TEST_F(RulesServiceTest, WaitingEndsWhenTheRulesAreTheShippedOnes) {
  PrometheusServer prometheus({.config = kConfig, .files = {{"rules/path.yaml", kChanged}}});
  const std::jthread deployment([&prometheus] {
    prometheus.GetUntil("/metrics", "requests_total{code=\"200\",handler=\"/api/v1/rules\"} 1");
    prometheus.Write("rules/path.yaml", kRules);
    prometheus.Reload();
  });
  const Outcome outcome = Check({.rules = (folder_.Path() / "rules").string(),
                                 .prometheus_urls = {prometheus.Url()},
                                 .wait = "1m"});
  EXPECT_THAT(outcome.out, HasSubstr("runs the shipped rules"));
}

TEST_F(RulesServiceTest, APrometheusThatIsNotThereIsSaidSo) {
  const auto [listener, port] = ListenOnLoopback();
  close(listener);
  const Outcome outcome = CheckAgainst("http://127.0.0.1:" + std::to_string(port));
  EXPECT_THAT(outcome.err, HasSubstr("its rules cannot be compared (connect): "));
  EXPECT_EQ(outcome.status, 2);
}

TEST_F(RulesServiceTest, WordsThatMeanNothingAreRefused) {
  EXPECT_EQ(CheckAgainst("localhost").status, 2);
  EXPECT_THAT(CheckAgainst("http://u:secret@localhost").err,
              AllOf(HasSubstr("--prometheus.url"), Not(HasSubstr("secret"))));
  EXPECT_THAT(Check({.prometheus_urls = {"http://localhost"}, .wait = "soon"}).err,
              HasSubstr("--wait"));
}

TEST_F(RulesServiceTest, TheExporterSeesWhatIsChangedByHand) {
  PrometheusServer prometheus({.config = kConfig, .files = {{"rules/path.yaml", kRules}}});
  folder_.Write("runbooks/PathwitnessAbsent.md", "# Nobody is scraped\n");
  const std::string metric =
      "pathwitness_rules_differing{prometheus=\"" + prometheus.Url() + "\"} ";
  Server server("alerting:\n  rules: " + (folder_.Path() / "rules").string() +
                "\n  interval: 1s\n  prometheus: [{url: \"" + prometheus.Url() +
                "\", timeout: 900ms}]\nlinks: {dashboards: \"http://grafana.example\"}\n" +
                std::string(kLoopbackTargets));
  EXPECT_THAT(server.GetUntil("/metrics", metric + "0\n"), HasSubstr(metric + "0\n"));
  prometheus.Write("rules/path.yaml", kChanged);
  ASSERT_EQ(prometheus.Reload(), "");
  const std::string page = server.GetUntil("/metrics", metric + "3\n");
  EXPECT_THAT(page, HasSubstr(metric + "3\n"));
  EXPECT_THAT(page, HasSubstr("pathwitness_link_info{dashboards=\"http://grafana.example\","));
  EXPECT_THAT(server.Get("/runbooks/PathwitnessAbsent"), EndsWith("# Nobody is scraped\n"));
  EXPECT_THAT(server.Get("/runbooks/..%2frules%2fpath.yaml"), HasSubstr(" 404 "));
}

}  // namespace
}  // namespace pathwitness
