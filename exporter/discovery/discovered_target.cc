#include "exporter/discovery/discovered_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "config/url.h"
#include "config/values.h"
#include "probes/base/ip_address.h"

namespace pathwitness {
namespace {

constexpr std::string_view kOurs = "__pathwitness_";
constexpr std::size_t kLongestName = 128;

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// --- the entry ----------------------------------------------------------------------------------

// A name that the configuration would take, as close to the entry as there is: of a URL without
// scheme, user, password and query, and '-' for each run of what a name does not have.
std::string NameOf(std::string_view entry) {
  if (const std::size_t at = entry.rfind('@'); at != std::string_view::npos) {
    entry.remove_prefix(at + 1);
  }
  if (const std::size_t scheme = entry.find("://"); scheme != std::string_view::npos) {
    entry.remove_prefix(scheme + 3);
  }
  entry = entry.substr(0, entry.find_first_of("?#"));
  std::string name;
  for (const char c : entry) {
    const bool is_kept = IsLetterOrDigit(c) || c == '.' || c == '_' || c == ':';
    if (is_kept || c == '-') {
      name += c;
    } else if (c != '[' && c != ']' && !name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  name.erase(
      0, std::min(name.size(), static_cast<std::size_t>(
                                   std::ranges::find_if(name, IsLetterOrDigit) - name.begin())));
  name.resize(std::min(name.size(), kLongestName));
  while (!name.empty() && name.back() == '-') {
    name.pop_back();
  }
  return name;
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  const std::optional<std::uint64_t> number = ParseWholeNumber(text);
  const bool is_port =
      number && *number > 0 && *number <= std::numeric_limits<std::uint16_t>::max();
  return is_port ? std::optional(static_cast<std::uint16_t>(*number)) : std::nullopt;
}

// "host", "host:port", "[v6]", "[v6]:port" or a bare IPv6 address.
bool ReadHostAndPort(std::string_view entry, TargetConfig& target) {
  if (IpAddress::Parse(entry)) {
    target.host = entry;
    return true;
  }
  const bool is_bracketed = entry.starts_with('[');
  const std::size_t end = entry.find(is_bracketed ? ']' : ':');
  if (is_bracketed && end == std::string_view::npos) {
    return false;
  }
  target.host = is_bracketed ? entry.substr(1, end - 1) : entry.substr(0, end);
  const std::string_view rest =
      entry.substr(std::min(entry.size(), is_bracketed ? end + 1 : target.host.size()));
  if (!rest.empty()) {
    const std::optional<std::uint16_t> port =
        rest.starts_with(':') ? ParsePort(rest.substr(1)) : std::nullopt;
    target.trace.port = port.value_or(0);
    return port.has_value() && IsHost(target.host);
  }
  return IsHost(target.host);
}

bool ReadUrl(const std::string& url, TargetConfig& target) {
  const std::optional<UrlParts> parts = ParseUrl(url);
  if (!parts) {
    return false;
  }
  target.host = parts->host;
  target.trace.port = parts->port;
  target.https.request.url = url;
  return true;
}

// --- labels -------------------------------------------------------------------------------------

std::vector<std::string_view> SplitAtCommas(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(text.size(), comma + 1));
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    part = part.substr(0, part.find_last_not_of(' ') + 1);
    parts.push_back(part);
  }
  return parts;
}

// True when every part could be read; an empty list, too, is written so.
template <typename Value, typename Parse>
bool ReadList(std::string_view text, std::vector<Value>& values, Parse parse) {
  std::vector<Value> read;
  for (const std::string_view part : SplitAtCommas(text)) {
    const std::optional<Value> value = parse(part);
    if (!value) {
      return false;
    }
    read.push_back(*value);
  }
  values = std::move(read);
  return true;
}

std::optional<TraceProtocol> ParseProtocol(std::string_view text) {
  if (text == "icmp") {
    return TraceProtocol::Icmp;
  }
  if (text == "udp") {
    return TraceProtocol::Udp;
  }
  return text == "tcp" ? std::optional(TraceProtocol::Tcp) : std::nullopt;
}

std::optional<IpFamily> ParseFamily(std::string_view text) {
  if (text == FamilyName(IpFamily::Ipv4)) {
    return IpFamily::Ipv4;
  }
  return text == FamilyName(IpFamily::Ipv6) ? std::optional(IpFamily::Ipv6) : std::nullopt;
}

bool ReadName(const std::string& text, TargetConfig& target) {
  target.name = text;
  return !text.empty();
}

// The trace and the entry's host stay what they are: a URL may lead elsewhere than the host.
bool ReadUrlLabel(const std::string& text, TargetConfig& target) {
  target.https.request.url = text;
  return !text.empty();
}

bool ReadProtocols(const std::string& text, TargetConfig& target) {
  return ReadList(text, target.trace.protocols, ParseProtocol);
}

bool ReadPort(const std::string& text, TargetConfig& target) {
  const std::optional<std::uint16_t> port = ParsePort(text);
  target.trace.port = port.value_or(target.trace.port);
  return port.has_value();
}

bool ReadInterval(const std::string& text, TargetConfig& target) {
  const std::optional<Duration> interval = ParseDuration(text);
  target.trace.interval = interval.value_or(target.trace.interval);
  target.https.interval = interval.value_or(target.https.interval);
  return interval.has_value();
}

bool ReadFamilies(const std::string& text, TargetConfig& target) {
  return ReadList(text, target.families, ParseFamily);
}

bool ReadSourceAddress(const std::string& text, TargetConfig& target) {
  return ReadList(text, target.route.source_addresses, IpAddress::Parse);
}

bool ReadInterface(const std::string& text, TargetConfig& target) {
  target.route.interface = text;
  return true;
}

struct LabelRule {
  std::string_view name;
  std::string_view allowed;
  bool (*read)(const std::string& text, TargetConfig& target);  // false: cannot be read
};

constexpr std::array<LabelRule, 8> kRules = {{
    {"__pathwitness_name", "a name", ReadName},
    {"__pathwitness_url", "a URL", ReadUrlLabel},
    {"__pathwitness_protocols", "a list of icmp, udp, tcp between commas", ReadProtocols},
    {"__pathwitness_port", "a port, 1 to 65535", ReadPort},
    {"__pathwitness_interval", "a duration such as 10s", ReadInterval},
    {"__pathwitness_families", "a list of ipv4, ipv6 between commas", ReadFamilies},
    {"__pathwitness_source_address", "a list of addresses between commas", ReadSourceAddress},
    {"__pathwitness_interface", "the name of an interface", ReadInterface},
}};

// A misspelt label of ours must not pass for a stranger's.
void ReadOurLabel(const std::string& name, const std::string& text, DiscoveredTarget& read) {
  const auto* const rule = std::ranges::find(kRules, name, &LabelRule::name);
  if (rule == kRules.end()) {
    read.problems.push_back({"", 0, 0, name, "is no label that is known here"});
  } else if (!rule->read(text, read.target)) {
    read.problems.push_back(
        {"", 0, 0, name, fmt::format("must be {}, not {}", rule->allowed, Quote(text))});
  }
}

void ReadEntry(const std::string& entry, DiscoveredTarget& read) {
  const bool is_url = entry.find("://") != std::string::npos;
  if (is_url ? !ReadUrl(entry, read.target) : !ReadHostAndPort(entry, read.target)) {
    // What may hold a password is not quoted.
    const bool is_shown = !is_url && entry.find('@') == std::string::npos;
    read.problems.push_back({"", 0, 0, "",
                             fmt::format("must be {}{}{}",
                                         is_url ? "an http:// or https:// URL with a valid host"
                                                : "host, host:port or [address]:port",
                                         is_shown ? ", not " : "", is_shown ? Quote(entry) : "")});
  }
}

}  // namespace

DiscoveredTarget MapTarget(const TargetConfig& defaults, const std::string& entry,
                           const std::map<std::string, std::string>& labels) {
  DiscoveredTarget read{.target = defaults, .problems = {}};
  read.target.name = NameOf(entry);
  read.target.pulse = {};
  read.target.reflector = {};
  ReadEntry(entry, read);
  for (const auto& [name, value] : labels) {
    if (name.starts_with(kOurs)) {
      ReadOurLabel(name, value, read);
    } else if (!name.starts_with("__")) {
      read.target.labels[name] = value;
    }
  }
  if (read.target.https.request.url.empty()) {
    read.target.https = {};
  }
  return read;
}

}  // namespace pathwitness
