#pragma once

#include <chrono>
#include <string>

#include "tests/support/namespaces.h"

namespace pathwitness {

/// What a service manager listens on: a Unix datagram socket.
class NotifySocket {
 public:
  /// `address` is a path, or "@" and an abstract name. Throws std::system_error.
  explicit NotifySocket(std::string address);
  ~NotifySocket();
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  const std::string& Address() const { return address_; }

  /// The next message; empty when none comes within `patience`.
  std::string Next(std::chrono::milliseconds patience = std::chrono::seconds(0)) const;

  /// The next message that has `wanted` in it, or empty.
  std::string NextWith(const std::string& wanted, std::chrono::milliseconds patience) const;

 private:
  const std::string address_;
  OwnedDescriptor socket_;
};

}  // namespace pathwitness
