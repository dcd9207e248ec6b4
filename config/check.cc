#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "config/load.h"
#include "config/url.h"
#include "config/values.h"

namespace pathwitness {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kDay = hours(24);

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsLetterOrDigit(char c) {
  return IsLetter(c) || (c >= '0' && c <= '9');
}

template <typename IsAllowed>
bool HasOnly(std::string_view text, IsAllowed is_allowed) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_allowed);
}

bool IsTargetName(std::string_view name) {
  constexpr std::size_t kLongest = 128;
  return name.size() <= kLongest &&
         HasOnly(name,
                 [](char c) {
                   return IsLetterOrDigit(c) || c == '.' || c == '_' || c == ':' || c == '-';
                 }) &&
         IsLetterOrDigit(name.front());
}

// Source: Prometheus, "Data model", metric names and labels.
bool IsLabelName(std::string_view name) {
  return HasOnly(name, [](char c) { return IsLetterOrDigit(c) || c == '_'; }) &&
         (IsLetter(name.front()) || name.front() == '_');
}

bool IsMetricName(std::string_view name) {
  return HasOnly(name, [](char c) { return IsLetterOrDigit(c) || c == '_' || c == ':'; }) &&
         !(name.front() >= '0' && name.front() <= '9');
}

// Source: RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return HasOnly(text, [kMarks](char c) {
    return IsLetterOrDigit(c) || kMarks.find(c) != std::string_view::npos;
  });
}

bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

template <typename Value>
bool HasDuplicates(std::vector<Value> values) {
  std::sort(values.begin(), values.end());
  return std::adjacent_find(values.begin(), values.end()) != values.end();
}

std::string InLowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return text;
}

// The families that a target may be probed over, as far as is known before its name is resolved.
std::vector<IpFamily> PossibleFamilies(const TargetConfig& target) {
  if (const std::optional<IpAddress> literal = IpAddress::Parse(target.host)) {
    return {literal->Family()};
  }
  if (!target.families.empty()) {
    return target.families;
  }
  return {IpFamily::Ipv4, IpFamily::Ipv6};
}

bool Contains(const std::vector<IpFamily>& families, IpFamily family) {
  return std::find(families.begin(), families.end(), family) != families.end();
}

// The problems below one key.
class Checker {
 public:
  Checker(std::string path, std::vector<ConfigProblem>& problems)
      : path_(std::move(path)), problems_(problems) {}

  Checker Below(std::string_view key) { return {Path(key), problems_}; }

  void Add(std::string_view key, std::string what) {
    problems_.push_back({"", 0, 0, Path(key), std::move(what)});
  }

  void Require(bool holds, std::string_view key, std::string what) {
    if (!holds) {
      Add(key, std::move(what));
    }
  }

  void Range(std::string_view key, Duration value, Duration low, Duration high) {
    Require(value >= low && value <= high, key,
            fmt::format("must be {} to {}, not {}", FormatDuration(low), FormatDuration(high),
                        FormatDuration(value)));
  }

  template <typename Number>
  void Range(std::string_view key, Number value, Number low, Number high) {
    Require(value >= low && value <= high, key,
            fmt::format("must be {} to {}, not {}", low, high, value));
  }

  void Regex(std::string_view key, const std::string& expression) {
    constexpr std::size_t kLongest = 1000;
    if (expression.size() > kLongest) {
      Add(key, fmt::format("is longer than {} characters", kLongest));
      return;
    }
    const RE2 compiled(expression, RE2::Quiet);
    if (!compiled.ok()) {
      Add(key, fmt::format("is no regular expression (RE2): {}", compiled.error()));
    }
  }

 private:
  std::string Path(std::string_view key) const {
    return path_.empty() || key.empty() ? fmt::format("{}{}", path_, key)
                                        : fmt::format("{}.{}", path_, key);
  }

  std::string path_;
  std::vector<ConfigProblem>& problems_;
};

