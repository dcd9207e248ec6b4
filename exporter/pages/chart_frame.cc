#include "exporter/pages/chart_frame.h"

#include <fmt/format.h>

#include "exporter/pages/html.h"
#include "exporter/pages/shown_values.h"
#include "exporter/rfc3339.h"

namespace pathwitness {
namespace {

std::string ShareBars(const std::vector<double>& shares, double full) {
  std::string bars;
  const double width = ColumnWidth(shares.size());
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const double height = kShareHeight * shares[i] / full;
    if (height > 0) {
      bars += fmt::format(
          "<rect class=\"loss\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
          ColumnX(i, shares.size()), kShareTop + kShareHeight - height, std::max(width, 1.0),
          height);
    }
  }
  return bars;
}

std::string AxisLine(double y) {
  return fmt::format("<line class=\"axis\" x1=\"0\" x2=\"{0}\" y1=\"{1}\" y2=\"{1}\"/>",
                     kChartWidth, y);
}

std::string TopLine(double y, std::string_view label) {
  return fmt::format("{}<text x=\"0\" y=\"{}\">{}</text>", AxisLine(y), y - 4, label);
}

/// "13:20" within a day, else "11-21".
std::string TimeLabel(WallTime time, Duration span) {
  const std::string text = FormatRfc3339(time, TimePrecision::Seconds);
  return span <= std::chrono::days(2) ? text.substr(11, 5) : text.substr(5, 5);
}

std::string TimeAxis(WallTime from, WallTime to) {
  constexpr int kLabels = 4;
  std::string labels;
  for (int i = 0; i <= kLabels; ++i) {
    const char* const anchor = i == 0 ? "start" : i == kLabels ? "end" : "middle";
    labels += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"{}\">{}</text>",
                          kChartWidth * i / kLabels, kChartHeight - 4, anchor,
                          TimeLabel(from + (to - from) * i / kLabels, to - from));
  }
  return labels;
}

}  // namespace

double ColumnX(std::size_t column, std::size_t count) {
  return kChartWidth * static_cast<double>(column) / static_cast<double>(count);
}

double ColumnWidth(std::size_t count) {
  return kChartWidth / static_cast<double>(count);
}

std::string ChartFigure(const ChartParts& parts) {
  constexpr double kLeastScale = 0.01;  // a single lost probe must not look like an outage
  double full = kLeastScale;
  for (const double share : parts.shares) {
    full = std::max(full, share);
  }
  return fmt::format(
      "<figure><figcaption><b>{0}</b> (UTC): {1}{2}</figcaption>\n"
      "<svg viewBox=\"0 0 {3} {4}\" role=\"img\" aria-label=\"{0}: {1}\">{5}{6}{7}{8}{9}{10}{11}"
      "</svg></figure>\n",
      EscapeHtml(parts.name), EscapeHtml(parts.words), parts.legend, kChartWidth, kChartHeight,
      TopLine(kShareTop, fmt::format("{:.0f} % {}", full * 100, parts.share_name)),
      AxisLine(kShareTop + kShareHeight), ShareBars(parts.shares, full),
      TopLine(kDurationTop, ShowSeconds(parts.most_seconds)),
      AxisLine(kDurationTop + kDurationHeight), parts.durations, TimeAxis(parts.from, parts.to));
}

}  // namespace pathwitness
