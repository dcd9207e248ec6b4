#include "config/read_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "config/url.h"
#include "config/values.h"

namespace pathwitness {
namespace {

template <typename Value, std::size_t kCount>
auto OneOf(const std::array<std::pair<std::string_view, Value>, kCount>& names) {
  return [&names](std::string_view text) {
    const auto* const found = std::find_if(names.begin(), names.end(),
                                           [text](const auto& name) { return name.first == text; });
    return found == names.end() ? std::optional<Value>() : std::optional<Value>(found->second);
  };
}

template <typename Value, std::size_t kCount>
std::vector<std::string_view> NamesOf(
    const std::array<std::pair<std::string_view, Value>, kCount>& names) {
  std::vector<std::string_view> texts;
  texts.reserve(kCount);
  for (const auto& [name, value] : names) {
    texts.push_back(name);
  }
  return texts;
}

constexpr std::array<std::pair<std::string_view, TraceProtocol>, 3> kProtocolNames = {
    {{"icmp", TraceProtocol::Icmp}, {"udp", TraceProtocol::Udp}, {"tcp", TraceProtocol::Tcp}}};
constexpr std::array<std::pair<std::string_view, IpFamily>, 2> kFamilyNames = {
    {{"ipv4", IpFamily::Ipv4}, {"ipv6", IpFamily::Ipv6}}};
constexpr std::array<std::pair<std::string_view, OwnerSegment>, 5> kSegmentNames = {
    {{"source_lan", OwnerSegment::SourceLan},
     {"source_isp", OwnerSegment::SourceIsp},
     {"transit", OwnerSegment::Transit},
     {"ix", OwnerSegment::Ix},
     {"destination_as", OwnerSegment::DestinationAs}}};

std::optional<int> ParseStatus(std::string_view text) {
  const std::optional<std::uint64_t> number = ParseWholeNumber(text);
  constexpr std::uint64_t kLargest = 999;
  return number && *number <= kLargest ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

// "64500" and "AS64500" are the same.
std::optional<std::string> ParseNetwork(std::string_view text) {
  const std::optional<std::uint64_t> number = ParseWholeNumber(text);
  if (!number) {
    return text.empty() ? std::nullopt : std::optional(std::string(text));
  }
  const bool is_asn = *number > 0 && *number <= std::numeric_limits<std::uint32_t>::max();
  return is_asn ? std::optional(fmt::format("AS{}", *number)) : std::nullopt;
}

std::optional<std::string> ParseText(std::string_view text) {
  return std::string(text);
}

void ReadProbing(Section section, ProbingConfig& probing) {
  section.Read("packets_per_second", probing.packets_per_second);
  section.Read("packets_per_second_per_network", probing.packets_per_second_per_network);
  section.Read("packets_per_second_per_first_hop", probing.packets_per_second_per_first_hop);
  section.Read("https_concurrency", probing.https_concurrency);
  section.Read("https_requests_per_second_per_host", probing.https_requests_per_second_per_host);
  section.ReadByteSize("receive_buffer_bytes", probing.receive_buffer_bytes);
  section.Finish();
}

void ReadResolver(Section section, ResolverConfig& resolver) {
  section.ReadList("servers", resolver.servers, "text", ParseText);
  section.Read("timeout", resolver.timeout);
  section.Read("attempts", resolver.attempts);
  section.Read("min_ttl", resolver.min_ttl);
  section.Read("max_ttl", resolver.max_ttl);
  section.Read("retry_interval", resolver.retry_interval);
  section.Finish();
}

void ReadPtr(Section section, PtrConfig& ptr) {
  section.Read("enabled", ptr.enabled);
  section.Read("lookups_per_second", ptr.lookups_per_second);
  section.Read("max_names", ptr.max_names);
  section.Finish();
}

constexpr std::array<std::pair<std::string_view, HopSeries>, 3> kHopSeriesNames = {
    {{"always", HopSeries::Always},
     {"on_incident", HopSeries::OnIncident},
     {"never", HopSeries::Never}}};

void ReadHopSeries(Section& section, HopSeries& hop_series) {
  std::string name(kHopSeriesNames.at(static_cast<std::size_t>(hop_series)).first);
  section.Read("hop_series", name);
  const std::optional<HopSeries> known = OneOf(kHopSeriesNames)(name);
  if (section.Has("hop_series") && !known) {
    section.AddProblem("hop_series", "must be one of always, on_incident, never");
  }
  hop_series = known.value_or(hop_series);
}

void ReadMetrics(Section section, MetricsConfig& metrics) {
  section.ReadList("rtt_buckets", metrics.rtt_buckets, "a number of seconds", ParseNumber);
  section.ReadList("https_buckets", metrics.https_buckets, "a number of seconds", ParseNumber);
  ReadHopSeries(section, metrics.hop_series);
  section.Read("max_hop_series", metrics.max_hop_series);
  section.Finish();
}

// True when the document says here which protocols to use.
bool ReadTrace(Section section, TraceConfig& trace) {
  section.ReadList("protocols", trace.protocols, "one of icmp, udp, tcp", OneOf(kProtocolNames));
  section.Read("port", trace.port);
  section.Read("interval", trace.interval);
  section.Read("end_to_end_interval", trace.end_to_end_interval);
  section.Read("timeout", trace.timeout);
  section.Read("max_ttl", trace.max_ttl);
  section.Read("gap_limit", trace.gap_limit);
  section.Read("flows", trace.flows);
  section.Read("probes_per_hop", trace.probes_per_hop);
  section.Read("payload_bytes", trace.payload_bytes);
  section.Finish();
  return section.Has("protocols");
}

void ReadTls(Section section, TlsClientConfig& tls) {
  section.Read("ca_file", tls.ca_file);
  section.Read("cert_file", tls.cert_file);
  section.Read("key_file", tls.key_file);
  section.Read("server_name", tls.server_name);
  section.Read("insecure_skip_verify", tls.insecure_skip_verify);
  section.Finish();
}

// All of a request but its URL, which has no default.
void ReadRequestSettings(Section& section, HttpRequestConfig& request) {
  section.Read("method", request.method);
  section.ReadTexts("headers", request.headers);
  section.Read("body", request.body);
  section.Read("timeout", request.timeout);
  section.ReadByteSize("max_body_bytes", request.max_body_bytes);
  Section redirects = section.Sub("redirects");
  redirects.Read("follow", request.follow_redirects);
  redirects.Read("max", request.max_redirects);
  redirects.Finish();
  ReadTls(section.Sub("tls"), request.tls);
  section.Read("proxy", request.proxy);
  Section basic_auth = section.Sub("basic_auth");
  basic_auth.Read("username", request.basic_auth_username);
  basic_auth.Read("password_file", request.basic_auth_password_file);
  basic_auth.Finish();
  section.Read("bearer_token_file", request.bearer_token_file);
}

void ReadUrl(Section& section, HttpRequestConfig& request) {
  section.Read("url", request.url);
  section.Require("url");
}

HeaderMatcher ReadHeaderMatcher(Section& section) {
  HeaderMatcher matcher;
  section.Read("header", matcher.header);
  section.Require("header");
  section.Read("regex", matcher.regex);
  section.Read("forbidden", matcher.is_forbidden);
  section.Read("allow_missing", matcher.allow_missing);
  return matcher;
}

void ReadHttpsSettings(Section& section, HttpsConfig& https) {
  ReadRequestSettings(section, https.request);
  section.Read("interval", https.interval);
  Section expect = section.Sub("expect");
  expect.ReadList("status", https.expect.status, "a status code", ParseStatus);
  expect.ReadMaps("headers", https.expect.headers, ReadHeaderMatcher);
  expect.Read("body_matches", https.expect.body_matches);
  expect.Read("body_matches_not", https.expect.body_matches_not);
  expect.Finish();
}

void ReadPulseTimes(Section& section, PulseConfig& pulse) {
  section.Read("interval", pulse.interval);
  section.Read("expected_interval", pulse.expected_interval);
}

// Reads the section of one kind of pulse; true when the document has it.
bool ReadPulseKind(Section section, PulseKind kind, PulseConfig& pulse) {
  PulseConfig read = pulse;
  read.kind = kind;
  switch (kind) {
    case PulseKind::HttpHeader:
      ReadUrl(section, read.request);
      ReadRequestSettings(section, read.request);
      section.Read("header", read.header);
      break;
    case PulseKind::JsonField:
      ReadUrl(section, read.request);
      ReadRequestSettings(section, read.request);
      section.Read("pointer", read.json_pointer);
      break;
    case PulseKind::PrometheusSample:
      ReadUrl(section, read.request);
      ReadRequestSettings(section, read.request);
      section.Read("metric", read.metric);
      section.ReadTexts("labels", read.labels);
      break;
    case PulseKind::File:
      section.Read("path", read.path);
      break;
    case PulseKind::Push:
    case PulseKind::None:
      break;
  }
  section.Finish();
  if (section.IsPresent()) {
    pulse = read;
  }
  return section.IsPresent();
}

void ReadPulse(Section& section, PulseConfig& pulse) {
  ReadPulseTimes(section, pulse);
  int kinds = 0;
  kinds += ReadPulseKind(section.Sub("http_header"), PulseKind::HttpHeader, pulse) ? 1 : 0;
  kinds += ReadPulseKind(section.Sub("json_field"), PulseKind::JsonField, pulse) ? 1 : 0;
  kinds +=
      ReadPulseKind(section.Sub("prometheus_sample"), PulseKind::PrometheusSample, pulse) ? 1 : 0;
  kinds += ReadPulseKind(section.Sub("file"), PulseKind::File, pulse) ? 1 : 0;
  kinds += ReadPulseKind(section.Sub("push"), PulseKind::Push, pulse) ? 1 : 0;
  section.Finish();
  if (section.IsPresent() && kinds != 1) {
    section.AddProblem("", fmt::format("needs exactly one of http_header, json_field, "
                                       "prometheus_sample, file, push; it has {}",
                                       kinds));
  }
}

void ReadReflectorSettings(Section& section, ReflectorConfig& reflector) {
  section.ReadList("address", reflector.addresses, "an IPv4 or IPv6 address without port",
                   IpAddress::Parse);
  section.Read("port", reflector.port);
  section.Read("key_file", reflector.key_file);
  section.Read("interval", reflector.interval);
}

ReflectorConfig ReadReflector(Section section, const ReflectorConfig& defaults) {
  ReflectorConfig reflector = defaults;
  ReadReflectorSettings(section, reflector);
  if (section.IsPresent() && reflector.key_file.empty()) {
    section.AddProblem("key_file", "is required");
  }
  section.Finish();
  return section.IsPresent() ? reflector : ReflectorConfig();
}

void ReadRouteAndLabels(Section& section, TargetConfig& target) {
  section.ReadList("families", target.families, "one of ipv4, ipv6", OneOf(kFamilyNames));
  section.ReadList("source_address", target.route.source_addresses,
                   "an IPv4 or IPv6 address without port", IpAddress::Parse);
  section.Read("interface", target.route.interface);
  section.Read("mark", target.route.mark);
  section.ReadTexts("labels", target.labels);
  section.ReadList("expect_transit", target.expect_transit, "an AS number or an owner's name",
                   ParseNetwork);
}

// What targets start from; a URL has no default, and neither has the kind of a pulse.
TargetConfig ReadDefaults(Section section) {
  TargetConfig defaults;
  ReadRouteAndLabels(section, defaults);
  ReadTrace(section.Sub("trace"), defaults.trace);
  Section https = section.Sub("https");
  ReadHttpsSettings(https, defaults.https);
  https.Finish();
  Section pulse = section.Sub("pulse");
  ReadPulseTimes(pulse, defaults.pulse);
  pulse.Finish();
  Section reflector = section.Sub("reflector");
  ReadReflectorSettings(reflector, defaults.reflector);
  reflector.Finish();
  section.Finish();
  return defaults;
}

TargetConfig ReadTarget(Section& section, const TargetConfig& defaults) {
  TargetConfig target = defaults;
  section.Read("name", target.name);
  bool is_removed = false;
  section.Read("remove", is_removed);
  if (section.Has("remove")) {
    section.AddProblem("remove",
                       "nothing to remove: only an environment removes targets, those "
                       "of the files below it");
  }
  section.Read("host", target.host);
  ReadRouteAndLabels(section, target);
  const bool names_protocols = ReadTrace(section.Sub("trace"), target.trace);

  Section https = section.Sub("https");
  ReadUrl(https, target.https.request);
  ReadHttpsSettings(https, target.https);
  https.Finish();
  if (!https.IsPresent()) {
    target.https = {};
  } else if (!section.Has("host")) {
    target.host = ParseUrl(target.https.request.url).value_or(UrlParts{}).host;
  }

  Section pulse = section.Sub("pulse");
  ReadPulse(pulse, target.pulse);
  if (!pulse.IsPresent()) {
    target.pulse = {};
  }
  target.reflector = ReadReflector(section.Sub("reflector"), defaults.reflector);
  if (target.host.empty() && !names_protocols) {
    target.trace.protocols.clear();
  }
  return target;
}

AlertOverride ReadAlertOverride(Section& section) {
  AlertOverride read;
  section.Read("alert", read.alert);
  section.Require("alert");
  section.Read("tier", read.tier);
  section.Read("target", read.target);
  if (section.Has("threshold")) {
    section.Read("threshold", read.threshold.emplace());
  } else {
    double none = 0;
    section.Read("threshold", none);
  }
  section.Read("disabled", read.is_disabled);
  if (section.IsPresent() && read.threshold.has_value() == read.is_disabled) {
    section.AddProblem("", "needs exactly one of 'threshold' and 'disabled: true'");
  }
  for (const auto& [key, text] : {std::pair{"reason", &read.reason}, {"owner", &read.owner}}) {
    section.Read(key, *text);
    section.Require(key);
  }
  section.ReadDay("expires", read.expires);
  section.Require("expires");
  return read;
}

HttpSourceConfig ReadHttpSource(Section& section) {
  HttpSourceConfig source;
  ReadUrl(section, source.request);
  ReadRequestSettings(section, source.request);
  section.Read("interval", source.interval);
  return source;
}

void ReadDiscovery(Section section, DiscoveryConfig& discovery) {
  section.ReadList("target_files", discovery.target_files, "a path or glob", ParseText);
  section.ReadMaps("target_http", discovery.target_http, ReadHttpSource);
  section.Finish();
}

void ReadAsnDatabase(Section section, AsnDatabaseConfig& database) {
  section.Read("path", database.path);
  section.Read("check_interval", database.check_interval);
  section.Finish();
}

void ReadPrefixes(Section& section, std::vector<IpPrefix>& prefixes) {
  section.ReadList("prefix", prefixes, "a prefix such as 192.0.2.0/24, without host bits",
                   IpPrefix::Parse);
}

OwnerConfig ReadOwner(Section& section) {
  OwnerConfig owner;
  ReadPrefixes(section, owner.prefixes);
  section.Read("name", owner.name);
  section.Require("name");
  section.Read("asn", owner.asn);
  section.Read("contact", owner.contact);
  std::string segment;
  section.Read("segment", segment);
  const std::optional<OwnerSegment> known = OneOf(kSegmentNames)(segment);
  if (section.Has("segment") && !known) {
    section.AddProblem("segment", fmt::format("unknown segment {}; {}", Quote(segment),
                                              Suggest(segment, NamesOf(kSegmentNames))));
  }
  owner.segment = known.value_or(OwnerSegment::ByPosition);
  return owner;
}

ExchangeConfig ReadExchange(Section& section) {
  ExchangeConfig exchange;
  ReadPrefixes(section, exchange.prefixes);
  section.Require("prefix");
  section.Read("name", exchange.name);
  section.Require("name");
  return exchange;
}

HttpRequestConfig ReadPrometheus(Section& section) {
  HttpRequestConfig request;
  request.max_body_bytes = 16U << 20U;  // rules come with the alerts that are active
  ReadUrl(section, request);
  ReadRequestSettings(section, request);
  return request;
}

void ReadAlerting(Section section, AlertingConfig& alerting) {
  section.Read("rules", alerting.rules);
  section.Read("runbooks", alerting.runbooks);
  section.ReadMaps("prometheus", alerting.prometheus, ReadPrometheus);
  section.Read("interval", alerting.interval);
  section.Finish();
}

void ReadLinks(Section section, LinksConfig& links) {
  section.Read("dashboards", links.dashboards);
  section.Read("runbooks", links.runbooks);
  section.Read("evidence", links.evidence);
  section.Finish();
}

void ReadStatusPage(Section section, StatusPageConfig& status_page) {
  section.Read("title", status_page.title);
  section.ReadTexts("labels", status_page.labels);
  section.Read("owners", status_page.has_owners);
  section.Read("follow_ups", status_page.has_follow_ups);
  section.Finish();
}

void ReadHistory(Section section, HistoryConfig& history) {
  section.Read("enabled", history.is_enabled);
  section.Read("directory", history.directory);
  section.Read("fine_retention", history.fine_retention);
  section.Read("coarse_retention", history.coarse_retention);
  section.Read("incident_retention", history.incident_retention);
  section.ReadByteSize("max_bytes", history.max_bytes);
  section.Finish();
}

void ReadArchive(Section section, ArchiveConfig& archive) {
  section.Read("directory", archive.directory);
  section.Read("retention", archive.retention);
  section.ReadByteSize("max_bytes", archive.max_bytes);
  section.ReadByteSize("min_free_bytes", archive.min_free_bytes);
  section.Read("every", archive.every);
  section.Finish();
}

void ReadUpload(Section section, UploadConfig& upload) {
  section.Read("endpoint", upload.endpoint);
  section.Read("bucket", upload.bucket);
  section.Read("region", upload.region);
  section.Read("prefix", upload.prefix);
  section.Read("path_style", upload.path_style);
  section.Read("access_key_file", upload.access_key_file);
  section.Read("secret_key_file", upload.secret_key_file);
  section.Read("session_token_file", upload.session_token_file);
  section.Read("server_side_encryption", upload.server_side_encryption);
  section.Read("kms_key_id", upload.kms_key_id);
  section.Read("timeout", upload.timeout);
  section.Read("proxy", upload.proxy);
  ReadTls(section.Sub("tls"), upload.tls);
  section.Finish();
}

void ReadReload(Section section, ReloadConfig& reload) {
  section.Read("watch", reload.watch);
  section.Finish();
}

}  // namespace

Config ReadConfig(Section root) {
  Config config;
  ReadProbing(root.Sub("probing"), config.probing);
  ReadResolver(root.Sub("resolver"), config.resolver);
  ReadPtr(root.Sub("ptr"), config.ptr);
  ReadMetrics(root.Sub("metrics"), config.metrics);
  root.Read("state_directory", config.state_directory);
  ReadArchive(root.Sub("archive"), config.archive);
  ReadUpload(root.Sub("upload"), config.upload);
  Section probe = root.Sub("probe");
  probe.ReadList("allow", config.probe_allow, "a prefix such as 192.0.2.0/24, without host bits",
                 IpPrefix::Parse);
  probe.Finish();
  ReadDiscovery(root.Sub("discovery"), config.discovery);
  ReadAlerting(root.Sub("alerting"), config.alerting);
  ReadLinks(root.Sub("links"), config.links);
  ReadStatusPage(root.Sub("status_page"), config.status_page);
  ReadHistory(root.Sub("history"), config.history);
  ReadReload(root.Sub("reload"), config.reload);
  ReadAsnDatabase(root.Sub("asn_database"), config.asn_database);
  root.ReadMaps("owners", config.owners, ReadOwner);
  root.ReadMaps("exchanges", config.exchanges, ReadExchange);
  root.ReadList("anchors", config.anchors, "the name of a target", ParseText);
  root.ReadMaps("alert_overrides", config.alert_overrides, ReadAlertOverride);
  config.target_defaults = ReadDefaults(root.Sub("defaults"));
  root.ReadMaps("targets", config.targets,
                [&config](Section& target) { return ReadTarget(target, config.target_defaults); });
  root.Finish();
  return config;
}

}  // namespace pathwitness
