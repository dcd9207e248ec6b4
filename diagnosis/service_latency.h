#pragma once

#include "diagnosis/latency_blame.h"
#include "diagnosis/path_history.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What one request waited for. Each holds one round trip: a longer path makes both longer, a
/// slower service only the second.
struct ServiceTimes {
  Duration connect{};     // until the connection stood
  Duration first_byte{};  // from the request to the first byte of its answer
};

/// A service's answers beside its own past, which is kept as that of a path: the connection is its
/// first hop, and the service itself, from where the first byte comes, its last one.
class ServiceLatency {
 public:
  /// A request that was answered. They come in their order.
  void OnRequest(const ServiceTimes& times, MonoTime at);

  /// Of the last two minutes, or as long as it takes to have kFewestRequests, beside the half hour
  /// before; when that tells no delay, beside the day before. Without hops: too few requests.
  LatencyEvidence Evidence(MonoTime now) const;

  static constexpr double kFewestRequests = 4;

 private:
  PathHistory history_;
};

}  // namespace pathwitness
