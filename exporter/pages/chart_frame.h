#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/history/history_values.h"
#include "probes/base/time.h"

// What all charts have in common: a strip of shares (lost, failed) above, durations below, over the
// same time.
namespace pathwitness {

/// Something over a stretch of time, in equally long columns; one without counts: nothing is known
/// of that time.
template <typename Stats>
struct TimeChart {
  WallTime from;
  WallTime to;
  std::vector<Stats> columns;
};

/// Adds up what `stats_of` gives of each bucket into `count` columns; buckets that begin outside of
/// [from, to) are left out. Pre: from < to, count > 0.
template <typename Stats, typename Bucket, typename StatsOf>
TimeChart<Stats> ColumnsOf(const std::vector<Bucket>& buckets, WallTime from, WallTime to,
                           std::size_t count, StatsOf stats_of) {
  TimeChart<Stats> chart{.from = from, .to = to, .columns = std::vector<Stats>(count)};
  const double width = ToSeconds(to - from) / static_cast<double>(count);
  for (const Bucket& bucket : buckets) {
    if (bucket.start >= from && bucket.start < to) {
      const auto column = static_cast<std::size_t>(ToSeconds(bucket.start - from) / width);
      chart.columns[std::min(column, count - 1)].Merge(stats_of(bucket));
    }
  }
  return chart;
}

// In units of the picture, which is stretched to the width there is. Above each part there is room
// for its label, which on a phone is larger than elsewhere.
inline constexpr double kChartWidth = 560;
inline constexpr double kShareTop = 20;
inline constexpr double kShareHeight = 56;
inline constexpr double kDurationTop = 100;
inline constexpr double kDurationHeight = 90;
inline constexpr double kChartHeight = 214;

/// What a chart is drawn of, all but the name as HTML or SVG.
struct ChartParts {
  std::string_view name;    // plain text
  std::string words;        // what it shows, plain text: the caption, and for those who do not see
  std::string legend = {};  // HTML behind the words; may be empty
  std::vector<double> shares;   // of each column, from 0
  std::string_view share_name;  // as "lost"
  double most_seconds = 0;      // the top of the durations
  std::string durations;        // the drawing below, as SVG
  WallTime from;
  WallTime to;
};

/// The figure, with its caption and axes.
std::string ChartFigure(const ChartParts& parts);

/// Where a column begins, and how wide each is.
double ColumnX(std::size_t column, std::size_t count);
double ColumnWidth(std::size_t count);

}  // namespace pathwitness
