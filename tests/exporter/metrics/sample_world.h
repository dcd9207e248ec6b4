#pragma once

#include "exporter/metrics/render.h"
#include "tests/support/fake_clock.h"

namespace pathwitness {

/// Boards as the engines of a small installation leave them, all at the clock's start:
/// `fra-to-example` is up over IPv4 and IPv6 but its HTTPS certificate is refused, `fra-to-nowhere`
/// does not resolve, `nightly-backup` is a pushed heartbeat that has not come yet. A drill has lost
/// 30% of what goes to `fra-to-example` from hop 2 on, for the last third of its probes.
struct SampleWorld {
  FakeClock clock;
  TraceBoard traces;
  TraceSelfBoard trace_self;
  HttpsBoard https;
  PulseBoard pulses;
  OneWayBoard one_way;
  ReflectorBoard reflector;
  DnsBoard dns;
  PtrBoard names;
  DiscoveryBoard discovery;
  RouteBoard routes;
  AsnBoard asn;
  VerdictBoard verdicts;
  IncidentBoard incidents;
  RulesBoard rules;
  HistoryBoard history;
  ArchiveBoard archive;
  UploadBoard upload;
  DrillBook drills;
  ExporterFacts facts;
  ProcessFacts process;

  SampleWorld();
  MetricSources Sources() const;
};

/// A trace prober after its first rounds, three hops from its target; the second is silent.
TraceSnapshot ReachedTrace(WallTime now);

/// An HTTPS prober whose last request met an expired certificate.
HttpsSnapshot RefusedHttps(WallTime now);

/// A pulse prober that saw a beat.
PulseSnapshot BeatingPulse(WallTime now);

/// The page as a whole, plain and as a gzip body.
std::string MetricsPage(const MetricSources& sources);
std::string GzipPage(const MetricSources& sources);

}  // namespace pathwitness
