#include "exporter/metrics/render.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "exporter/metrics/alert_collector.h"
#include "exporter/metrics/archive_collector.h"
#include "exporter/metrics/discovery_collector.h"
#include "exporter/metrics/dns_collector.h"
#include "exporter/metrics/drill_collector.h"
#include "exporter/metrics/exporter_collector.h"
#include "exporter/metrics/families.h"
#include "exporter/metrics/gzip.h"
#include "exporter/metrics/history_collector.h"
#include "exporter/metrics/hop_choice.h"
#include "exporter/metrics/https_collector.h"
#include "exporter/metrics/incident_collector.h"
#include "exporter/metrics/one_way_collector.h"
#include "exporter/metrics/page_writer.h"
#include "exporter/metrics/path_collector.h"
#include "exporter/metrics/prober_collector.h"
#include "exporter/metrics/process_collector.h"
#include "exporter/metrics/pulse_collector.h"
#include "exporter/metrics/reflector_collector.h"
#include "exporter/metrics/route_collector.h"
#include "exporter/metrics/rules_collector.h"
#include "exporter/metrics/self_collector.h"
#include "exporter/metrics/target_collector.h"
#include "exporter/metrics/text_writer.h"
#include "exporter/metrics/verdict_collector.h"

namespace pathwitness {
namespace {

void Write(const prometheus::Collectable& collector, PageWriter& page) {
  AppendText(collector.Collect(), page.Text());
  page.PassOn();
}

/// Leaves out what is said of probers that are no longer there: who judges them looks at their
/// boards now and then, and so learns of a removed target later than the page. `statuses` are
/// sorted by key.
template <typename Pointer>
std::vector<Pointer> OfThose(const std::vector<StatusPointer>& statuses,
                             std::vector<Pointer> judged) {
  const auto is_gone = [&](const Pointer& one) {
    const auto key = [](const StatusPointer& status) -> const ProberKey& { return status->key; };
    return !std::ranges::binary_search(statuses, one->status.key, {}, key);
  };
  std::erase_if(judged, is_gone);
  return judged;
}

/// The snapshots of one moment, in the order of the page.
void WritePage(const MetricSources& sources, PageWriter& page) {
  const WallTime now = sources.clock->WallNow();
  const ExporterFacts facts = sources.facts();
  const auto traces = sources.traces->All();
  const auto https = sources.https->All();
  const auto pulses = sources.pulses->All();
  std::vector<StatusPointer> statuses;
  AppendStatuses(traces, statuses);
  AppendStatuses(https, statuses);
  AppendStatuses(pulses, statuses);
  const std::vector<StatusPointer> of_targets = statuses;
  const auto one_way = sources.one_way->All();
  AppendStatuses(one_way, statuses);
  std::vector<StatusPointer> by_key = statuses;
  std::ranges::sort(by_key, {},
                    [](const StatusPointer& one) -> const ProberKey& { return one->key; });

  Write(ExporterCollector(facts), page);
  Write(ProcessCollector(sources.process()), page);
  TargetCollector(facts.config, of_targets, now).Write(page);
  ProberCollector(statuses, now).Write(page);
  const HopChoice hops = ChooseHops(traces, facts.config->metrics, now);
  PathCollector(traces, hops.shown, now).Write(page);
  AppendText({OneSample(kHopSeriesRefused, {}, hops.refused)}, page.Text());
  const auto verdicts = OfThose(by_key, sources.verdicts->All());
  const auto names = sources.names->Find(0);
  RouteCollector({.traces = hops.shown,
                  .routes = OfThose(by_key, sources.routes->All()),
                  .verdicts = verdicts,
                  .asn = sources.asn->Find(0),
                  .names = names,
                  .config = facts.config},
                 now)
      .Write(page);
  VerdictCollector(verdicts, now).Write(page);
  Write(IncidentCollector(sources.incidents->All()), page);
  OneWayCollector(one_way, now).Write(page);
  HttpsCollector(https, now).Write(page);
  PulseCollector(pulses, now).Write(page);
  DnsCollector(sources.dns->All(), names).Write(page);
  Write(DiscoveryCollector(sources.discovery->All(), facts.discovery_refused), page);
  Write(SelfCollector(sources.trace_self->Find(0), facts.engines), page);
  Write(ReflectorCollector(sources.reflector->Find(0)), page);
  Write(AlertCollector(facts.config, now), page);
  Write(RulesCollector(sources.rules->All(), now), page);
  Write(HistoryCollector(sources.history->Find(0)), page);
  Write(ArchiveCollector(sources.archive->Find(0), sources.upload->Find(0)), page);
  Write(DrillCollector(RunningDrills(sources.drills->All(), *sources.traces, *sources.clock)),
        page);
  page.Finish();
}

/// For an answer that is in memory as a whole.
PageWriter PageInto(std::string& text) {
  return PageWriter([&text](std::string_view piece) {
    text += piece;
    return true;
  });
}

/// `collect(snapshots, now, page)`: writes the families of this kind of snapshot.
template <typename Snapshot, typename Collect>
std::string RenderProbe(const Snapshot& snapshot, Duration took, Collect collect) {
  const auto copy = std::make_shared<const Snapshot>(snapshot);
  const ProberStatus& status = copy->status;
  const WallTime now = status.last_round;  // fresh, however long the answer took to get here
  std::string text;
  PageWriter page = PageInto(text);
  ProberCollector({StatusPointer(copy, &status)}, now).Write(page);
  collect(std::vector{copy}, now, page);
  AppendText({OneSample(kProbeSuccess, {}, status.state == ProberState::Up),
              OneSample(kProbeDuration, {}, ToSeconds(took))},
             page.Text());
  page.Finish();
  return text;
}

}  // namespace

bool RenderMetrics(const MetricSources& sources, PageWriter::Take take) {
  PageWriter page(std::move(take));
  WritePage(sources, page);
  return page.IsRead();
}

bool RenderGzip(const MetricSources& sources, const PageWriter::Take& take) {
  std::string compressed;
  return RenderMetrics(sources, [&](std::string_view piece) {
    compressed.clear();
    AppendGzip(piece, compressed);
    return take(compressed);
  });
}

std::string RenderTrace(const TraceSnapshot& snapshot, Duration took) {
  return RenderProbe(snapshot, took, [](const auto& snapshots, WallTime now, PageWriter& page) {
    PathCollector(snapshots, snapshots, now).Write(page);
    WriteHopInfo({.traces = snapshots}, now, page);
  });
}

std::string RenderHttps(const HttpsSnapshot& snapshot, Duration took) {
  return RenderProbe(snapshot, took, [](const auto& snapshots, WallTime now, PageWriter& page) {
    HttpsCollector(snapshots, now).Write(page);
  });
}

std::string RenderPulse(const PulseSnapshot& snapshot, Duration took) {
  return RenderProbe(snapshot, took, [](const auto& snapshots, WallTime now, PageWriter& page) {
    PulseCollector(snapshots, now).Write(page);
  });
}

}  // namespace pathwitness
