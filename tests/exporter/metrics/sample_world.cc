#include "tests/exporter/metrics/sample_world.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace pathwitness {
namespace {

using std::chrono::seconds;

IpAddress Address(const char* text) {
  return IpAddress::Parse(text).value();
}

ProberStatus RunningStatus(ProberKey key, WallTime now) {
  ProberStatus status;
  status.key = std::move(key);
  status.interval = seconds(10);
  status.last_round = now - seconds(4);
  status.last_attempt = now - seconds(2);
  status.rounds = 30;
  status.rounds_skipped = {1, 0, 0};
  status.state = ProberState::Up;
  status.state_changes = 2;
  return status;
}

HopCounters AnsweringHop(const char* address, double round_trip) {
  HopCounters hop;
  hop.probes = 30;
  hop.replies_missing = 1;
  hop.round_trip_count = 29;
  hop.round_trip_sum = 29 * round_trip;
  hop.last_round_trip = round_trip;
  hop.address = Address(address);
  return hop;
}

TraceSnapshot ReachedTrace6(WallTime now) {
  TraceSnapshot trace = ReachedTrace(now);
  trace.status.key.family = ProberFamily::Ipv6;
  trace.status.address = "2001:db8:2::1";
  trace.status.source_address = "2001:db8::10";
  trace.hops = {AnsweringHop("2001:db8::1", 0.0005), AnsweringHop("2001:db8:2::1", 0.02)};
  trace.destination_hop = 2;
  trace.last_responding_hop = 2;
  return trace;
}

TraceSnapshot UnresolvedTrace(WallTime now) {
  TraceSnapshot trace;
  trace.status = RunningStatus({"fra-to-nowhere", ProberKind::TraceTcp, ProberFamily::Ipv4}, now);
  trace.status.state = ProberState::Down;
  trace.status.port = 443;
  trace.probes = 300;
  trace.lost = 300;
  trace.unsent = {300, 0, 0, 0};
  trace.round_trips = Histogram({.01, .1});
  return trace;
}

OneWaySnapshot Reflected(WallTime now) {
  OneWaySnapshot seen;
  seen.status = RunningStatus({"fra-to-example", ProberKind::Reflector, ProberFamily::Ipv4}, now);
  seen.requests = 1010;
  seen.unsent = {0, 1, 2};
  seen.refused = {1, 0, 0, 3};
  seen.totals = {.forward = {.packets = 1000, .lost = 111},
                 .backward = {.packets = 889, .lost = 7}};
  seen.last_answer = now - seconds(1);
  return seen;
}

PulseSnapshot AwaitedPulse(WallTime now) {
  PulseSnapshot pulse = BeatingPulse(now);
  pulse.status = ProberStatus();
  pulse.status.key = {"nightly-backup", ProberKind::Pulse, ProberFamily::None};
  pulse.status.interval = seconds(30);
  pulse.status.last_round = now - seconds(20);
  pulse.timestamp.reset();
  pulse.failures = {};
  return pulse;
}

DnsSnapshot Answered(IpFamily family, const char* address) {
  DnsSnapshot dns;
  dns.target = "fra-to-example";
  dns.host = "www.example";
  dns.family = family;
  dns.is_known = true;
  dns.addresses = {Address(address)};
  dns.chosen = dns.addresses.front();
  dns.lookups = 3;
  dns.address_changes = 1;
  return dns;
}

DnsSnapshot Unanswered(IpFamily family) {
  DnsSnapshot dns;
  dns.target = "fra-to-nowhere";
  dns.host = "nowhere.example";
  dns.family = family;
  dns.is_known = true;
  dns.is_failing = true;
  dns.lookups = 30;
  dns.failures = 30;
  return dns;
}

TraceSelf BusySelf() {
  TraceSelf self;
  self.packets_sent = {4200, 1800};
  self.send_errors = {{"ENETUNREACH", 7}};
  self.replies_unmatched = 1;
  self.replies_spoofed = 2;
  self.replies_malformed = 3;
  self.replies_late = 4;
  self.replies_duplicate = 5;
  self.receive_drops = 6;
  self.deferred = {8, 9, 10, 11};
  self.shed = {12, 13};
  self.responders = 14;
  self.waiting = 15;
  self.focus_sets = 16;
  self.packet_budget_per_second = 2000;
  return self;
}

TargetConfig Target(const char* name, const char* host) {
  TargetConfig target;
  target.name = name;
  target.host = host;
  return target;
}

/// In force for 30 more days.
AlertOverride LossOverride(WallTime now) {
  return {.alert = "PathwitnessPathLossHigh",
          .tier = "critical",
          .target = "fra-to-example",
          .threshold = 0.2,
          .reason = "shared \"VPN\" uplink",
          .owner = "build",
          .expires = std::chrono::floor<std::chrono::days>(now) + std::chrono::days(30)};
}

AlertOverride DisabledAlert(WallTime now) {
  return {.alert = "PathwitnessPulseStale",
          .tier = "",
          .target = "",
          .threshold = {},
          .is_disabled = true,
          .reason = "nothing runs at night",
          .owner = "build",
          .expires = std::chrono::floor<std::chrono::days>(now)};
}

// It was good an hour ago; of its three targets one is refused.
DiscoverySnapshot BrokenSource(WallTime now) {
  DiscoverySnapshot source;
  source.source = "/etc/pathwitness/sd/build.json";
  source.groups = std::make_shared<const TargetGroups>(
      TargetGroups{{.targets = {{"a.example"}, {"b.example"}, {"b.example"}}, .labels = {}}});
  source.last_success = now - std::chrono::hours(1);
  source.is_failing = true;
  source.failures[static_cast<std::size_t>(DiscoveryFailure::Parse)] = 1;
  return source;
}

// 100 end-to-end probes and 10 rounds ago.
TraceSnapshot EarlierTrace(WallTime now) {
  TraceSnapshot trace = ReachedTrace(now);
  trace.probes -= 100;
  trace.lost -= 2;
  for (HopCounters& hop : trace.hops) {
    hop.probes -= 10;
    hop.replies_missing -= std::min<std::uint64_t>(hop.replies_missing, 10);
  }
  return trace;
}

// That of ReachedTrace; its second hop is silent.
RouteSnapshot ChangedRoute(WallTime now) {
  const TraceSnapshot trace = ReachedTrace(now);
  RouteSnapshot route;
  route.status = trace.status;
  route.changes = {2, 1, 0, 0};
  route.ecmp_changes = 3;
  route.hop_silences = 4;
  route.ecmp_width = 2;
  route.last_change = RouteEvent{.at = now - seconds(600), .ttl = 3};
  route.last_located.before = {.asn = 64501};
  route.last_located.after = {.asn = 64500};
  route.path = {trace.hops[0].address, std::nullopt, trace.hops[2].address};
  route.networks = {{.kind = AddressKind::Network, .asn = 64501, .name = "AS64501"},
                    {},
                    {.kind = AddressKind::Network, .asn = 64500, .as_name = "Example"}};
  route.owners = {{.segment = Segment::SourceIsp, .asn = 64501, .name = "AS64501"},
                  {},
                  {.segment = Segment::DestinationAs, .asn = 64500, .name = "AS64500"}};
  return route;
}

// Of ReachedTrace: its provider loses some.
VerdictSnapshot Blamed(WallTime now) {
  Verdict verdict;
  verdict.state = VerdictState::Loss;
  verdict.posterior.likely = {.before = 1, .behind = 3};
  verdict.attribution.owner = {.segment = Segment::SourceIsp, .asn = 64500, .name = "AS64500"};
  verdict.attribution.probability = 0.97;
  verdict.contact = "noc@isp.example";
  return {.status = ReachedTrace(now).status,
          .verdict = std::make_shared<const Verdict>(std::move(verdict)),
          .since = now - seconds(300),
          .loss = Interval{.low = 0.125, .high = 0.25},
          .hops = {HopClass::Masked, HopClass::Silent}};
}

VerdictSnapshot Quiet(WallTime now) {
  return {.status = ReachedTrace6(now).status,
          .verdict = nullptr,
          .since = {},
          .loss = Interval{.low = 0, .high = 0.03125},
          .hops = {HopClass::Clean}};
}

// What Blamed is told of, as one cause.
IncidentSnapshot Incident(WallTime now) {
  const VerdictSnapshot blamed = Blamed(now);
  return {.id = "20260101T000000Z-0001",
          .opened = now - seconds(290),
          .since = blamed.since,
          .last_seen = now,
          .closed = std::nullopt,
          .merged_into = {},
          .cause = CauseKind::Link,
          .at = {},
          .scope = {.bad = 2, .total = 3, .via = "192.0.2.1-192.0.2.2"},
          .targets = {"fra-to-example", "fra-to-nowhere"},
          .witness = blamed.status.key,
          .verdict = *blamed.verdict,
          .owner = blamed.verdict->attribution.owner,
          .text = {}};
}

RulesSnapshot ChangedRules(WallTime now) {
  RulesSnapshot rules{.prometheus = "http://prometheus.example:9090",
                      .interval = seconds(300),
                      .drifts = std::vector<RuleDrift>(2),
                      .has_compared = true,
                      .last_comparison = now - seconds(60),
                      .comparisons = 7};
  rules.failures[static_cast<std::size_t>(ComparisonFailure::Connect)] = 1;
  return rules;
}

HistorySnapshot StruckHistory(WallTime now) {
  HistorySnapshot history{.flushes = 8640,
                          .rows = 25920,
                          .rows_dropped = 3,
                          .rounds_missed = 1,
                          .damaged = 2,
                          .set_aside = 1,
                          .pending = 4,
                          .last_flush = now - seconds(40)};
  history.failures[static_cast<std::size_t>(HistoryFailure::Full)] = 4;
  history.extent = {.bytes = 3145728,
                    .disk_bytes = 4194304,
                    .oldest_fine = now - std::chrono::hours(2),
                    .oldest_coarse = now - std::chrono::hours(24)};
  return history;
}

ArchiveSnapshot FilledArchive(WallTime now) {
  ArchiveSnapshot archive{.is_complete = true,
                          .reports = 4032,
                          .bytes = 115605504,
                          .max_bytes = 4ULL << 30U,
                          .free_bytes = 80ULL << 30U,
                          .min_free_bytes = 1ULL << 30U,
                          .oldest = now - std::chrono::hours(24 * 14),
                          .last_kept = now - seconds(40),
                          .kept = 4100};
  archive.failures[static_cast<std::size_t>(KeepFailure::DiskFull)] = 3;
  archive.removed[static_cast<std::size_t>(RemovalReason::Age)] = 68;
  archive.removed_unsent = 2;
  return archive;
}

UploadSnapshot FailingUpload(WallTime now) {
  UploadSnapshot upload{.pending = 12,
                        .oldest_pending = now - seconds(1900),
                        .reports = 4020,
                        .files = 12061,
                        .bytes = 98765432,
                        .damaged = 1,
                        .last_success = now - seconds(1890)};
  upload.failures[static_cast<std::size_t>(UploadFailure::Denied)] = 9;
  return upload;
}

ExporterFacts SampleFacts(WallTime now) {
  auto config = std::make_shared<Config>();
  config->targets = {Target("fra-to-example", "www.example"),
                     Target("fra-to-nowhere", "nowhere.example"), Target("nightly-backup", "")};
  config->targets.front().expect_transit = {"lab-isp"};
  config->targets.front().labels = {{"runbook", "https://wiki.example/a\"b\\c"}, {"team", "build"}};
  AlertOverride expired = LossOverride(now);
  expired.target.clear();
  expired.expires -= std::chrono::days(31);
  config->alert_overrides = {LossOverride(now), DisabledAlert(now), expired};
  config->sha256 = "0123abcd";
  EngineVitals engine;
  engine.name = "trace";
  engine.last_turn = now;
  engine.lateness = Histogram({.001, .01});
  engine.lateness.Observe(0.0005);
  engine.lateness.Observe(0.02);
  ExporterFacts facts;
  facts.build = {.version = "0.1.0",
                 .revision = "b5c77db",
                 .branch = "main",
                 .compiler = "GNU 12.2.0",
                 .libcurl = "7.88.1",
                 .civetweb = "1.16"};
  facts.config = std::move(config);
  facts.last_successful_reload = now - seconds(3600);
  facts.log_messages = {0, 12, 1, 0};
  facts.engines = {engine};
  facts.discovery_refused = {{"/etc/pathwitness/sd/build.json", 1}};
  facts.web = {.connections = 2, .refused = {3}, .is_config_good = true};
  return facts;
}

}  // namespace

