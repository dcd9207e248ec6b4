#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/shard.h"
#include "probes/base/ip_address.h"
#include "probes/base/time.h"

// What to measure, as plain values. The member defaults below are the built-in layer; files are
// laid over them by LoadConfig. docs/configuration.md documents every key.
namespace pathwitness {

enum class TraceProtocol : std::uint8_t { Icmp, Udp, Tcp };

/// Where a target's packets leave from; empty members leave the choice to the kernel.
struct RouteConfig {
  std::vector<IpAddress> source_addresses;  // at most one of each family
  std::string interface;
  std::uint32_t mark = 0;  // SO_MARK; 0: none

  bool operator==(const RouteConfig&) const = default;
};

struct TraceConfig {
  std::vector<TraceProtocol> protocols;  // empty: the target is not traced
  std::uint16_t port = 443;              // of UDP and TCP probes
  Duration interval = std::chrono::seconds(10);
  Duration end_to_end_interval = std::chrono::seconds(1);
  Duration timeout = std::chrono::seconds(2);  // an answer after this is late, after 3x it is lost
  unsigned max_ttl = 30;
  unsigned gap_limit = 5;       // silent hops in a row after which the trace goes no further
  unsigned flows = 4;           // distinct 5-tuples that rounds rotate among
  unsigned probes_per_hop = 1;  // per round
  unsigned payload_bytes = 32;  // behind the ICMP, UDP or TCP header; TCP SYN carries none

  bool operator==(const TraceConfig&) const = default;
};

/// A header that must (or must not) match a regular expression (RE2).
struct HeaderMatcher {
  std::string header;  // compared case-insensitively
  std::string regex;
  bool is_forbidden = false;  // true: fails when it matches
  bool allow_missing = false;

  bool operator==(const HeaderMatcher&) const = default;
};

struct HttpsExpectation {
  std::vector<int> status = {};  // empty: any 2xx
  std::vector<HeaderMatcher> headers;
  std::string body_matches;      // regular expression; empty: not checked
  std::string body_matches_not;  // regular expression; empty: not checked

  bool operator==(const HttpsExpectation&) const = default;
};

struct TlsClientConfig {
  std::string ca_file;    // empty: the system's bundle
  std::string cert_file;  // client certificate, with key_file
  std::string key_file;
  std::string server_name;  // SNI and the name to verify; empty: the URL's host
  bool insecure_skip_verify = false;

  bool operator==(const TlsClientConfig&) const = default;
};

/// How one HTTP request is made; shared by `https` and the `pulse` kinds that fetch a URL.
struct HttpRequestConfig {
  std::string url;
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Duration timeout = std::chrono::seconds(10);
  bool follow_redirects = false;
  unsigned max_redirects = 10;
  std::uint64_t max_body_bytes = 1U << 20U;  // reading stops there
  TlsClientConfig tls;
  std::string proxy;
  std::string basic_auth_username;
  std::string basic_auth_password_file;
  std::string bearer_token_file;

  bool operator==(const HttpRequestConfig&) const = default;
};

struct HttpsConfig {
  HttpRequestConfig request;  // an empty url: the target has no HTTPS probe
  Duration interval = std::chrono::seconds(30);
  HttpsExpectation expect;

  bool operator==(const HttpsConfig&) const = default;
};

enum class PulseKind : std::uint8_t { None, HttpHeader, JsonField, PrometheusSample, File, Push };

/// The freshness of something else. The timestamp found is exported; its age is judged by alerts.
struct PulseConfig {
  PulseKind kind = PulseKind::None;
  HttpRequestConfig request;  // kinds HttpHeader, JsonField, PrometheusSample
  std::string header = "Last-Modified";
  std::string json_pointer;  // RFC 6901; a Unix time (s) or RFC 3339 text stands there
  std::string metric;        // Prometheus sample whose value is a Unix time (s)
  std::map<std::string, std::string> labels;     // that the sample must carry, maybe among others
  std::string path;                              // kind File
  Duration interval = std::chrono::seconds(30);  // how often to look; Push: how often to flush
  Duration expected_interval = std::chrono::minutes(5);  // how often a beat is due

  bool operator==(const PulseConfig&) const = default;
};

/// The reflector of another pathwitness, which counts what arrives there. docs/reflector.md.
struct ReflectorConfig {
  std::string key_file;              // empty: the target has no reflector
  std::vector<IpAddress> addresses;  // at most one of each family; empty: the host's
  std::uint16_t port = 10060;        // UDP
  Duration interval = std::chrono::milliseconds(500);  // between requests

  bool operator==(const ReflectorConfig&) const = default;
};

struct TargetConfig {
  std::string name;                // by convention <from>-to-<destination>
  std::string host;                // a name or an address; may be empty when only `pulse` is set
  std::vector<IpFamily> families;  // empty: those that resolve
  RouteConfig route;
  TraceConfig trace;
  HttpsConfig https;
  PulseConfig pulse;
  ReflectorConfig reflector;
  std::map<std::string, std::string> labels;  // only on target_info
  /// Networks that its path may pass beside its own ends: "AS64500" or the name of an owner.
  /// Empty: any.
  std::vector<std::string> expect_transit;

