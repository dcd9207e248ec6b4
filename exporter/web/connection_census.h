#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "probes/base/time.h"

namespace pathwitness {

/// Under which name an address is counted: one machine may have a whole IPv6 /64 to itself, and an
/// IPv4 address is the same when a socket of both families writes it as IPv6.
std::string CountedName(std::string_view address);

/// Who is connected, and until when each may take: so that no address has all the places and no
/// client has one for long, however it goes about being slow. May be used from many threads at
/// once.
class ConnectionCensus {
 public:
  explicit ConnectionCensus(std::size_t most_of_one_address) : most_(most_of_one_address) {}

  /// False when that address has no place left; the connection is then not counted. `connection`
  /// tells connections apart, `socket` stays open until Leave.
  bool Enter(const void* connection, std::string_view address, int socket, MonoTime deadline);

  /// Does nothing for a connection that is not counted.
  void SetDeadline(const void* connection, MonoTime deadline);

  /// Whether it was counted.
  bool Leave(const void* connection);

  /// Ends the connections whose deadline is over, in both directions, each once; how many. Their
  /// threads then find them closed.
  std::size_t CutOff(MonoTime now);

  std::size_t Open() const;

 private:
  struct Guest {
    std::string name;  // under which its address is counted
    int socket = -1;
    MonoTime deadline;
  };

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::map<const void*, Guest> guests_;
  std::map<std::string, std::size_t> counts_;
};

}  // namespace pathwitness