void CheckProbing(const ProbingConfig& probing, Checker check) {
  check.Range("packets_per_second", probing.packets_per_second, 1.0, 1e6);
  check.Range("packets_per_second_per_network", probing.packets_per_second_per_network, 0.0, 1e6);
  check.Range("packets_per_second_per_first_hop", probing.packets_per_second_per_first_hop, 0.0,
              1e6);
  check.Range("https_concurrency", probing.https_concurrency, 1U, 1000U);
  check.Range("https_requests_per_second_per_host", probing.https_requests_per_second_per_host,
              0.001, 1000.0);
  constexpr std::uint64_t kSmallest = 64U << 10U;
  constexpr std::uint64_t kLargest = 1U << 30U;
  check.Require(
      probing.receive_buffer_bytes >= kSmallest && probing.receive_buffer_bytes <= kLargest,
      "receive_buffer_bytes", "must be 64KiB to 1GiB");
}

// "192.0.2.53", "192.0.2.53:53", "2001:db8::53" or "[2001:db8::53]:53".
bool IsServer(const std::string& server) {
  if (IpAddress::Parse(server)) {
    return true;
  }
  const std::optional<UrlParts> parts = ParseUrl("http://" + server);
  return parts && IpAddress::Parse(parts->host) && !parts->has_user_info &&
         server.find_first_of("/?#") == std::string::npos;
}

void CheckResolver(const ResolverConfig& resolver, Checker check) {
  for (std::size_t i = 0; i < resolver.servers.size(); ++i) {
    check.Require(IsServer(resolver.servers[i]), fmt::format("servers[{}]", i),
                  fmt::format("must be an address such as 192.0.2.53, 192.0.2.53:5353 or "
                              "[2001:db8::53]:5353, not {}",
                              Quote(resolver.servers[i])));
  }
  check.Range("timeout", resolver.timeout, milliseconds(100), seconds(30));
  check.Range("attempts", resolver.attempts, 1U, 10U);
  check.Range("min_ttl", resolver.min_ttl, seconds(1), kDay);
  check.Range("max_ttl", resolver.max_ttl, seconds(1), kDay);
  check.Require(resolver.min_ttl <= resolver.max_ttl, "min_ttl",
                fmt::format("must not be above max_ttl ({})", FormatDuration(resolver.max_ttl)));
  check.Range("retry_interval", resolver.retry_interval, seconds(1), hours(1));
}

void CheckBuckets(const std::vector<double>& buckets, std::string_view key, Checker& check) {
  constexpr std::size_t kMost = 40;
  check.Require(!buckets.empty(), key, "is empty; a histogram needs a bucket");
  check.Require(buckets.size() <= kMost, key,
                fmt::format("has {} buckets; {} are allowed", buckets.size(), kMost));
  const bool is_ascending =
      std::adjacent_find(buckets.begin(), buckets.end(), std::greater_equal<>()) == buckets.end();
  check.Require(is_ascending && (buckets.empty() || buckets.front() > 0), key,
                "must be above 0 and ascending, each once");
}

void CheckFamilies(const TargetConfig& target, Checker& check) {
  check.Require(!HasDuplicates(target.families), "families", "names a family twice");
  const std::optional<IpAddress> literal = IpAddress::Parse(target.host);
  if (literal && !target.families.empty()) {
    check.Require(Contains(target.families, literal->Family()), "families",
                  fmt::format("do not include {}, which the host {} is of",
                              FamilyName(literal->Family()), target.host));
  }
}

void CheckRoute(const TargetConfig& target, Checker& check) {
  constexpr std::size_t kLongestInterface = 15;
  const std::string& interface = target.route.interface;
  check.Require(
      interface.size() <= kLongestInterface && interface.find_first_of("/ \t") == std::string::npos,
      "interface",
      fmt::format("must be at most {} characters without space or '/', not {}", kLongestInterface,
                  Quote(interface)));
  std::vector<IpFamily> families;
  bool is_usable = target.route.source_addresses.empty();
  const std::vector<IpFamily> possible = PossibleFamilies(target);
  for (const IpAddress& address : target.route.source_addresses) {
    families.push_back(address.Family());
    is_usable = is_usable || Contains(possible, address.Family());
  }
  check.Require(!HasDuplicates(families), "source_address", "has two addresses of one family");
  check.Require(is_usable, "source_address",
                "is of a family that the target is not probed over; see families and host");
}

