#include "exporter/pages/chart.h"

#include <fmt/format.h>

#include <algorithm>

#include "exporter/pages/html.h"
#include "exporter/pages/shown_values.h"
#include "exporter/rfc3339.h"

namespace pathwitness {
namespace {

// In units of the picture, which is stretched to the width there is.
constexpr double kLeft = 60;
constexpr double kWidth = 560;
constexpr double kPlotWidth = kWidth - kLeft - 6;
constexpr double kLossTop = 12;
constexpr double kLossHeight = 60;
constexpr double kRttTop = 92;
constexpr double kRttHeight = 90;
constexpr double kHeight = 204;

struct Extremes {
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  double worst_loss = 0;
  double rtt_sum = 0;
  std::uint64_t rtt_count = 0;
  std::optional<double> least_rtt;
  double most_rtt = 0;
};

std::optional<double> MeanOf(const EndToEndStats& stats) {
  if (stats.round_trips == 0) {
    return std::nullopt;
  }
  return stats.round_trip_sum / static_cast<double>(stats.round_trips);
}

double LossOf(const EndToEndStats& stats) {
  return stats.sent == 0 ? 0 : static_cast<double>(stats.lost) / static_cast<double>(stats.sent);
}

Extremes ExtremesOf(const PathChart& chart) {
  Extremes extremes;
  for (const EndToEndStats& column : chart.columns) {
    extremes.sent += column.sent;
    extremes.lost += column.lost;
    extremes.worst_loss = std::max(extremes.worst_loss, LossOf(column));
    extremes.rtt_sum += column.round_trip_sum;
    extremes.rtt_count += column.round_trips;
    if (const std::optional<double> mean = MeanOf(column)) {
      extremes.least_rtt = std::min(extremes.least_rtt.value_or(*mean), *mean);
      extremes.most_rtt = std::max(extremes.most_rtt, *mean);
    }
  }
  return extremes;
}

std::string InWords(const Extremes& extremes) {
  std::string words = "lost " + ShowLoss(extremes.lost, extremes.sent);
  if (extremes.rtt_count > 0) {
    words +=
        fmt::format(", round trip {} on average, from {} to {}",
                    ShowSeconds(extremes.rtt_sum / static_cast<double>(extremes.rtt_count)),
                    ShowSeconds(extremes.least_rtt.value_or(0)), ShowSeconds(extremes.most_rtt));
  }
  return words;
}

double XOf(const PathChart& chart, std::size_t column) {
  return kLeft +
         kPlotWidth * static_cast<double>(column) / static_cast<double>(chart.columns.size());
}

std::string LossBars(const PathChart& chart, double full) {
  std::string bars;
  const double width = kPlotWidth / static_cast<double>(chart.columns.size());
  for (std::size_t i = 0; i < chart.columns.size(); ++i) {
    const double height = kLossHeight * LossOf(chart.columns[i]) / full;
    if (height > 0) {
      bars += fmt::format(
          "<rect class=\"loss\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
          XOf(chart, i), kLossTop + kLossHeight - height, std::max(width, 1.0), height);
    }
  }
  return bars;
}

/// A line through what is known; where nothing is, there is a gap. A column that stands alone is a
/// dot, as a line needs two.
std::string RttLines(const PathChart& chart, double full) {
  std::string path;
  std::string dots;
  const double half = kPlotWidth / static_cast<double>(chart.columns.size()) / 2;
  for (std::size_t i = 0; i < chart.columns.size(); ++i) {
    const std::optional<double> mean = MeanOf(chart.columns[i]);
    if (!mean) {
      continue;
    }
    const bool is_first = i == 0 || chart.columns[i - 1].round_trips == 0;
    const bool is_last = i + 1 == chart.columns.size() || chart.columns[i + 1].round_trips == 0;
    const double x = XOf(chart, i) + half;
    const double y = kRttTop + kRttHeight * (1 - *mean / full);
    path += fmt::format("{}{:.1f} {:.1f}", is_first ? 'M' : 'L', x, y);
    if (is_first && is_last) {
      dots += fmt::format("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"1.5\"/>", x, y);
    }
  }
  return fmt::format("<path class=\"rtt\" d=\"{}\"/>{}", path, dots);
}

std::string AxisLine(double y, std::string_view label) {
  return fmt::format(
      "<line class=\"axis\" x1=\"{0}\" x2=\"{1}\" y1=\"{2}\" y2=\"{2}\"/>"
      "<text x=\"{3}\" y=\"{4}\" text-anchor=\"end\">{5}</text>",
      kLeft, kLeft + kPlotWidth, y, kLeft - 6, y + 4, label);
}

/// "13:20" within a day, else "11-21".
std::string TimeLabel(WallTime time, Duration span) {
  const std::string text = FormatRfc3339(time, TimePrecision::Seconds);
  return span <= std::chrono::days(2) ? text.substr(11, 5) : text.substr(5, 5);
}

std::string TimeAxis(const PathChart& chart) {
  constexpr int kLabels = 4;
  std::string labels;
  for (int i = 0; i <= kLabels; ++i) {
    const char* const anchor = i == 0 ? "start" : i == kLabels ? "end" : "middle";
    labels += fmt::format(
        "<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"{}\">{}</text>",
        kLeft + kPlotWidth * i / kLabels, kHeight - 4, anchor,
        TimeLabel(chart.from + (chart.to - chart.from) * i / kLabels, chart.to - chart.from));
  }
  return labels;
}

}  // namespace

PathChart ChartOf(const std::vector<TraceBucket>& buckets, WallTime from, WallTime to,
                  std::size_t columns) {
  PathChart chart{.from = from, .to = to, .columns = std::vector<EndToEndStats>(columns)};
  const double width = ToSeconds(to - from) / static_cast<double>(columns);
  for (const TraceBucket& bucket : buckets) {
    if (bucket.start >= from && bucket.start < to) {
      const auto column = static_cast<std::size_t>(ToSeconds(bucket.start - from) / width);
      chart.columns[std::min(column, columns - 1)].Merge(bucket.stats.end_to_end);
    }
  }
  return chart;
}

std::string ChartSvg(const PathChart& chart, std::string_view name) {
  const Extremes extremes = ExtremesOf(chart);
  const std::string title = EscapeHtml(name);
  if (extremes.sent == 0) {
    return fmt::format("<p class=\"soft\">{}: nothing was measured.</p>\n", title);
  }
  constexpr double kLeastScale = 0.01;  // a single lost probe must not look like an outage
  const double full_loss = std::max(extremes.worst_loss, kLeastScale);
  const double full_rtt = extremes.most_rtt > 0 ? extremes.most_rtt * 1.1 : 1;
  const std::string words = InWords(extremes);
  return fmt::format(
      "<figure><figcaption><b>{0}</b> (UTC): {1}</figcaption>\n"
      "<svg viewBox=\"0 0 {2} {3}\" role=\"img\" aria-label=\"{0}: {1}\">{4}{5}{6}{7}{8}{9}{10}"
      "</svg></figure>\n",
      title, words, kWidth, kHeight,
      AxisLine(kLossTop, fmt::format("{:.0f} % lost", full_loss * 100)),
      AxisLine(kLossTop + kLossHeight, "0"), LossBars(chart, full_loss),
      AxisLine(kRttTop, ShowSeconds(full_rtt)), AxisLine(kRttTop + kRttHeight, "0"),
      RttLines(chart, full_rtt), TimeAxis(chart));
}

}  // namespace pathwitness
