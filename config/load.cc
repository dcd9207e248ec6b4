#include "config/load.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "config/section.h"
#include "config/url.h"
#include "config/yaml_tree.h"

namespace pathwitness {
namespace {

constexpr std::uintmax_t kLargestFile = 10U << 20U;

std::string JoinLines(const std::vector<ConfigProblem>& problems) {
  std::string lines;
  for (const ConfigProblem& problem : problems) {
    lines += (lines.empty() ? "" : "\n") + problem.ToString();
  }
  return lines;
}

std::string OnOneLine(const std::string& text) {
  std::string line = text;
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
  return line;
}

[[noreturn]] void FailWholeFile(const std::string& file, std::string what, int line = 0) {
  throw ConfigError({{file, line, 0, "", std::move(what)}});
}

// --- text ---------------------------------------------------------------------------------------

// How many bytes the UTF-8 character at the start of `text` has; 0: it is none.
// Source: RFC 3629, 4.
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto is_tail = [&byte](std::size_t i) { return (byte(i) & 0xC0U) == 0x80; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return is_tail(1) ? 2 : 0;
  }
  if ((first & 0xF0U) == 0xE0) {
    const bool is_overlong = first == 0xE0 && second < 0xA0;
    const bool is_surrogate = first == 0xED && second >= 0xA0;
    return is_tail(1) && is_tail(2) && !is_overlong && !is_surrogate ? 3 : 0;
  }
  const bool is_in_range = first == 0xF0   ? second >= 0x90
                           : first == 0xF4 ? second < 0x90
                                           : first > 0xF0 && first < 0xF4;
  return is_in_range && is_tail(1) && is_tail(2) && is_tail(3) ? 4 : 0;
}

void RequireText(std::string_view text, const std::string& file) {
  int line = 1;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\0') {
      FailWholeFile(file, "holds a NUL byte: not a text file", line);
    }
    const std::size_t length = Utf8Length(text.substr(i));
    if (length == 0) {
      FailWholeFile(file, "not UTF-8", line);
    }
    line += text[i] == '\n' ? 1 : 0;
    i += length;
  }
}

std::string Sha256(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 is not available in OpenSSL");
  }
  std::string hexadecimal;
  for (unsigned i = 0; i < length; ++i) {
    hexadecimal += fmt::format("{:02x}", digest.at(i));
  }
  return hexadecimal;
}

// --- rules about the document, whatever its keys mean -------------------------------------------

// The first `${X}` or `@@X@@`, which a template engine should have replaced; empty: none.
std::string_view FindPlaceholder(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kBrackets = {
      {{"${", "}"}, {"@@", "@@"}}};
  for (const auto& [open, close] : kBrackets) {
    const std::size_t start = text.find(open);
    const std::size_t end =
        start == std::string_view::npos ? start : text.find(close, start + open.size());
    if (end != std::string_view::npos && end > start + open.size()) {
      return text.substr(start, end + close.size() - start);
    }
  }
  return {};
}

void CheckText(std::string_view text, YamlPosition at, const std::string& path, ReadLog& log) {
  const std::string_view placeholder = FindPlaceholder(text);
  if (!placeholder.empty()) {
    log.AddProblem(
        at, path,
        fmt::format("leftover placeholder {}: nothing fills it in here", Quote(placeholder)));
  }
}

void CheckTree(const YamlNode& node, const std::string& path, ReadLog& log);

void CheckEntries(const YamlNode& map, const std::string& path, ReadLog& log) {
  std::map<std::string_view, int> lines;
  for (const YamlNode::Entry& entry : map.entries) {
    const auto [first, is_new] = lines.emplace(entry.key, entry.position.line);
    if (!is_new) {
      log.AddProblem(
          entry.position, path,
          fmt::format("duplicate key {}; first in line {}", Quote(entry.key), first->second));
    }
    if (entry.key == kMergeKey) {
      log.AddProblem(entry.position, path,
                     "merge key '<<' is not supported; use 'defaults' for what targets share, or "
                     "an alias for a whole value");
    }
    CheckText(entry.key, entry.position, path, log);
    CheckTree(entry.value, path.empty() ? entry.key : path + "." + entry.key, log);
  }
}

void CheckTree(const YamlNode& node, const std::string& path, ReadLog& log) {
  CheckText(node.text, node.position, path, log);
  CheckEntries(node, path, log);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    CheckTree(node.items[i], fmt::format("{}[{}]", path, i), log);
  }
}

// --- sections -----------------------------------------------------------------------------------

template <typename Value, std::size_t kCount>
auto OneOf(const std::array<std::pair<std::string_view, Value>, kCount>& names) {
  return [&names](std::string_view text) -> std::optional<Value> {
    for (const auto& [name, value] : names) {
      if (name == text) {
        return value;
      }
    }
    return std::nullopt;
  };
}

constexpr std::array<std::pair<std::string_view, TraceProtocol>, 3> kProtocolNames = {
    {{"icmp", TraceProtocol::Icmp}, {"udp", TraceProtocol::Udp}, {"tcp", TraceProtocol::Tcp}}};
constexpr std::array<std::pair<std::string_view, IpFamily>, 2> kFamilyNames = {
    {{"ipv4", IpFamily::Ipv4}, {"ipv6", IpFamily::Ipv6}}};