void CheckLabels(const std::map<std::string, std::string>& labels, Checker& check) {
  constexpr std::array<std::string_view, 3> kTaken = {"target", "host", "port"};
  for (const auto& [name, value] : labels) {
    const std::string key = "labels." + name;
    check.Require(IsLabelName(name) && !name.starts_with("__"), key,
                  "is no label name: letters, digits and '_', no digit first, no '__' first");
    check.Require(std::find(kTaken.begin(), kTaken.end(), name) == kTaken.end(), key,
                  "is a label that target_info has already; choose another name");
  }
}

void CheckTrace(const TraceConfig& trace, Checker check) {
  check.Require(!HasDuplicates(trace.protocols), "protocols", "names a protocol twice");
  check.Range("port", unsigned{trace.port}, 1U, 65535U);
  check.Range("interval", trace.interval, seconds(1), hours(1));
  check.Range("end_to_end_interval", trace.end_to_end_interval, milliseconds(100), hours(1));
  check.Require(trace.end_to_end_interval <= trace.interval, "end_to_end_interval",
                fmt::format("must not be above interval ({})", FormatDuration(trace.interval)));
  check.Range("timeout", trace.timeout, milliseconds(10), hours(1));
  check.Require(trace.timeout < trace.interval, "timeout",
                fmt::format("must be below interval ({})", FormatDuration(trace.interval)));
  check.Range("max_ttl", trace.max_ttl, 1U, 64U);
  check.Range("gap_limit", trace.gap_limit, 1U, 64U);
  check.Range("flows", trace.flows, 1U, 64U);
  check.Range("probes_per_hop", trace.probes_per_hop, 1U, 10U);
  check.Range("payload_bytes", trace.payload_bytes, 10U, 1400U);
}

void CheckUrl(const std::string& url, std::string_view key, Checker& check) {
  if (url.empty()) {
    check.Add(key, "is required");
    return;
  }
  const std::optional<UrlParts> parts = ParseUrl(url);
  check.Require(parts.has_value(), key,
                "must be an http:// or https:// URL with a valid host and port, without spaces");
  // Not quoted: what stands there may be a password.
  check.Require(!parts || !parts->has_user_info, key,
                "holds a user name or password, which would be shown; use basic_auth");
}

void CheckHeaders(const HttpRequestConfig& request, Checker& check) {
  for (const auto& [name, value] : request.headers) {
    const std::string key = "headers." + name;
    check.Require(IsToken(name), key, "is no header name");
    check.Require(!HasLineBreak(value), key, "holds a line break or NUL");
    check.Require(InLowerCase(name) != "authorization", key,
                  "is a secret; use basic_auth.password_file or bearer_token_file");
  }
}

void CheckCredentials(const HttpRequestConfig& request, Checker& check) {
  check.Require(request.tls.cert_file.empty() == request.tls.key_file.empty(), "tls",
                "needs both cert_file and key_file, or neither");
  check.Require(request.basic_auth_username.empty() == request.basic_auth_password_file.empty(),
                "basic_auth", "needs both username and password_file, or neither");
  check.Require(request.basic_auth_username.empty() || request.bearer_token_file.empty(),
                "bearer_token_file", "cannot be used together with basic_auth");
  check.Require(!HasLineBreak(request.basic_auth_username) &&
                    request.basic_auth_username.find(':') == std::string::npos,
                "basic_auth.username", "holds ':' or a line break");
}

void CheckRequest(const HttpRequestConfig& request, Duration interval, Checker& check) {
  CheckUrl(request.url, "url", check);
  check.Require(IsToken(request.method), "method",
                fmt::format("{} is no HTTP method", Quote(request.method)));
  CheckHeaders(request, check);
  check.Range("timeout", request.timeout, milliseconds(100), hours(1));
  check.Require(request.timeout < interval, "timeout",
                fmt::format("must be below interval ({})", FormatDuration(interval)));
  check.Range("redirects.max", request.max_redirects, 0U, 50U);
  constexpr std::uint64_t kLargestBody = 64U << 20U;
  check.Require(request.max_body_bytes <= kLargestBody, "max_body_bytes", "must be at most 64MiB");
  check.Require(request.tls.server_name.empty() || IsHost(request.tls.server_name),
                "tls.server_name", "must be a host name without port");
  if (!request.proxy.empty()) {
    CheckUrl(request.proxy, "proxy", check);
  }
  CheckCredentials(request, check);
}

