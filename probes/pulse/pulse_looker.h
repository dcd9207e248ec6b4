#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "probes/dns/dns_snapshot.h"
#include "probes/dns/epoll_set.h"
#include "probes/dns/resolver.h"
#include "probes/http/http_client.h"
#include "probes/pulse/pulse_reading.h"

namespace pathwitness {

/// What one look at a pulse came to.
struct PulseSight {
  PulseReading reading = PulseFailure::Internal;
  std::string error = {};           // for people; empty when there is a time
  std::string address = {};         // connected to; empty for files and unresolved names
  std::string source_address = {};  // connected from; empty when never connected
  std::uint16_t port = 0;
};

/// Looks at files and URLs; single-threaded, driven by its owner's loop.
///
/// A URL whose host is the target's own is fetched from the address that the target's other probers
/// measure; other names are looked up for each look, IPv4 first.
class PulseLooker {
 public:
  using Done = std::function<void(PulseSight)>;

  PulseLooker(const DnsBoard& dns, const Clock& clock);

  void Configure(const ResolverConfig& config) { resolver_.Configure(config); }

  /// `done` is called from a later Turn, never from Look itself; never after destruction.
  /// Pre: the target's pulse kind is neither None nor Push.
  void Look(const TargetConfig& target, Done done);

  void Turn(MonoTime now);

  /// MonoTime::max() when nothing is under way.
  MonoTime NextDeadline() const;

  int Descriptor() const { return both_.Descriptor(); }
  std::size_t InFlight() const;

 private:
  struct Task {
    TargetConfig target;
    Done done;
    std::vector<IpFamily> families;  // still to be asked for, the next one last
    double resolve_seconds = 0;
  };
  using TaskPointer = std::shared_ptr<Task>;

  void LookAtUrl(const TaskPointer& task);
  bool UseTargetsAddress(const TaskPointer& task);
  void AskNextFamily(const TaskPointer& task, const std::string& host, std::string error);
  void Fetch(const TaskPointer& task, const IpAddress& address);
  void Finish(const TaskPointer& task, PulseSight sight);

  const DnsBoard& dns_;
  const Clock& clock_;
  Resolver resolver_;
  HttpClient http_;
  EpollSet both_;  // resolver_'s and http_'s descriptors
  std::vector<std::pair<Done, PulseSight>> finished_;
};

}  // namespace pathwitness
