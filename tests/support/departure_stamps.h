#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tests/support/internet_model.h"
#include "tests/support/namespaces.h"

namespace pathwitness {

/// When probes really left: the kernel stamps each packet that it hands to a device for a capturing
/// socket. The reader of the device wakes up later than that, and by how much depends on the load.
class DepartureStamps {
 public:
  /// Captures what leaves through `device`. Throws std::system_error.
  explicit DepartureStamps(std::string_view device);

  /// Reads what was captured since the last call.
  void Collect();

  /// Sets `left` of the probes, which are in the order of arrival. A probe whose capture is missing
  /// keeps what it has.
  void Assign(std::span<ProbeRecord> probes) const;

 private:
  struct Departure {
    IpAddress destination;
    std::uint8_t ttl = 0;
    std::uint16_t flow_port = 0;
    std::uint32_t token = 0;
    MonoTime left;
  };

  OwnedDescriptor socket_;
  std::vector<Departure> departures_;
};

}  // namespace pathwitness