void CheckExpectation(const HttpsExpectation& expect, Checker check) {
  for (std::size_t i = 0; i < expect.status.size(); ++i) {
    check.Range(fmt::format("status[{}]", i), expect.status[i], 100, 599);
  }
  for (std::size_t i = 0; i < expect.headers.size(); ++i) {
    const HeaderMatcher& matcher = expect.headers[i];
    Checker below = check.Below(fmt::format("headers[{}]", i));
    below.Require(IsToken(matcher.header), "header",
                  fmt::format("{} is no header name", Quote(matcher.header)));
    below.Regex("regex", matcher.regex);
  }
  check.Regex("body_matches", expect.body_matches);
  check.Regex("body_matches_not", expect.body_matches_not);
}

void CheckHttps(const HttpsConfig& https, Checker check) {
  CheckRequest(https.request, https.interval, check);
  check.Range("interval", https.interval, seconds(1), hours(1));
  CheckExpectation(https.expect, check.Below("expect"));
}

bool IsFetched(PulseKind kind) {
  return kind == PulseKind::HttpHeader || kind == PulseKind::JsonField ||
         kind == PulseKind::PrometheusSample;
}

// Source: RFC 6901, 3.
bool IsJsonPointer(std::string_view pointer) {
  for (std::size_t at = pointer.find('~'); at < pointer.size(); at = pointer.find('~', at + 1)) {
    if (at + 1 == pointer.size() || (pointer[at + 1] != '0' && pointer[at + 1] != '1')) {
      return false;
    }
  }
  return pointer.starts_with('/');
}

void CheckPulseKind(const PulseConfig& pulse, Checker check) {
  if (IsFetched(pulse.kind)) {
    CheckRequest(pulse.request, pulse.interval, check);
  }
  check.Require(pulse.kind != PulseKind::HttpHeader || IsToken(pulse.header), "header",
                fmt::format("{} is no header name", Quote(pulse.header)));
  check.Require(pulse.kind != PulseKind::JsonField || IsJsonPointer(pulse.json_pointer), "pointer",
                fmt::format("must be a JSON pointer such as '/status/time', not {}",
                            Quote(pulse.json_pointer)));
  check.Require(pulse.kind != PulseKind::PrometheusSample || IsMetricName(pulse.metric), "metric",
                fmt::format("must be a metric's name, not {}", Quote(pulse.metric)));
  check.Require(pulse.kind != PulseKind::File || !pulse.path.empty(), "path", "is required");
  for (const auto& [name, value] : pulse.labels) {
    check.Require(IsLabelName(name), "labels." + name, "is no label name");
  }
}

void CheckPulse(const PulseConfig& pulse, Checker check) {
  check.Range("interval", pulse.interval, seconds(1), hours(1));
  check.Range("expected_interval", pulse.expected_interval, seconds(1), 366 * kDay);
  CheckPulseKind(pulse, check.Below(PulseKindKey(pulse.kind)));
}

void CheckReflector(const ReflectorConfig& reflector, Checker check) {
  std::vector<IpFamily> families;
  std::ranges::transform(reflector.addresses, std::back_inserter(families), &IpAddress::Family);
  check.Require(!HasDuplicates(families), "address", "has two addresses of one family");
  check.Range("port", unsigned{reflector.port}, 1U, 65535U);
  check.Range("interval", reflector.interval, milliseconds(100), hours(1));
}

bool NeedsAddressOfHost(const ReflectorConfig& reflector) {
  return !reflector.key_file.empty() && reflector.addresses.empty();
}

void CheckHost(const TargetConfig& target, Checker& check) {
  const bool needs_host = !target.trace.protocols.empty() || !target.https.request.url.empty() ||
                          NeedsAddressOfHost(target.reflector);
  if (target.host.empty()) {
    check.Require(!needs_host, "host",
                  "is required by trace, https and a reflector without address");
    return;
  }
  check.Require(IsHost(target.host), "host",
                fmt::format("must be a name or an address without scheme, port, brackets or path, "
                            "not {}",
                            Quote(target.host)));
}

