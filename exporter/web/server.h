#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "exporter/web/http_message.h"
#include "exporter/web/inherited_sockets.h"
#include "exporter/web/listen_address.h"

namespace pathwitness {

class WebGate;

/// Listens and answers from threads of its own, from construction to destruction.
///
/// One request per connection and one thread per connection, of which there are kMostConnections;
/// further ones wait in the kernel. Headers of at most 16 KiB and bodies of at most
/// kMaxRequestBodyBytes, each within 5 s, and answers that are read within 30 s: so slow clients
/// cannot hold the threads for long, and those of one address not all of them.
class HttpServer {
 public:
  /// `gate`, when given, is asked before a request's body is read, says whether there is TLS, and
  /// must outlive the server.
  ///
  /// Throws std::runtime_error with the address and the remedy when an address cannot be bound;
  /// then none is.
  /// Pre: `addresses` is not empty.
  HttpServer(std::vector<ListenAddress> addresses, HttpHandler handler, WebGate* gate = nullptr);

  /// The same with sockets that listen already; it closes them at the end.
  HttpServer(std::vector<InheritedSocket> sockets, HttpHandler handler, WebGate* gate = nullptr);

  /// Waits for answers being given; a client that still sends is cut off.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// What is listened on, in the order asked for, with the ports that the kernel chose.
  const std::vector<ListenAddress>& Addresses() const;

  static constexpr std::size_t kMostConnections = 256;
  static constexpr std::size_t kMostOfOneAddress = 220;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The server library and its version, as in "1.16+dfsg-2".
std::string_view HttpServerVersion();

}  // namespace pathwitness
