#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "probes/base/ip_address.h"

namespace pathwitness {

/// Owns a file descriptor.
class OwnedDescriptor {
 public:
  OwnedDescriptor() = default;
  explicit OwnedDescriptor(int descriptor) : descriptor_(descriptor) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  OwnedDescriptor(const OwnedDescriptor&) = delete;
  OwnedDescriptor& operator=(const OwnedDescriptor&) = delete;
  ~OwnedDescriptor();

  int Get() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

/// Moves the calling thread, and those that it starts from now on, into a network namespace of its
/// own with the loopback device up.
///
/// Returns why that is not possible here, for GTEST_SKIP; empty: done. What is set up later in the
/// namespace goes away with the last thread and device in it.
std::string EnterFreshNamespace();

/// The prober's own addresses in the simulated internet.
struct TunAddresses {
  IpAddress ipv4 = *IpAddress::Parse("192.0.2.1");
  IpAddress ipv6 = *IpAddress::Parse("2001:db8::1");
};

/// The device's name. Each test has a namespace of its own, so one name serves all.
inline constexpr std::string_view kTunName = "sim0";

/// Makes a TUN device through which all IPv4 and IPv6 traffic of this namespace leaves.
///
/// Packets are read from and written to the descriptor without any header before the IP header;
/// reads do not block. Throws std::system_error.
OwnedDescriptor OpenTun(const TunAddresses& addresses);

}  // namespace pathwitness
