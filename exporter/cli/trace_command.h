#pragma once

#include <iosfwd>
#include <string>

#include "exporter/evidence/comparison.h"

namespace pathwitness {

/// What `pathwitness trace` was told.
struct TraceWords {
  std::string config_file = "config/default.yaml";  // for networks and their owners; may be missing
  std::string host;
  std::string protocol = "icmp";  // or "udp" or "tcp"
  std::string family;             // "ipv4" or "ipv6"; empty: the first that resolves
  unsigned port = 443;
  unsigned rounds = 10;
  std::string interval = "1s";
  bool as_json = false;
};

/// Traces a host now, as a prober of a configured target would, on one flow. In a terminal the
/// table is printed anew with each round, otherwise once at the end; INT and TERM end it early.
/// Needs the privileges of the exporter. Returns 0 when the destination answered, 1 when not.
/// Errors: CommandError; std::runtime_error where nothing may be sent.
int RunTrace(const TraceWords& words, const TextStyle& style, std::ostream& out);

}  // namespace pathwitness