  bool operator==(const TargetConfig&) const = default;
};

struct ProbingConfig {
  double packets_per_second = 2000;             // budget over all targets
  double packets_per_second_per_network = 500;  // hop probes towards one /24 or /48; 0: no limit
  double packets_per_second_per_first_hop = 0;  // hop probes by one source; 0: no limit
  unsigned https_concurrency = 4;               // handshakes at a time: more distort the timings
  double https_requests_per_second_per_host = 1;
  std::uint64_t receive_buffer_bytes = 64U << 20U;  // of every packet socket

  bool operator==(const ProbingConfig&) const = default;
};

struct ResolverConfig {
  std::vector<std::string> servers;  // "192.0.2.53" or "192.0.2.53:5353"; empty: resolv.conf's
  Duration timeout = std::chrono::seconds(2);  // per attempt
  unsigned attempts = 2;
  Duration min_ttl = std::chrono::seconds(5);  // an answer is used at least this long
  Duration max_ttl = std::chrono::minutes(5);  // and asked for again at the latest after this
  Duration retry_interval = std::chrono::seconds(10);  // after a failed lookup

  bool operator==(const ResolverConfig&) const = default;
};

/// The names that routers have in DNS, asked for by their addresses (PTR records).
struct PtrConfig {
  bool enabled = true;
  unsigned lookups_per_second = 20;  // of routers seen first and of names whose TTL is over
  std::uint64_t max_names = 20'000;  // remembered, about 200 bytes each; others have no name

  bool operator==(const PtrConfig&) const = default;
};

/// Which targets have series of their hops. OnIncident: those in trouble, and an hour longer.
enum class HopSeries : std::uint8_t { Always, OnIncident, Never };

struct MetricsConfig {
  std::vector<double> rtt_buckets = {.0005, .001, .0025, .005, .01, .025, .05,
                                     .1,    .2,   .4,    .8,   1.6, 3.2};
  std::vector<double> https_buckets = {.05, .1, .2, .3, .5, .75, 1, 1.5, 2, 2.5, 4, 5, 10, 30};
  HopSeries hop_series = HopSeries::Always;
  std::uint64_t max_hop_series = 1'000'000;  // of all targets together; those in trouble go first

  bool operator==(const MetricsConfig&) const = default;
};

/// What one environment changes about one alert, with who answers for it and until when.
struct AlertOverride {
  std::string alert;   // a name of AlertCatalogue
  std::string tier;    // one of that alert's; empty (only when disabled): all of them
  std::string target;  // empty: the whole environment
  std::optional<double> threshold;
  bool is_disabled = false;  // exactly one of this and `threshold`
  std::string reason;
  std::string owner;
  std::chrono::sys_days expires{};  // UTC; in force until the end of that day

  bool operator==(const AlertOverride&) const = default;
};

/// The first moment at which the override is no longer in force.
constexpr WallTime EndOf(const AlertOverride& entry) {
  return entry.expires + std::chrono::days(1);
}

/// Expired overrides stay in the configuration, to be shown, but change nothing.
constexpr bool IsInForce(const AlertOverride& entry, WallTime now) {
  return now < EndOf(entry);
}

/// A URL that lists targets in Prometheus' http_sd form.
struct HttpSourceConfig {
  HttpRequestConfig request;
  Duration interval = std::chrono::minutes(1);

  bool operator==(const HttpSourceConfig&) const = default;
};

/// Where targets come from beside the files of the configuration itself.
struct DiscoveryConfig {
  std::vector<std::string> target_files;  // globs of files in Prometheus' file_sd form
  std::vector<HttpSourceConfig> target_http;

  bool operator==(const DiscoveryConfig&) const = default;
};

/// Where on a path the addresses of an owner lie, when the order of the hops is not to tell.
enum class OwnerSegment : std::uint8_t {
  ByPosition,
  SourceLan,
  SourceIsp,
  Transit,
  Ix,
  DestinationAs
};

/// Whose addresses are, over what the ASN database says. Two entries of one name are one owner.
struct OwnerConfig {
  std::vector<IpPrefix> prefixes;  // empty: all addresses that the database gives to `asn`
  std::string name;
  std::uint32_t asn = 0;  // 0: what the database says
  OwnerSegment segment = OwnerSegment::ByPosition;
  std::string contact;  // whom verdicts that name it say to ask; empty: unknown

  bool operator==(const OwnerConfig&) const = default;
};

/// The networks in which the members of an Internet exchange meet.
struct ExchangeConfig {
  std::vector<IpPrefix> prefixes;
  std::string name;

  bool operator==(const ExchangeConfig&) const = default;
};

/// A file in MaxMind's DB format that tells the AS of an address.
struct AsnDatabaseConfig {
  std::string path;                                   // empty: none
  Duration check_interval = std::chrono::minutes(1);  // how often to look whether it was replaced

