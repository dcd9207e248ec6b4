#include "exporter/evidence/open_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <utility>

#include "exporter/metrics/metric_names.h"

namespace pathwitness {
namespace {

constexpr std::string_view kTotal = "_total";

using Labels = std::vector<std::pair<std::string, std::string>>;

std::string Escaped(std::string_view value) {
  std::string escaped;
  for (const char letter : value) {
    if (letter == '\n') {
      escaped += "\\n";
      continue;
    }
    escaped += letter == '\\' || letter == '"' ? "\\" : "";
    escaped += letter;
  }
  return escaped;
}

std::string LabelText(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, Escaped(value));
  }
  return text;
}

/// One sample set of a family: what a bucket adds to it. Empty: the bucket knows nothing of it.
template <typename Bucket>
using Amount = std::function<double(const Bucket&)>;

class Page {
 public:
  explicit Page(const ExtraLabels& extra) : extra_(extra.begin(), extra.end()) {}

  /// In OpenMetrics a counter's family has the name of its samples without "_total".
  void Family(const Metric& metric) {
    std::string_view name = metric.name;
    const bool is_counter = name.ends_with(kTotal);
    if (is_counter) {
      name.remove_suffix(kTotal.size());
    }
    text_ += fmt::format("# TYPE {} {}\n# HELP {} {}\n", name, is_counter ? "counter" : "summary",
                         name, Escaped(metric.help));
  }

  template <typename Bucket>
  void Counter(std::string_view name, const ProberKey& prober, const Labels& own,
               const std::vector<Bucket>& buckets, const Amount<Bucket>& amount) {
    if (buckets.empty()) {
      return;
    }
    const std::string series = fmt::format("{}{{{}}}", name, LabelText(AllLabels(prober, own)));
    double sum = 0;
    Sample(series, sum, buckets.front().start);
    for (const Bucket& bucket : buckets) {
      sum += amount(bucket);
      Sample(series, sum, bucket.start + bucket.length);
    }
  }

  std::string Take() {
    text_ += "# EOF\n";
    return std::move(text_);
  }

 private:
  Labels AllLabels(const ProberKey& prober, const Labels& own) const {
    Labels labels = {{"target", prober.target},
                     {"prober", std::string(ProberName(prober.prober))},
                     {"family", std::string(ProberFamilyName(prober.family))}};
    labels.insert(labels.end(), own.begin(), own.end());
    labels.insert(labels.end(), extra_.begin(), extra_.end());
    return labels;
  }

  void Sample(const std::string& series, double value, WallTime at) {
    text_ += fmt::format("{} {} {:.3f}\n", series, value, ToUnixSeconds(at));
  }

  Labels extra_;
  std::string text_;
};

struct TraceSeries {
  std::string_view suffix;  // behind the name of the family
  double (*amount)(const TraceStats& stats);
};

void AddPath(const Metric& metric, const std::vector<TraceSeries>& series,
             const std::vector<ExportedTrace>& traces, Page& page) {
  page.Family(metric);
  for (const ExportedTrace& trace : traces) {
    for (const TraceSeries& one : series) {
      page.Counter<TraceBucket>(
          fmt::format("{}{}", metric.name, one.suffix), trace.prober, {}, trace.buckets,
          [&one](const TraceBucket& bucket) { return one.amount(bucket.stats); });
    }
  }
}

struct HopSeries {
  std::string_view suffix;
  double (*amount)(const HopStats& stats);
};

std::size_t LongestOf(const std::vector<TraceBucket>& buckets) {
  std::size_t longest = 0;
  for (const TraceBucket& bucket : buckets) {
    longest = std::max(longest, bucket.stats.hops.size());
  }
  return longest;
}

/// One series of one hop, counted from 0.
void AddHop(const std::string& name, const HopSeries& series, std::size_t at,
            const ExportedTrace& trace, Page& page) {
  page.Counter<TraceBucket>(
      name, trace.prober, {{"hop", std::to_string(at + 1)}}, trace.buckets,
      [&series, at](const TraceBucket& bucket) {
        return at < bucket.stats.hops.size() ? series.amount(bucket.stats.hops[at]) : 0;
      });
}

void AddHops(const Metric& metric, const std::vector<HopSeries>& series,
             const std::vector<ExportedTrace>& traces, Page& page) {
  page.Family(metric);
  for (const ExportedTrace& trace : traces) {
    for (std::size_t i = 0; i < LongestOf(trace.buckets); ++i) {
      for (const HopSeries& one : series) {
        AddHop(fmt::format("{}{}", metric.name, one.suffix), one, i, trace, page);
      }
    }
  }
}

