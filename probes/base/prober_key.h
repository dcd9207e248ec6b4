#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "probes/base/ip_address.h"

namespace pathwitness {

enum class ProberKind : std::uint8_t { TraceIcmp, TraceUdp, TraceTcp, Https, Pulse, Reflector };

/// The `prober` label: "trace_icmp", "trace_udp", "trace_tcp", "https", "pulse" or
/// "reflector".
constexpr std::string_view ProberName(ProberKind kind) {
  switch (kind) {
    case ProberKind::TraceIcmp:
      return "trace_icmp";
    case ProberKind::TraceUdp:
      return "trace_udp";
    case ProberKind::TraceTcp:
      return "trace_tcp";
    case ProberKind::Https:
      return "https";
    case ProberKind::Pulse:
      return "pulse";
    case ProberKind::Reflector:
      return "reflector";
  }
  return "";
}

/// `None` is for probers that reach no address: a file's age, a pushed heartbeat.
enum class ProberFamily : std::uint8_t { Ipv4, Ipv6, None };

constexpr ProberFamily ToProberFamily(IpFamily family) {
  return family == IpFamily::Ipv4 ? ProberFamily::Ipv4 : ProberFamily::Ipv6;
}

/// The `family` label: "ipv4", "ipv6" or "none".
constexpr std::string_view ProberFamilyName(ProberFamily family) {
  switch (family) {
    case ProberFamily::Ipv4:
      return "ipv4";
    case ProberFamily::Ipv6:
      return "ipv6";
    case ProberFamily::None:
      return "none";
  }
  return "";
}

/// Who measures: the identity key that every probe series carries.
struct ProberKey {
  std::string target;  // the target's name in the configuration
  ProberKind prober = ProberKind::TraceIcmp;
  ProberFamily family = ProberFamily::None;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads the comparison with 0 in it
  auto operator<=>(const ProberKey&) const = default;
};

}  // namespace pathwitness
