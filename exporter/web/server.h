#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/web/http_message.h"

namespace pathwitness {

/// Where to listen. An empty host is every address, IPv4 and IPv6.
struct ListenAddress {
  std::string host;        // an address (IPv6 without brackets) or a name
  std::uint16_t port = 0;  // 0: the kernel chooses

  /// Reads ":port", "host:port" and "[v6]:port"; empty when the text is anything else.
  static std::optional<ListenAddress> Parse(std::string_view text);

  /// The text that Parse reads.
  std::string ToString() const;

  bool operator==(const ListenAddress&) const = default;
};

/// Listens and answers from threads of its own, from construction to destruction.
///
/// One request per connection; headers of at most 16 KiB, bodies of at most kMaxRequestBodyBytes,
/// each within 5 s, so that slow clients cannot hold the threads for long.
class HttpServer {
 public:
  /// Throws std::runtime_error with the address and the remedy when an address cannot be bound;
  /// then none is.
  /// Pre: `addresses` is not empty.
  HttpServer(std::vector<ListenAddress> addresses, HttpHandler handler);

  /// Waits for answers being given; a client that still sends is cut off.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// What is listened on, in the order asked for, with the ports that the kernel chose.
  const std::vector<ListenAddress>& Addresses() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The server library and its version, as in "1.16+dfsg-2".
std::string_view HttpServerVersion();

}  // namespace pathwitness
