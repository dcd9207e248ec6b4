#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "probes/http/http_client.h"
#include "tests/support/child_process.h"
#include "tests/support/test_folder.h"

namespace pathwitness {

/// A real OpenStack Swift with its S3 API, on one loopback address that other tests do not use: one
/// account, container and object server, a memcached, and a proxy in front that checks signatures.
class SwiftServer {
 public:
  static constexpr const char* kAccessKey = "pathwitness:ci";
  static constexpr const char* kSecretKey = "s3secret";
  static constexpr const char* kRegion = "us-east-1";

  /// All of it accepts connections. Throws std::runtime_error when something ends, or has not
  /// begun to listen after a minute.
  SwiftServer();

  const std::string& Address() const { return address_; }
  std::uint16_t Port() const { return ports_[kProxy]; }
  std::string Url() const { return "http://" + address_ + ":" + std::to_string(Port()); }

  /// The answer to a request without a body, signed with the keys above.
  HttpResult Ask(const std::string& method, const std::string& path) const;

  /// The proxy goes away as by `kill -9`, and comes back on the same port.
  void StopProxy();
  void StartProxy();

 private:
  static constexpr std::size_t kProxy = 4;

  void TakePorts();
  void MakeRings() const;
  void WriteConfigs() const;
  void Start(const std::string& program, const std::string& config);
  void AwaitListening(std::uint16_t port, ChildProcess& process) const;

  TestFolder folder_;
  std::string address_;
  std::vector<std::uint16_t> ports_;  // object, container, account, memcached, proxy
  std::vector<std::unique_ptr<ChildProcess>> backends_;
  std::unique_ptr<ChildProcess> proxy_;
};

}  // namespace pathwitness
