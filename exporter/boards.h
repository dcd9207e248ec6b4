#pragma once

#include "exporter/archive/archive_snapshot.h"
#include "exporter/archive/upload_snapshot.h"
#include "exporter/diagnosis/incident_snapshot.h"
#include "exporter/diagnosis/route_snapshot.h"
#include "exporter/diagnosis/verdict_snapshot.h"
#include "exporter/discovery/discovery_snapshot.h"
#include "exporter/history/history_snapshot.h"
#include "exporter/rules/rules_snapshot.h"
#include "probes/dns/dns_snapshot.h"
#include "probes/dns/ptr_snapshot.h"
#include "probes/https/https_snapshot.h"
#include "probes/pulse/pulse_snapshot.h"
#include "probes/reflect/one_way_snapshot.h"
#include "probes/reflect/reflector_snapshot.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// All that engines tell each other and whoever asks the process: one engine writes each.
struct Boards {
  DiscoveryBoard discovery;
  DnsBoard dns;
  PtrBoard names;
  TraceBoard traces;
  TraceSelfBoard trace_self;
  HttpsBoard https;
  PulseBoard pulses;
  OneWayBoard one_way;
  ReflectorBoard reflector;
  RouteBoard routes;
  AsnBoard asn;
  VerdictBoard verdicts;
  IncidentBoard incidents;
  RulesBoard rules;
  HistoryBoard history;
  ArchiveBoard archive;
  UploadBoard upload;
};

}  // namespace pathwitness