void CheckTarget(const TargetConfig& target, Checker check) {
  check.Require(!target.name.empty(), "name", "is required");
  check.Require(target.name.empty() || IsTargetName(target.name), "name",
                fmt::format("must be 1 to 128 letters, digits, '.', '_', ':' or '-', the first a "
                            "letter or digit, not {}",
                            Quote(target.name)));
  CheckHost(target, check);
  CheckFamilies(target, check);
  CheckRoute(target, check);
  CheckLabels(target.labels, check);
  const bool is_traced = !target.trace.protocols.empty();
  const bool has_https = !target.https.request.url.empty();
  const bool has_pulse = target.pulse.kind != PulseKind::None;
  const bool has_reflector = !target.reflector.key_file.empty();
  if (is_traced) {
    CheckTrace(target.trace, check.Below("trace"));
  }
  if (has_https) {
    CheckHttps(target.https, check.Below("https"));
  }
  if (has_pulse) {
    CheckPulse(target.pulse, check.Below("pulse"));
  }
  if (has_reflector) {
    CheckReflector(target.reflector, check.Below("reflector"));
  }
  check.Require(is_traced || has_https || has_pulse || has_reflector, "",
                "has no probe; give it trace.protocols, https, pulse or reflector");
}

void CheckDiscovery(const DiscoveryConfig& discovery, Checker check) {
  for (std::size_t i = 0; i < discovery.target_files.size(); ++i) {
    check.Require(!discovery.target_files[i].empty(), fmt::format("target_files[{}]", i),
                  "is empty; give a path or glob");
  }
  for (std::size_t i = 0; i < discovery.target_http.size(); ++i) {
    const HttpSourceConfig& source = discovery.target_http[i];
    Checker below = check.Below(fmt::format("target_http[{}]", i));
    CheckRequest(source.request, source.interval, below);
    below.Range("interval", source.interval, seconds(1), kDay);
  }
}

// A root that paths are put behind.
void CheckRoot(const std::string& url, std::string_view key, Checker& check) {
  CheckUrl(url, key, check);
  check.Require(url.find_first_of("?#") == std::string::npos, key,
                "must end before a query or fragment: a path is put behind it");
}

void CheckAlerting(const AlertingConfig& alerting, Checker check) {
  check.Require(!alerting.rules.empty(), "rules", "is required");
  check.Range("interval", alerting.interval, seconds(1), kDay);
  std::set<std::string_view> urls;
  for (std::size_t i = 0; i < alerting.prometheus.size(); ++i) {
    const HttpRequestConfig& request = alerting.prometheus[i];
    Checker below = check.Below(fmt::format("prometheus[{}]", i));
    CheckRequest(request, alerting.interval, below);
    CheckRoot(request.url, "url", below);
    below.Require(urls.insert(request.url).second, "url", "is given twice");
  }
}

void CheckLinks(const LinksConfig& links, Checker check) {
  for (const auto& [key, url] : {std::pair{"dashboards", &links.dashboards},
                                 {"runbooks", &links.runbooks},
                                 {"evidence", &links.evidence}}) {
    CheckRoot(*url, key, check);
    check.Require(!url->ends_with('/'), key, "must not end with '/'");
  }
}

void CheckNames(const std::vector<TargetConfig>& targets, Checker& check) {
  std::map<std::string_view, std::size_t> first_with;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto [first, is_new] = first_with.emplace(targets[i].name, i);
    check.Require(
        is_new || targets[i].name.empty(), fmt::format("targets[{}].name", i),
        fmt::format("{} is the name of targets[{}] too", Quote(targets[i].name), first->second));
  }
}

void CheckBudget(const Config& config, Checker& check) {
  const double planned = PlannedPacketRate(config);
  check.Require(planned <= config.probing.packets_per_second, "probing.packets_per_second",
                fmt::format("is {:.0f}, but the targets plan {:.1f} packets per second (15 hops, "
                            "every family); raise it or lengthen the intervals",
                            config.probing.packets_per_second, planned));
}

