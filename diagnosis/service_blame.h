#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "diagnosis/verdict.h"

namespace pathwitness {

/// How far a request came that failed.
enum class ServiceFailure : std::uint8_t {
  Name,         // no address
  Connect,      // refused, or no answer to it
  Tls,          // handshake or certificate
  Answer,       // what came is not what is expected, or nothing came
  RateLimited,  // the service asked for fewer requests
  Own,          // this machine's
};

/// What a request to a service showed, and the path to it.
struct ServiceEvidence {
  std::optional<ServiceFailure> failure;  // empty: it succeeded
  std::string reason;                     // as "tls_verify"
  bool is_path_at_fault = false;          // something is said of a path to the same address
  std::size_t hops = 0;                   // to the destination; 0: unknown
  LatencyEvidence latency;                // as ServiceLatency has it; without hops: unknown
};

/// What that means. Undecided when the path may be what made the request fail or wait: that is said
/// of the path. A service that wants fewer requests is never a fault of the network. One that
/// answers later, while connections to it take as long as before, has a latency of kind server.
Verdict JudgeService(const ServiceEvidence& evidence);

}  // namespace pathwitness
