#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "probes/base/ip_address.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What one question for one name and family came to.
struct DnsAnswer {
  enum class Status : std::uint8_t {
    Addresses,
    Name,       // of an address
    NoAddress,  // the name exists, but not in this family
    NoName,     // there is no such name
    Failed,     // no answer, or an answer that is of no use
  };
  Status status = Status::Failed;
  std::vector<IpAddress> addresses =
      {};                  // sorted, without duplicates, at most 64; unicast ones only
  std::string name = {};   // of letters, digits, '.', '-' and '_'
  Duration ttl{};          // the shortest among the records; 0 when there are none
  std::string error = {};  // for people; empty when something was found
  double seconds = 0;      // from question to answer

  bool HasNoRecord() const { return status == Status::NoAddress || status == Status::NoName; }
};

/// Asks DNS servers for addresses and names in the background; single-threaded, driven by its
/// owner's loop.
///
/// A name in /etc/hosts is answered from there, in both families, as the system's resolver does. No
/// search domains: a name means the same on every machine.
class Resolver {
 public:
  using Done = std::function<void(DnsAnswer)>;

  /// Starts with the built-in ResolverConfig. `resolv_conf` names the servers when the
  /// configuration does not; it is read again when it changes.
  explicit Resolver(std::string resolv_conf = "/etc/resolv.conf");
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Takes servers, timeout and attempts; questions under way are asked again of the new servers.
  /// Errors: std::runtime_error when a server is no address.
  void Configure(const ResolverConfig& config);

  /// `done` is called from a later Turn, never from Lookup itself; never after destruction. It
  /// comes within timeout * attempts * servers.
  void Lookup(const std::string& name, IpFamily family, MonoTime now, Done done);

  /// Asks for the name of an address, of name servers alone. `done` is called as that of Lookup.
  void LookupName(const IpAddress& address, MonoTime now, Done done);

  /// Moves all questions on; call when Descriptor is readable or NextDeadline has come.
  void Turn(MonoTime now);

  /// MonoTime::max() when nothing is under way.
  MonoTime NextDeadline() const;

  /// The same one as long as the resolver lives.
  int Descriptor() const;

  std::size_t InFlight() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pathwitness
