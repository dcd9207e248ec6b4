#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "exporter/metrics/metric_names.h"

namespace pathwitness {
namespace {

/// A row of a table in docs/metrics.md, or what it ought to be: name | type | labels | meaning.
std::string Row(const Metric& metric) {
  std::string type;
  switch (metric.type) {
    case prometheus::MetricType::Counter:
      type = "counter";
      break;
    case prometheus::MetricType::Gauge:
      type = "gauge";
      break;
    case prometheus::MetricType::Histogram:
      type = "histogram";
      break;
    case prometheus::MetricType::Summary:
      type = "summary";
      break;
    case prometheus::MetricType::Untyped:
      type = "untyped";
      break;
  }
  std::string labels;
  for (const char c : metric.labels) {
    labels += c == ',' ? std::string(", ") : std::string(1, c);
  }
  return "| `" + std::string(metric.name) + "` | " + type + " | " + labels + " | " +
         std::string(metric.help) + " |";
}

std::vector<std::string> LinesStartingWith(const std::string& path, const std::string& start) {
  std::vector<std::string> found;
  std::ifstream file(std::string(PATHWITNESS_SOURCE_DIR) + "/" + path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(start)) {
      found.push_back(line);
    }
  }
  return found;
}

TEST(MetricsDoc, HasOneRowForEveryMetricAndNoOther) {
  std::vector<std::string> expected;
  expected.reserve(kAllMetrics.size());
  for (const Metric& metric : kAllMetrics) {
    expected.push_back(Row(metric));
  }
  EXPECT_THAT(LinesStartingWith("docs/metrics.md", "| `"),
              testing::UnorderedElementsAreArray(expected));
}

TEST(MetricsDoc, SpeaksOfNoMetricThatDoesNotExist) {
  std::set<std::string> known;
  for (const Metric& metric : kAllMetrics) {
    for (const char* suffix : {"", "_bucket", "_sum", "_count"}) {
      known.insert(std::string(metric.name) + suffix);
    }
  }
  for (const std::string& line : LinesStartingWith("docs/metrics.md", "")) {
    for (auto at = line.find("pathwitness_"); at != std::string::npos;
         at = line.find("pathwitness_", at + 1)) {
      const auto end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", at);
      EXPECT_TRUE(known.contains(line.substr(at, end - at))) << line;
    }
  }
}

TEST(MetricCatalogue, ListsEveryMetricOfItsHeader) {
  EXPECT_EQ(LinesStartingWith("exporter/metrics/metric_names.h", "inline constexpr Metric ").size(),
            kAllMetrics.size());
}

TEST(MetricCatalogue, HasNoNameTwice) {
  std::set<std::string_view> names;
  for (const Metric& metric : kAllMetrics) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
  }
}

TEST(MetricCatalogue, NamesCountersByTotalAndNothingElse) {
  for (const Metric& metric : kAllMetrics) {
    EXPECT_EQ(metric.name.ends_with("_total"), metric.type == kCounter) << metric.name;
  }
}

}  // namespace
}  // namespace pathwitness