  bool operator==(const AsnDatabaseConfig&) const = default;
};

/// What is kept on disk of what was measured. More time costs disk only: about 110 bytes a path and
/// fine bucket, 200 a path and coarse one, at 15 hops.
struct HistoryConfig {
  bool is_enabled = true;
  std::string directory;                                // empty: "history" in the state directory
  Duration fine_retention = std::chrono::hours(2);      // of buckets of 10 s
  Duration coarse_retention = std::chrono::days(14);    // of buckets of a minute, and of routes
  Duration incident_retention = std::chrono::days(90);  // of incidents, with 15 min around them
  std::uint64_t max_bytes = std::uint64_t{4} << 30U;    // the oldest goes when there is more

  bool operator==(const HistoryConfig&) const = default;
};

struct ReloadConfig {
  bool watch = false;  // load again when a file that was read changes

  bool operator==(const ReloadConfig&) const = default;
};

/// Where reports are kept on this machine. docs/evidence.md.
struct ArchiveConfig {
  std::string directory;  // empty: "archive" in the state directory
  Duration retention = std::chrono::hours(24 * 14);
  std::uint64_t max_bytes = 4ULL << 30U;       // of all reports, in blocks of the disk
  std::uint64_t min_free_bytes = 1ULL << 30U;  // nothing is written while less than this is free
  Duration every = std::chrono::minutes(5);    // how often a target in trouble has a report

  bool operator==(const ArchiveConfig&) const = default;
};

/// The S3 bucket that gets a copy of each report. docs/evidence.md.
struct UploadConfig {
  std::string endpoint;  // root URL of the service; empty: no uploads
  std::string bucket;
  std::string region = "us-east-1";
  std::string prefix;           // of all keys, without a slash at its ends; empty: none
  bool path_style = true;       // the bucket in the path; false: in the host's name
  std::string access_key_file;  // with secret_key_file; empty: AWS_ACCESS_KEY_ID and its like
  std::string secret_key_file;
  std::string session_token_file;               // of temporary keys; empty: none
  std::string server_side_encryption;           // AES256 or aws:kms; empty: as the bucket is set up
  std::string kms_key_id;                       // with aws:kms; empty: the service's own key
  Duration timeout = std::chrono::seconds(30);  // of one file
  TlsClientConfig tls;
  std::string proxy;

  bool operator==(const UploadConfig&) const = default;
};

/// The alert rules that are shipped, and which Prometheus servers are to run just these.
struct AlertingConfig {
  std::string rules = "../alerts/rules";  // a folder
  std::string runbooks;                   // a folder; empty: "runbooks" beside that of the rules
  std::vector<HttpRequestConfig> prometheus;    // their root URLs
  Duration interval = std::chrono::minutes(5);  // how often their rules are compared

  bool operator==(const AlertingConfig&) const = default;
};

/// Where the links in alerts lead: URLs without a slash at the end.
struct LinksConfig {
  std::string dashboards = "http://localhost:3000";  // Grafana
  std::string runbooks = "http://localhost:10059/runbooks";
  std::string evidence = "http://localhost:10059";  // this exporter, as people reach it

  bool operator==(const LinksConfig&) const = default;
};

/// What the page at /status/ tells everybody, beside names and states. docs/pages.md.
struct StatusPageConfig {
  std::string title = "Status";
  std::map<std::string, std::string> labels;  // of targets that it shows; empty: all of them
  bool has_owners = false;                    // who an incident is traced to
  bool has_follow_ups = false;                // what people wrote about incidents

  bool operator==(const StatusPageConfig&) const = default;
};

struct Config {
  ProbingConfig probing;
  ResolverConfig resolver;
  PtrConfig ptr;
  MetricsConfig metrics;
  std::string state_directory = "/var/lib/pathwitness";  // what survives a restart
  ArchiveConfig archive;
  UploadConfig upload;
  std::vector<IpPrefix> probe_allow;  // hosts that /probe may measure beside configured targets
  TargetConfig target_defaults;       // what a target that says nothing gets
  std::vector<TargetConfig> targets;
  std::vector<AlertOverride> alert_overrides;  // expired ones too: see IsInForce
  DiscoveryConfig discovery;
  AlertingConfig alerting;
  LinksConfig links;
  StatusPageConfig status_page;
  ReloadConfig reload;
  HistoryConfig history;
  AsnDatabaseConfig asn_database;
  std::vector<OwnerConfig> owners;
  std::vector<ExchangeConfig> exchanges;
  std::vector<std::string> anchors;  // targets that are up as long as this machine's uplink is

  Shard shard;  // of the command line; `targets` are those of all shards until TakeShare
  std::string environment = "default";
  std::string sha256;  // of what was loaded, hexadecimal

  bool operator==(const Config&) const = default;
};

}  // namespace pathwitness
