#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "probes/base/ip_address.h"
#include "probes/base/time.h"
#include "probes/dns/epoll_set.h"
#include "probes/dns/resolver.h"
#include "probes/http/http_client.h"

namespace pathwitness {

/// Fetches URLs: looks the host up, IPv4 first, and asks its first address. Single-threaded,
/// driven by its owner's loop.
class UrlFetcher {
 public:
  using Done = std::function<void(HttpResult)>;

  explicit UrlFetcher(const Clock& clock);

  void Configure(const ResolverConfig& config) { resolver_.Configure(config); }

  /// `done` is called from a later Turn, never from Fetch itself; never after destruction. A name
  /// without address is the failure Dns.
  void Fetch(const HttpRequestConfig& request, Done done);

  void Turn(MonoTime now);

  /// MonoTime::max() when nothing is under way.
  MonoTime NextDeadline() const;

  int Descriptor() const { return both_.Descriptor(); }

 private:
  struct Task {
    HttpRequestConfig request;
    Done done;
    std::vector<IpFamily> families;  // still to be asked for, the next one last
  };
  using TaskPointer = std::shared_ptr<Task>;

  void AskNextFamily(const TaskPointer& task, const std::string& host, std::string error);
  void Start(const TaskPointer& task, const IpAddress& address);

  const Clock& clock_;
  Resolver resolver_;
  HttpClient http_;
  EpollSet both_;  // resolver_'s and http_'s descriptors
};

}  // namespace pathwitness