double PlannedPacketRate(const TargetConfig& target, unsigned hops) {
  const TraceConfig& trace = target.trace;
  if (trace.protocols.empty() || trace.interval <= Duration::zero() ||
      trace.end_to_end_interval <= Duration::zero()) {
    return 0;
  }
  const double hop_probes = std::min(hops, trace.max_ttl) * trace.probes_per_hop;
  const double per_path =
      1 / ToSeconds(trace.end_to_end_interval) + hop_probes / ToSeconds(trace.interval);
  const std::size_t paths = trace.protocols.size() * PossibleFamilies(target).size();
  return static_cast<double>(paths) * per_path;
}

void CheckHistory(const HistoryConfig& history, Checker check) {
  check.Range("fine_retention", history.fine_retention, hours(1), 31 * kDay);
  check.Range("coarse_retention", history.coarse_retention, hours(1), 3660 * kDay);
  check.Range("incident_retention", history.incident_retention, hours(1), 3660 * kDay);
  check.Require(history.fine_retention <= history.coarse_retention, "fine_retention",
                fmt::format("must not be above coarse_retention ({})",
                            FormatDuration(history.coarse_retention)));
  constexpr std::uint64_t kSmallest = 16U << 20U;
  check.Require(history.max_bytes >= kSmallest, "max_bytes", "must be at least 16MiB");
}

}  // namespace

std::vector<ConfigProblem> CheckConfig(const Config& config) {
  std::vector<ConfigProblem> problems;
  Checker check("", problems);
  CheckProbing(config.probing, check.Below("probing"));
  CheckResolver(config.resolver, check.Below("resolver"));
  check.Range("ptr.lookups_per_second", config.ptr.lookups_per_second, 1U, 1000U);
  check.Range("ptr.max_names", config.ptr.max_names, std::uint64_t{1}, std::uint64_t{1'000'000});
  CheckBuckets(config.metrics.rtt_buckets, "metrics.rtt_buckets", check);
  CheckBuckets(config.metrics.https_buckets, "metrics.https_buckets", check);
  check.Require(!config.state_directory.empty(), "state_directory", "is required");
  CheckDiscovery(config.discovery, check.Below("discovery"));
  CheckAlerting(config.alerting, check.Below("alerting"));
  CheckLinks(config.links, check.Below("links"));
  check.Require(!config.status_page.title.empty(), "status_page.title", "is required");
  CheckHistory(config.history, check.Below("history"));
  check.Range("asn_database.check_interval", config.asn_database.check_interval, seconds(1), kDay);
  const bool is_discovering =
      !config.discovery.target_files.empty() || !config.discovery.target_http.empty();
  check.Require(!config.targets.empty() || is_discovering, "targets",
                "no targets: there is nothing to measure");
  for (std::size_t i = 0; i < config.targets.size(); ++i) {
    CheckTarget(config.targets[i], check.Below(fmt::format("targets[{}]", i)));
  }
  CheckNames(config.targets, check);
  CheckBudget(config, check);
  for (std::vector<ConfigProblem> more :
       {CheckArchive(config), CheckOwners(config), CheckAlertOverrides(config)}) {
    std::move(more.begin(), more.end(), std::back_inserter(problems));
  }
  return problems;
}

std::string_view PulseKindKey(PulseKind kind) {
  switch (kind) {
    case PulseKind::HttpHeader:
      return "http_header";
    case PulseKind::JsonField:
      return "json_field";
    case PulseKind::PrometheusSample:
      return "prometheus_sample";
    case PulseKind::File:
      return "file";
    case PulseKind::Push:
      return "push";
    case PulseKind::None:
      break;
  }
  return "";
}

double PlannedPacketRate(const Config& config, unsigned hops) {
  double rate = 0;
  for (const TargetConfig& target : config.targets) {
    rate += Watches(config.shard, target.name) ? PlannedPacketRate(target, hops) : 0;
  }
  return rate;
}

std::shared_ptr<const Config> TakeShare(std::shared_ptr<const Config> config) {
  if (config->shard.count == 1) {
    return config;
  }
  Config share = *config;
  std::erase_if(share.targets,
                [&](const TargetConfig& target) { return !Watches(share.shard, target.name); });
  return std::make_shared<const Config>(std::move(share));
}

}  // namespace pathwitness
