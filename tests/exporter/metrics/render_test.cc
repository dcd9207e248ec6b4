#include "exporter/metrics/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/metrics/metric_names.h"
#include "tests/exporter/metrics/gunzip.h"
#include "tests/exporter/metrics/sample_world.h"

namespace pathwitness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::filesystem::path kGolden =
    std::filesystem::path(PATHWITNESS_SOURCE_DIR) / "tests/data/golden/metrics.txt";

std::string ReadFile(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

bool HasPromtool() {
  return std::system("command -v promtool > /dev/null") == 0;  // NOLINT(concurrency-mt-unsafe)
}

/// True when `promtool check metrics` finds nothing; what it finds is on the test's stderr.
bool IsCleanForPromtool(const std::string& page) {
  FILE* pipe = popen("promtool check metrics", "w");
  const bool is_written = std::fwrite(page.data(), 1, page.size(), pipe) == page.size();
  return pclose(pipe) == 0 && is_written;
}

const Metric* FindMetric(std::string_view name) {
  const auto* const found = std::find_if(kAllMetrics.begin(), kAllMetrics.end(),
                                         [&](const Metric& metric) { return metric.name == name; });
  return found == kAllMetrics.end() ? nullptr : found;
}

/// Names of families in the order of their TYPE lines.
std::vector<std::string> FamilyNames(const std::string& page) {
  std::vector<std::string> names;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      names.push_back(line.substr(7, line.find(' ', 7) - 7));
    }
  }
  return names;
}

/// The label names of a sample line in their order, joined by commas, without `le`.
std::string LabelNames(const std::string& line) {
  std::string names;
  bool is_quoted = false;
  std::string word;
  for (std::size_t i = line.find('{'); i < line.size() && (is_quoted || line[i] != '}'); ++i) {
    if (line[i] == '"' && line[i - 1] != '\\') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && line[i] == '=') {
      names += word == "le" ? "" : (names.empty() ? "" : ",") + word;
    } else if (!is_quoted && (line[i] == '{' || line[i] == ',')) {
      word.clear();
    } else if (!is_quoted) {
      word += line[i];
    }
  }
  return names;
}

TEST(RenderMetrics, EqualsTheGoldenPage) {
  const std::string page = MetricsPage(SampleWorld().Sources());
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    std::ofstream(kGolden) << page;
  }
  EXPECT_EQ(page, ReadFile(kGolden)) << "UPDATE_GOLDEN=1 rewrites it";
}

TEST(RenderMetrics, IsCleanForPromtool) {
  if (!HasPromtool()) {
    GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  }
  EXPECT_TRUE(IsCleanForPromtool(MetricsPage(SampleWorld().Sources())));
}

TEST(RenderMetrics, HasTheFamiliesOfTheCatalogueInItsOrder) {
  std::vector<std::string> expected;
  for (const Metric& metric : kAllMetrics) {
    if (!metric.name.starts_with("probe_") &&
        metric.name != "pathwitness_pulse_timestamp_seconds") {
      expected.emplace_back(metric.name);
    }
  }
  EXPECT_EQ(FamilyNames(MetricsPage(SampleWorld().Sources())), expected);
}

TEST(RenderMetrics, LabelsEverySampleAsTheCatalogueSays) {
  std::istringstream lines(MetricsPage(SampleWorld().Sources()));
  const Metric* metric = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      metric = FindMetric(line.substr(7, line.find(' ', 7) - 7));
      ASSERT_NE(metric, nullptr) << line;
    } else if (!line.starts_with('#') && metric->labels.ends_with("...")) {
      const std::string_view fixed = metric->labels.substr(0, metric->labels.size() - 4);
      EXPECT_THAT(LabelNames(line), testing::StartsWith(std::string(fixed)));
    } else if (!line.starts_with('#')) {
      EXPECT_EQ(LabelNames(line), metric->labels) << line;
    }
  }
}

TEST(RenderMetrics, HasNoSeriesTwice) {
  std::set<std::string> seen;
  std::istringstream lines(MetricsPage(SampleWorld().Sources()));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second || line.starts_with('#'))
        << line;
  }
}

