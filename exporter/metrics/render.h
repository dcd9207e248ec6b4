#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "exporter/archive/archive_snapshot.h"
#include "exporter/archive/upload_snapshot.h"
#include "exporter/diagnosis/incident_snapshot.h"
#include "exporter/diagnosis/route_snapshot.h"
#include "exporter/diagnosis/verdict_snapshot.h"
#include "exporter/discovery/discovery_snapshot.h"
#include "exporter/drill/drill_book.h"
#include "exporter/history/history_snapshot.h"
#include "exporter/metrics/exporter_facts.h"
#include "exporter/metrics/page_writer.h"
#include "exporter/metrics/process_facts.h"
#include "exporter/rules/rules_snapshot.h"
#include "probes/base/time.h"
#include "probes/dns/dns_snapshot.h"
#include "probes/dns/ptr_snapshot.h"
#include "probes/https/https_snapshot.h"
#include "probes/pulse/pulse_snapshot.h"
#include "probes/reflect/one_way_snapshot.h"
#include "probes/reflect/reflector_snapshot.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// Where a page of metrics comes from. Everything pointed to is set and outlives the call.
struct MetricSources {
  const TraceBoard* traces = nullptr;
  const TraceSelfBoard* trace_self = nullptr;
  const HttpsBoard* https = nullptr;
  const PulseBoard* pulses = nullptr;
  const OneWayBoard* one_way = nullptr;
  const ReflectorBoard* reflector = nullptr;
  const DnsBoard* dns = nullptr;
  const PtrBoard* names = nullptr;
  const DiscoveryBoard* discovery = nullptr;
  const RouteBoard* routes = nullptr;
  const AsnBoard* asn = nullptr;
  const VerdictBoard* verdicts = nullptr;
  const IncidentBoard* incidents = nullptr;
  const RulesBoard* rules = nullptr;
  const HistoryBoard* history = nullptr;
  const ArchiveBoard* archive = nullptr;
  const UploadBoard* upload = nullptr;
  const DrillBook* drills = nullptr;
  const Clock* clock = nullptr;
  std::function<ExporterFacts()> facts;
  std::function<ProcessFacts()> process = ReadProcessFacts;
};

/// The Content-Type of every page below.
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/// Writes the page of /metrics in pieces of about kGzipChunkBytes. False when it was given up
/// because `take` did not want more. May be called from any thread; waits for no engine.
bool RenderMetrics(const MetricSources& sources, PageWriter::Take take);

/// The same page, each piece a gzip member.
bool RenderGzip(const MetricSources& sources, const PageWriter::Take& take);

/// Answers of /probe: the families of one snapshot, then probe_success (the snapshot's state is
/// Up) and probe_duration_seconds (`took`). The snapshot counts as fresh.
std::string RenderTrace(const TraceSnapshot& snapshot, Duration took);
std::string RenderHttps(const HttpsSnapshot& snapshot, Duration took);
std::string RenderPulse(const PulseSnapshot& snapshot, Duration took);

}  // namespace pathwitness