TraceSnapshot ReachedTrace(WallTime now) {
  TraceSnapshot trace;
  trace.status = RunningStatus({"fra-to-example", ProberKind::TraceIcmp, ProberFamily::Ipv4}, now);
  trace.status.address = "203.0.113.7";
  trace.status.source_address = "192.0.2.10";
  trace.probes = 300;
  trace.lost = 3;
  trace.late = 1;
  trace.round_trips = Histogram({.01, .1});
  trace.round_trips.counts = {100, 190, 6};
  trace.round_trips.sum = 12.5;
  trace.unreachable = {0, 1, 0, 0, 0, 2, 0};
  trace.reached = true;
  trace.destination_hop = 3;
  trace.last_responding_hop = 3;
  trace.hops = {AnsweringHop("192.0.2.1", 0.0005), HopCounters(),
                AnsweringHop("203.0.113.7", 0.02)};
  trace.hops[1].probes = 30;
  trace.hops[1].replies_missing = 30;
  return trace;
}

HttpsSnapshot RefusedHttps(WallTime now) {
  HttpsSnapshot https;
  https.status = RunningStatus({"fra-to-example", ProberKind::Https, ProberFamily::Ipv4}, now);
  https.status.interval = seconds(30);
  https.status.state = ProberState::Down;
  https.status.address = "203.0.113.7";
  https.status.source_address = "192.0.2.10";
  https.status.port = 443;
  https.requests = 10;
  https.failures[static_cast<std::size_t>(HttpFailure::TlsVerify)] = 1;
  https.responses = {{200, 8}, {503, 1}};
  https.durations = Histogram({2, 4});
  https.durations.counts = {9, 0, 1};
  https.durations.sum = 6.25;
  https.phases[static_cast<std::size_t>(HttpPhase::Resolve)] = {0.5, 10, 0.001};
  https.phases[static_cast<std::size_t>(HttpPhase::Connect)] = {1, 10, 0.02};
  https.tcp_retransmits = 4;
  HttpResult last;
  last.failure = HttpFailure::TlsVerify;
  last.address = "203.0.113.7";
  last.source_address = "192.0.2.10";
  last.tls_version = "TLSv1.3";
  last.tls_cipher = "TLS_AES_256_GCM_SHA384";
  last.http_version = "1.1";
  last.certificates = {
      {"CN=\"www\\example\nline two", "CN=Issuing CA", "0a1b", "00ff", 0, 1767225599},
      {"CN=Issuing CA", "CN=Root", "02", "11ee", 0, 1999999999},
      {"CN=Root", "CN=Root", "01", "22dd", 0, 1888888888}};
  last.is_verified = false;
  last.tcp_rtt = 0.0195;
  https.last = std::move(last);
  return https;
}