void AddTraces(const std::vector<ExportedTrace>& traces, Page& page) {
  AddPath(
      kPathProbes,
      {{"", [](const TraceStats& stats) { return static_cast<double>(stats.end_to_end.sent); }}},
      traces, page);
  AddPath(
      kPathProbesLost,
      {{"", [](const TraceStats& stats) { return static_cast<double>(stats.end_to_end.lost); }}},
      traces, page);
  AddPath(
      kPathProbesLate,
      {{"", [](const TraceStats& stats) { return static_cast<double>(stats.end_to_end.late); }}},
      traces, page);
  AddPath(
      kPathRtt,
      {{"_count",
        [](const TraceStats& stats) { return static_cast<double>(stats.end_to_end.round_trips); }},
       {"_sum", [](const TraceStats& stats) { return stats.end_to_end.round_trip_sum; }}},
      traces, page);
  AddHops(kPathHopProbes,
          {{"", [](const HopStats& stats) { return static_cast<double>(stats.sent); }}}, traces,
          page);
  AddHops(kPathHopRepliesMissing,
          {{"", [](const HopStats& stats) { return static_cast<double>(stats.Lost()); }}}, traces,
          page);
  AddHops(kPathHopRtt,
          {{"_count",
            [](const HopStats& stats) { return static_cast<double>(stats.round_trips.count); }},
           {"_sum",
            [](const HopStats& stats) {
              return stats.round_trips.mean * static_cast<double>(stats.round_trips.count);
            }}},
          traces, page);
}

void AddRequests(const std::vector<ExportedHttps>& services, Page& page) {
  page.Family(kHttpsRequests);
  for (const ExportedHttps& service : services) {
    page.Counter<HttpsBucket>(
        kHttpsRequests.name, service.prober, {}, service.buckets,
        [](const HttpsBucket& bucket) { return static_cast<double>(bucket.stats.requests); });
  }
  page.Family(kHttpsFailures);
  for (const ExportedHttps& service : services) {
    for (std::size_t i = 0; i < kHttpFailureNames.size(); ++i) {
      page.Counter<HttpsBucket>(
          kHttpsFailures.name, service.prober, {{"reason", std::string(kHttpFailureNames[i])}},
          service.buckets,
          [i](const HttpsBucket& bucket) { return static_cast<double>(bucket.stats.failures[i]); });
    }
  }
}

void AddPhases(const std::vector<ExportedHttps>& services, Page& page) {
  page.Family(kHttpsPhaseDuration);
  for (const ExportedHttps& service : services) {
    for (std::size_t i = 0; i < kHttpPhaseNames.size(); ++i) {
      const Labels phase = {{"phase", std::string(kHttpPhaseNames[i])}};
      page.Counter<HttpsBucket>(fmt::format("{}_count", kHttpsPhaseDuration.name), service.prober,
                                phase, service.buckets, [i](const HttpsBucket& bucket) {
                                  return static_cast<double>(bucket.stats.phases[i].count);
                                });
      page.Counter<HttpsBucket>(
          fmt::format("{}_sum", kHttpsPhaseDuration.name), service.prober, phase, service.buckets,
          [i](const HttpsBucket& bucket) { return bucket.stats.phases[i].sum; });
    }
  }
}

void AddOneWay(const std::vector<ExportedOneWay>& one_way, Page& page) {
  const auto add = [&](const Metric& metric, std::uint64_t OneWayPackets::*count) {
    page.Family(metric);
    for (const ExportedOneWay& prober : one_way) {
      page.Counter<OneWayBucket>(metric.name, prober.prober, {{"direction", "fwd"}}, prober.buckets,
                                 [count](const OneWayBucket& bucket) {
                                   return static_cast<double>(bucket.stats.forward.*count);
                                 });
      page.Counter<OneWayBucket>(metric.name, prober.prober, {{"direction", "rev"}}, prober.buckets,
                                 [count](const OneWayBucket& bucket) {
                                   return static_cast<double>(bucket.stats.backward.*count);
                                 });
    }
  };
  add(kOneWayPackets, &OneWayPackets::packets);
  add(kOneWayPacketsLost, &OneWayPackets::lost);
}

}  // namespace

std::string OpenMetricsText(const std::vector<ExportedTrace>& traces,
                            const std::vector<ExportedHttps>& services,
                            const std::vector<ExportedOneWay>& one_way, const ExtraLabels& extra) {
  Page page(extra);
  AddTraces(traces, page);
  AddRequests(services, page);
  AddPhases(services, page);
  AddOneWay(one_way, page);
  return page.Take();
}

bool IsExtraLabelName(std::string_view name) {
  constexpr std::array<std::string_view, 7> kTaken = {"target", "prober", "family",   "hop",
                                                      "reason", "phase",  "direction"};
  const auto is_letter = [](char letter) {
    return letter == '_' || std::isalpha(static_cast<unsigned char>(letter)) != 0;
  };
  const auto is_fit = [&](char letter) {
    return is_letter(letter) || std::isdigit(static_cast<unsigned char>(letter)) != 0;
  };
  return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, is_fit) &&
         !name.starts_with("__") && std::ranges::find(kTaken, name) == kTaken.end();
}

}  // namespace pathwitness