TEST(RenderMetrics, RendersBeforeAnyEngineHasSpoken) {
  SampleWorld world;
  const TraceBoard traces;
  const TraceSelfBoard trace_self;
  const HttpsBoard https;
  const PulseBoard pulses;
  const DnsBoard dns;
  const DiscoveryBoard discovery;
  const RouteBoard routes;
  const AsnBoard asn;
  const VerdictBoard verdicts;
  const IncidentBoard incidents;
  const RulesBoard rules;
  MetricSources sources = world.Sources();
  sources.traces = &traces;
  sources.trace_self = &trace_self;
  sources.https = &https;
  sources.pulses = &pulses;
  sources.dns = &dns;
  sources.discovery = &discovery;
  sources.routes = &routes;
  sources.asn = &asn;
  sources.verdicts = &verdicts;
  sources.incidents = &incidents;
  sources.rules = &rules;
  EXPECT_THAT(MetricsPage(sources),
              AllOf(HasSubstr("pathwitness_targets 3\n"), Not(HasSubstr("pathwitness_path_"))));
}

TEST(RenderMetrics, HoldsThroughHostileNames) {
  if (!HasPromtool()) {
    GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  }
  SampleWorld world;
  HttpsSnapshot https = RefusedHttps(world.clock.WallNow());
  https.last->certificates.front().subject = std::string("CN=\"\\\n\r\t\0\xFF\xC3} 1\n# TYPE", 21);
  https.last->tls_cipher = "\\";
  const ProberKey key = https.status.key;
  world.https.NewWriter().Publish(key, std::make_shared<const HttpsSnapshot>(std::move(https)));
  EXPECT_TRUE(IsCleanForPromtool(MetricsPage(world.Sources())));
}

TEST(RenderGzip, IsTheSamePage) {
  const SampleWorld world;
  EXPECT_EQ(Gunzip(GzipPage(world.Sources())), MetricsPage(world.Sources()));
}

TEST(RenderGzip, IsTheSamePageWhenItHasManyChunks) {
  SampleWorld world;
  auto writer = world.traces.NewWriter();
  for (int i = 0; i < 500; ++i) {
    TraceSnapshot trace = ReachedTrace(world.clock.WallNow());
    trace.status.key.target = "target-" + std::to_string(i);
    const ProberKey key = trace.status.key;
    writer.Publish(key, std::make_shared<const TraceSnapshot>(std::move(trace)));
  }
  const std::string page = MetricsPage(world.Sources());
  ASSERT_GT(page.size(), 2U << 20U);
  EXPECT_EQ(Gunzip(GzipPage(world.Sources())), page);
}

TEST(RenderProbe, TellsSuccessAndDurationOfATrace) {
  const std::string page = RenderTrace(ReachedTrace(FakeClock().WallNow()), milliseconds(2500));
  EXPECT_THAT(page,
              AllOf(HasSubstr("pathwitness_path_reached{"), HasSubstr("pathwitness_prober_info{"),
                    HasSubstr("\nprobe_success 1\n"), HasSubstr("\nprobe_duration_seconds 2.5\n")));
}

TEST(RenderProbe, TellsTheFailureOfAnHttpsRequest) {
  const std::string page = RenderHttps(RefusedHttps(FakeClock().WallNow()), seconds(1));
  EXPECT_THAT(page, AllOf(HasSubstr("pathwitness_https_success{"), HasSubstr("\nprobe_success 0\n"),
                          Not(HasSubstr("pathwitness_path_"))));
}

TEST(RenderProbe, TellsTheBeatOfAPulse) {
  const std::string page = RenderPulse(BeatingPulse(FakeClock().WallNow()), seconds(1));
  EXPECT_THAT(page, AllOf(HasSubstr("pathwitness_pulse_timestamp_seconds{"),
                          HasSubstr("\nprobe_success 1\n")));
}

TEST(RenderProbe, IsCleanForPromtool) {
  if (!HasPromtool()) {
    GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  }
  EXPECT_TRUE(IsCleanForPromtool(RenderTrace(ReachedTrace(FakeClock().WallNow()), seconds(1))));
}

}  // namespace
}  // namespace pathwitness