PulseSnapshot BeatingPulse(WallTime now) {
  PulseSnapshot pulse;
  pulse.status = RunningStatus({"mirror-freshness", ProberKind::Pulse, ProberFamily::Ipv4}, now);
  pulse.timestamp = ToUnixSeconds(now) - 60.5;
  pulse.expected_interval = seconds(300);
  pulse.failures[static_cast<std::size_t>(PulseFailure::Timeout)] = 2;
  return pulse;
}

SampleWorld::SampleWorld() {
  const WallTime now = clock.WallNow();
  const auto publish = [](auto& board, const auto& key, auto snapshot) {
    board.NewWriter().Publish(key, std::make_shared<const decltype(snapshot)>(std::move(snapshot)));
  };
  for (const TraceSnapshot& trace : {ReachedTrace(now), ReachedTrace6(now), UnresolvedTrace(now)}) {
    publish(traces, trace.status.key, trace);
  }
  publish(https, RefusedHttps(now).status.key, RefusedHttps(now));
  publish(pulses, AwaitedPulse(now).status.key, AwaitedPulse(now));
  publish(one_way, Reflected(now).status.key, Reflected(now));
  publish(reflector, 0,
          ReflectorSnapshot{.answers = 900, .refused = {1, 2, 3, 4, 5, 6, 7, 8}, .sessions = 2});
  for (const DnsSnapshot& known :
       {Answered(IpFamily::Ipv4, "203.0.113.7"), Answered(IpFamily::Ipv6, "2001:db8:2::1"),
        Unanswered(IpFamily::Ipv4), Unanswered(IpFamily::Ipv6)}) {
    publish(dns, DnsKey(known.target, known.family), known);
  }
  publish(discovery, std::string("/etc/pathwitness/sd/build.json"), BrokenSource(now));
  publish(routes, ChangedRoute(now).status.key, ChangedRoute(now));
  publish(asn, 0, AsnSnapshot{.failure = MmdbFailure::Damaged, .built = now - seconds(86400)});
  for (const VerdictSnapshot& said : {Blamed(now), Quiet(now)}) {
    publish(verdicts, said.status.key, said);
  }
  publish(incidents, Incident(now).id, Incident(now));
  publish(names, 0,
          PtrSnapshot{.names = {{Address("192.0.2.1"), "ae1.fra.example"}},
                      .lookups = 5,
                      .failures = 2,
                      .refused = 1});
  publish(rules, ChangedRules(now).prometheus, ChangedRules(now));
  publish(history, 0, StruckHistory(now));
  publish(archive, 0, FilledArchive(now));
  publish(upload, 0, FailingUpload(now));
  publish(trace_self, 0, BusySelf());
  drills.Start(
      {.target = "fra-to-example", .loss = 0.3, .at_hop = 2, .length = std::chrono::minutes(10)},
      {std::make_shared<const TraceSnapshot>(EarlierTrace(now))},
      {.mono = clock.Now(), .wall = now});
  facts = SampleFacts(now);
  process = {.cpu_seconds = 1.25,
             .resident_bytes = 20971520,
             .virtual_bytes = 104857600,
             .open_fds = 17,
             .max_fds = 1024,
             .start_time = 1767222000.25};
}

MetricSources SampleWorld::Sources() const {
  MetricSources sources;
  sources.traces = &traces;
  sources.trace_self = &trace_self;
  sources.https = &https;
  sources.pulses = &pulses;
  sources.one_way = &one_way;
  sources.reflector = &reflector;
  sources.dns = &dns;
  sources.names = &names;
  sources.discovery = &discovery;
  sources.routes = &routes;
  sources.asn = &asn;
  sources.verdicts = &verdicts;
  sources.incidents = &incidents;
  sources.rules = &rules;
  sources.history = &history;
  sources.archive = &archive;
  sources.upload = &upload;
  sources.drills = &drills;
  sources.clock = &clock;
  sources.facts = [this] { return facts; };
  sources.process = [this] { return process; };
  return sources;
}

std::string MetricsPage(const MetricSources& sources) {
  std::string page;
  RenderMetrics(sources, [&](std::string_view piece) {
    page += piece;
    return true;
  });
  return page;
}

std::string GzipPage(const MetricSources& sources) {
  std::string page;
  RenderGzip(sources, [&](std::string_view piece) {
    page += piece;
    return true;
  });
  return page;
}

}  // namespace pathwitness
