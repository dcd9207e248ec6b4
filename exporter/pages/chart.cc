#include "exporter/pages/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "exporter/pages/html.h"
#include "exporter/pages/shown_values.h"

namespace pathwitness {
namespace {

struct Extremes {
  EndToEndStats all;
  std::optional<double> least_rtt;
  double most_rtt = 0;
};

std::optional<double> MeanOf(const EndToEndStats& stats) {
  if (stats.round_trips == 0) {
    return std::nullopt;
  }
  return stats.round_trip_sum / static_cast<double>(stats.round_trips);
}

Extremes ExtremesOf(const PathChart& chart) {
  Extremes extremes;
  for (const EndToEndStats& column : chart.columns) {
    extremes.all.Merge(column);
    if (const std::optional<double> mean = MeanOf(column)) {
      extremes.least_rtt = std::min(extremes.least_rtt.value_or(*mean), *mean);
      extremes.most_rtt = std::max(extremes.most_rtt, *mean);
    }
  }
  return extremes;
}

std::string InWords(const Extremes& extremes) {
  std::string words = "lost " + ShowLoss(extremes.all.lost, extremes.all.sent);
  if (const std::optional<double> mean = MeanOf(extremes.all)) {
    words +=
        fmt::format(", round trip {} on average, from {} to {}", ShowSeconds(*mean),
                    ShowSeconds(extremes.least_rtt.value_or(0)), ShowSeconds(extremes.most_rtt));
  }
  return words;
}

std::vector<double> LossOf(const PathChart& chart) {
  std::vector<double> shares;
  for (const EndToEndStats& column : chart.columns) {
    shares.push_back(
        column.sent == 0 ? 0 : static_cast<double>(column.lost) / static_cast<double>(column.sent));
  }
  return shares;
}

/// A line through what is known; where nothing is, there is a gap. A column that stands alone is a
/// dot, as a line needs two.
std::string RttLines(const PathChart& chart, double full) {
  std::string path;
  std::string dots;
  const std::size_t count = chart.columns.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::optional<double> mean = MeanOf(chart.columns[i]);
    if (!mean) {
      continue;
    }
    const bool is_first = i == 0 || chart.columns[i - 1].round_trips == 0;
    const bool is_last = i + 1 == count || chart.columns[i + 1].round_trips == 0;
    const double x = ColumnX(i, count) + ColumnWidth(count) / 2;
    const double y = kDurationTop + kDurationHeight * (1 - *mean / full);
    path += fmt::format("{}{:.1f} {:.1f}", is_first ? 'M' : 'L', x, y);
    if (is_first && is_last) {
      dots += fmt::format("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"1.5\"/>", x, y);
    }
  }
  return fmt::format("<path class=\"rtt\" d=\"{}\"/>{}", path, dots);
}

}  // namespace

PathChart ChartOf(const std::vector<TraceBucket>& buckets, WallTime from, WallTime to,
                  std::size_t columns) {
  return ColumnsOf<EndToEndStats>(buckets, from, to, columns, [](const TraceBucket& bucket) {
    return bucket.stats.end_to_end;
  });
}

std::string ChartSvg(const PathChart& chart, std::string_view name) {
  const Extremes extremes = ExtremesOf(chart);
  if (extremes.all.sent == 0) {
    return fmt::format("<p class=\"soft\">{}: nothing was measured.</p>\n", EscapeHtml(name));
  }
  const double full = extremes.most_rtt > 0 ? extremes.most_rtt * 1.1 : 1;
  return ChartFigure({.name = name,
                      .words = InWords(extremes),
                      .shares = LossOf(chart),
                      .share_name = "lost",
                      .most_seconds = full,
                      .durations = RttLines(chart, full),
                      .from = chart.from,
                      .to = chart.to});
}

}  // namespace pathwitness
