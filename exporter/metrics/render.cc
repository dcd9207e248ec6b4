#include "exporter/metrics/render.h"

#include <memory>
#include <utility>
#include <vector>

#include "exporter/metrics/alert_collector.h"
#include "exporter/metrics/discovery_collector.h"
#include "exporter/metrics/dns_collector.h"
#include "exporter/metrics/drill_collector.h"
#include "exporter/metrics/exporter_collector.h"
#include "exporter/metrics/families.h"
#include "exporter/metrics/gzip.h"
#include "exporter/metrics/https_collector.h"
#include "exporter/metrics/path_collector.h"
#include "exporter/metrics/prober_collector.h"
#include "exporter/metrics/process_collector.h"
#include "exporter/metrics/pulse_collector.h"
#include "exporter/metrics/route_collector.h"
#include "exporter/metrics/rules_collector.h"
#include "exporter/metrics/self_collector.h"
#include "exporter/metrics/target_collector.h"
#include "exporter/metrics/text_writer.h"

namespace pathwitness {
namespace {

using Collectors = std::vector<std::unique_ptr<const prometheus::Collectable>>;

/// The collectors of one page, in its order, over the snapshots of one moment.
Collectors MakeCollectors(const MetricSources& sources) {
  const WallTime now = sources.clock->WallNow();
  const ExporterFacts facts = sources.facts();
  const auto traces = sources.traces->All();
  const auto https = sources.https->All();
  const auto pulses = sources.pulses->All();
  std::vector<StatusPointer> statuses;
  AppendStatuses(traces, statuses);
  AppendStatuses(https, statuses);
  AppendStatuses(pulses, statuses);

  Collectors collectors;
  collectors.push_back(std::make_unique<ExporterCollector>(facts));
  collectors.push_back(std::make_unique<ProcessCollector>(sources.process()));
  collectors.push_back(std::make_unique<TargetCollector>(facts.config, statuses, now));
  collectors.push_back(std::make_unique<ProberCollector>(statuses, now));
  collectors.push_back(std::make_unique<PathCollector>(traces, now));
  collectors.push_back(
      std::make_unique<RouteCollector>(traces, sources.routes->All(), sources.asn->Find(0), now));
  collectors.push_back(std::make_unique<HttpsCollector>(https, now));
  collectors.push_back(std::make_unique<PulseCollector>(pulses, now));
  collectors.push_back(std::make_unique<DnsCollector>(sources.dns->All()));
  collectors.push_back(
      std::make_unique<DiscoveryCollector>(sources.discovery->All(), facts.discovery_refused));
  collectors.push_back(std::make_unique<SelfCollector>(sources.trace_self->Find(0), facts.engines));
  collectors.push_back(std::make_unique<AlertCollector>(facts.config, now));
  collectors.push_back(std::make_unique<RulesCollector>(sources.rules->All(), now));
  collectors.push_back(std::make_unique<DrillCollector>(
      RunningDrills(sources.drills->All(), *sources.traces, *sources.clock)));
  return collectors;
}

/// `Collector`: the one for this kind of snapshot.
template <typename Collector, typename Snapshot>
std::string RenderProbe(const Snapshot& snapshot, Duration took) {
  const auto copy = std::make_shared<const Snapshot>(snapshot);
  const ProberStatus& status = copy->status;
  const WallTime now = status.last_round;  // fresh, however long the answer took to get here
  std::string text;
  AppendText(ProberCollector({StatusPointer(copy, &status)}, now).Collect(), text);
  AppendText(Collector({copy}, now).Collect(), text);
  AppendText({OneSample(kProbeSuccess, {}, status.state == ProberState::Up),
              OneSample(kProbeDuration, {}, ToSeconds(took))},
             text);
  return text;
}

}  // namespace

std::string RenderMetrics(const MetricSources& sources) {
  std::string text;
  for (const auto& collector : MakeCollectors(sources)) {
    AppendText(collector->Collect(), text);
  }
  return text;
}

std::string RenderGzip(const MetricSources& sources) {
  std::string compressed;
  std::string text;  // not compressed yet
  for (const auto& collector : MakeCollectors(sources)) {
    AppendText(collector->Collect(), text);
    if (text.size() >= kGzipChunkBytes) {
      AppendGzip(text, compressed);
      text.clear();
    }
  }
  AppendGzip(text, compressed);
  return compressed;
}

std::string RenderTrace(const TraceSnapshot& snapshot, Duration took) {
  const auto copy = std::make_shared<const TraceSnapshot>(snapshot);
  std::string text = RenderProbe<PathCollector>(snapshot, took);
  AppendText({HopInfo({copy}, {}, snapshot.status.last_round)}, text);
  return text;
}

std::string RenderHttps(const HttpsSnapshot& snapshot, Duration took) {
  return RenderProbe<HttpsCollector>(snapshot, took);
}

std::string RenderPulse(const PulseSnapshot& snapshot, Duration took) {
  return RenderProbe<PulseCollector>(snapshot, took);
}

}  // namespace pathwitness
