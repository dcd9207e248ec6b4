#include "exporter/pages/service_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "exporter/pages/html.h"
#include "exporter/pages/shown_values.h"

namespace pathwitness {
namespace {

/// Seconds of each phase, in their order; 0 for one that was never reached.
using PhaseMeans = std::array<double, kHttpPhaseNames.size()>;

PhaseMeans MeansOf(const HttpsStats& stats) {
  PhaseMeans means{};
  for (std::size_t i = 0; i < means.size(); ++i) {
    const HttpsStats::Phase& phase = stats.phases[i];
    means[i] = phase.count == 0 ? 0 : phase.sum / static_cast<double>(phase.count);
  }
  return means;
}

double SumOf(const PhaseMeans& means) {
  double sum = 0;
  for (const double mean : means) {
    sum += mean;
  }
  return sum;
}

std::vector<double> FailedOf(const ServiceChart& chart) {
  std::vector<double> shares;
  for (const HttpsStats& column : chart.columns) {
    shares.push_back(column.requests == 0 ? 0
                                          : static_cast<double>(column.Failed()) /
                                                static_cast<double>(column.requests));
  }
  return shares;
}

/// One path of boxes for each phase.
std::string Stacks(const ServiceChart& chart, double full) {
  std::array<std::string, kHttpPhaseNames.size()> boxes;
  const std::size_t count = chart.columns.size();
  const double width = std::max(ColumnWidth(count), 1.0);
  for (std::size_t i = 0; i < count; ++i) {
    const PhaseMeans means = MeansOf(chart.columns[i]);
    double y = kDurationTop + kDurationHeight;
    for (std::size_t phase = 0; phase < means.size(); ++phase) {
      const double height = kDurationHeight * means[phase] / full;
      if (height > 0) {
        boxes[phase] += fmt::format("M{:.1f} {:.1f}h{:.1f}v-{:.1f}h-{:.1f}z", ColumnX(i, count), y,
                                    width, height, width);
      }
      y -= height;
    }
  }
  std::string stacks;
  for (std::size_t phase = 0; phase < boxes.size(); ++phase) {
    stacks +=
        fmt::format(R"(<path class="phase-{}" d="{}"/>)", kHttpPhaseNames[phase], boxes[phase]);
  }
  return stacks;
}

std::string Legend(const PhaseMeans& means) {
  std::string legend = "<ul class=\"legend\">";
  for (std::size_t phase = 0; phase < means.size(); ++phase) {
    legend += fmt::format(
        "<li><svg class=\"key\" viewBox=\"0 0 1 1\" aria-hidden=\"true\">"
        "<path class=\"phase-{0}\" d=\"M0 0h1v1h-1z\"/></svg>{0} {1}</li>",
        kHttpPhaseNames[phase], ShowSeconds(means[phase]));
  }
  return legend + "</ul>";
}

std::string InWords(const HttpsStats& all) {
  std::string words = "failed " + ShowLoss(all.Failed(), all.requests);
  if (all.durations.count > 0) {
    words +=
        fmt::format(", a request {} on average, from {} to {}", ShowSeconds(all.durations.mean),
                    ShowSeconds(all.durations.min), ShowSeconds(all.durations.max));
  }
  return words;
}

}  // namespace

ServiceChart ServiceChartOf(const std::vector<HttpsBucket>& buckets, WallTime from, WallTime to,
                            std::size_t columns) {
  return ColumnsOf<HttpsStats>(buckets, from, to, columns,
                               [](const HttpsBucket& bucket) { return bucket.stats; });
}

std::string ServiceChartSvg(const ServiceChart& chart, std::string_view name) {
  HttpsStats all;
  double most = 0;
  for (const HttpsStats& column : chart.columns) {
    all.Merge(column);
    most = std::max(most, SumOf(MeansOf(column)));
  }
  if (all.requests == 0) {
    return fmt::format("<p class=\"soft\">{}: nothing was measured.</p>\n", EscapeHtml(name));
  }
  const double full = most > 0 ? most * 1.1 : 1;
  return ChartFigure({.name = name,
                      .words = InWords(all),
                      .legend = Legend(MeansOf(all)),
                      .shares = FailedOf(chart),
                      .share_name = "failed",
                      .most_seconds = full,
                      .durations = Stacks(chart, full),
                      .from = chart.from,
                      .to = chart.to});
}

}  // namespace pathwitness