std::optional<int> ParseStatus(std::string_view text) {
  const std::optional<std::uint64_t> number = ParseWholeNumber(text);
  constexpr std::uint64_t kLargest = 999;
  return number && *number <= kLargest ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

std::optional<std::string> ParseText(std::string_view text) {
  return std::string(text);
}

void ReadProbing(Section section, ProbingConfig& probing) {
  section.Read("packets_per_second", probing.packets_per_second);
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

void ReadMetrics(Section section, MetricsConfig& metrics) {
  section.ReadList("rtt_buckets", metrics.rtt_buckets, "a number of seconds", ParseNumber);
  section.ReadList("https_buckets", metrics.https_buckets, "a number of seconds", ParseNumber);
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

void ReadRouteAndLabels(Section& section, TargetConfig& target) {
  section.ReadList("families", target.families, "one of ipv4, ipv6", OneOf(kFamilyNames));
  section.ReadList("source_address", target.route.source_addresses,
                   "an IPv4 or IPv6 address without port", IpAddress::Parse);
  section.Read("interface", target.route.interface);
  section.Read("mark", target.route.mark);
  section.ReadTexts("labels", target.labels);
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
  section.Finish();
  return defaults;
}

TargetConfig ReadTarget(Section& section, const TargetConfig& defaults) {
  TargetConfig target = defaults;
  section.Read("name", target.name);
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
  if (target.host.empty() && !names_protocols) {
    target.trace.protocols.clear();
  }
  return target;
}

Config ReadConfig(Section root) {
  Config config;
  ReadProbing(root.Sub("probing"), config.probing);
  ReadResolver(root.Sub("resolver"), config.resolver);
  ReadMetrics(root.Sub("metrics"), config.metrics);
  root.Read("state_directory", config.state_directory);
  Section probe = root.Sub("probe");
  probe.ReadList("allow", config.probe_allow, "a prefix such as 192.0.2.0/24, without host bits",
                 IpPrefix::Parse);
  probe.Finish();
  const TargetConfig defaults = ReadDefaults(root.Sub("defaults"));
  root.ReadMaps("targets", config.targets,
                [&defaults](Section& target) { return ReadTarget(target, defaults); });
  root.Finish();
  return config;
}

// --- the whole ----------------------------------------------------------------------------------

// Reads and checks what can be checked without opening anything; `log` gets the problems.
Config ReadChecked(std::string_view yaml, const std::string& file, ReadLog& log) {
  RequireText(yaml, file);
  const YamlNode root = ParseYaml(yaml, file);
  CheckTree(root, "", log);
  Config config = ReadConfig(Section(&root, "", "", log));
  config.sha256 = Sha256(yaml);
  for (ConfigProblem& problem : CheckConfig(config)) {
    log.Locate(std::move(problem));
  }
  return config;
}

void ThrowProblems(const ReadLog& log) {
  std::vector<ConfigProblem> problems = log.Problems();
  if (!problems.empty()) {
    throw ConfigError(std::move(problems));
  }
}

std::string ReadText(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    FailWholeFile(path, error ? error.message() : "does not exist");
  }
  if (!std::filesystem::is_regular_file(status)) {
    FailWholeFile(path, std::filesystem::is_directory(status) ? "is a directory, not a file"
                                                              : "is not a regular file");
  }
  if (std::filesystem::file_size(path, error) > kLargestFile) {
    FailWholeFile(path, error ? error.message() : "is larger than 10 MiB");
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    FailWholeFile(path, "cannot be read: " + std::generic_category().message(errno));
  }
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void StartPathsAt(const std::filesystem::path& folder, Config& config) {
  const auto start = [&folder](std::string& path) {
    path = path.empty() ? path : (folder / path).lexically_normal().string();
  };
  const auto start_all = [&start](HttpRequestConfig& request) {
    start(request.tls.ca_file);
    start(request.tls.cert_file);
    start(request.tls.key_file);
    start(request.basic_auth_password_file);
    start(request.bearer_token_file);
  };
  start(config.state_directory);
  for (TargetConfig& target : config.targets) {
    start_all(target.https.request);
    start_all(target.pulse.request);
    start(target.pulse.path);
  }
}

}  // namespace

std::string ConfigProblem::ToString() const {
  std::string text = file;
  if (line > 0) {
    text += fmt::format(":{}", line);
  }
  if (line > 0 && column > 0) {
    text += fmt::format(":{}", column);
  }
  return OnOneLine(fmt::format("{}: {}{}{}", text, key, key.empty() ? "" : ": ", what));
}

ConfigError::ConfigError(std::vector<ConfigProblem> problems)
    : std::runtime_error(JoinLines(problems)), problems_(std::move(problems)) {}

Config ParseConfig(std::string_view yaml, const std::string& name) {
  ReadLog log(name);
  Config config = ReadChecked(yaml, name, log);
  ThrowProblems(log);
  return config;
}

Config LoadConfig(const std::filesystem::path& file) {
  ReadLog log(file);
  Config config = ReadChecked(ReadText(file), file, log);
  StartPathsAt(std::filesystem::absolute(file).parent_path(), config);
  for (ConfigProblem& problem : CheckFiles(config)) {
    log.Locate(std::move(problem));
  }
  ThrowProblems(log);
  return config;
}

LoadedConfig LoadLayers(const std::filesystem::path& file, const std::string& environment,
                        WallTime /*now*/) {
  if (environment != kDefaultEnvironment) {
    FailWholeFile(file, "unknown environment " + Quote(environment) + "; known: default");
  }
  return {.config = LoadConfig(file), .values = {}, .files = {file}};
}

std::vector<std::string> KnownEnvironments(const std::filesystem::path& /*file*/) {
  return {std::string(kDefaultEnvironment)};
}

std::string ShowConfig(const LoadedConfig& loaded) {
  std::string text;
  for (const ShownValue& value : loaded.values) {
    text += fmt::format("{}: {}\n", value.key, value.text);
  }
  return text;
}

std::set<std::string> KnownConfigKeys() {
  std::set<std::string> keys;
  ReadLog log("", &keys);
  ReadConfig(Section(nullptr, "", "", log));
  return keys;
}

}  // namespace pathwitness
