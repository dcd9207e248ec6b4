#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "probes/base/time.h"
#include "tests/support/test_certificates.h"

namespace pathwitness {

/// What a ScriptedServer does with each connection, in this order.
struct ServerScript {
  std::string greeting = {};  // in plain text, before all else
  Duration before_handshake{};
  Duration before_answer{};  // after the request has come
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe";
  Duration before_rest{};
  std::string rest = "llo";
  bool has_reset = false;  // ends with RST instead of FIN
};

/// A server on loopback that is slow or rude exactly where a test says. One connection at a time.
class ScriptedServer {
 public:
  /// `certificate` null: plain HTTP. Its thread runs until the end of this object.
  ScriptedServer(ServerScript script, const TestCertificate* certificate);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t Port() const { return port_; }
  std::string Url() const;

 private:
  struct FreeContext {
    void operator()(void* context) const;
  };

  void Serve() const;
  void Converse(int connection) const;
  bool Pause(Duration pause) const;  // false: the server ends

  ServerScript script_;
  std::unique_ptr<void, FreeContext> tls_;  // SSL_CTX; null: plain HTTP
  int listener_ = -1;
  std::uint16_t port_ = 0;
  int stop_ = -1;  // eventfd
  std::thread thread_;
};

}  // namespace pathwitness
