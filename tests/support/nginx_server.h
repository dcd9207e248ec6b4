#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "tests/support/test_folder.h"

namespace pathwitness {

/// A real nginx with one worker on a free loopback port, as a child of the test.
///
/// The listening socket is opened here and inherited, so that the port cannot be taken by others
/// and connections wait in its queue while nginx starts.
class NginxServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";  // "::1" for IPv6
    std::string certificate_pem;        // leaf first; empty: plain HTTP
    std::string key_pem;
    bool has_http2 = false;
    std::string directives;  // inside the `server` block
  };

  /// Throws std::system_error when nginx cannot be started.
  explicit NginxServer(const Options& options);
  ~NginxServer();
  NginxServer(const NginxServer&) = delete;
  NginxServer& operator=(const NginxServer&) = delete;

  std::uint16_t Port() const { return port_; }

  /// "https://localhost:<port>" + path, or http.
  std::string Url(const std::string& path = "/") const;

 private:
  std::string Configuration(const Options& options) const;

  TestFolder folder_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  bool has_tls_ = false;
  pid_t child_ = -1;
};

}  // namespace pathwitness
