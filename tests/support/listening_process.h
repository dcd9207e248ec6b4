#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/child_process.h"

namespace pathwitness {

/// Somebody else's server as a child of the test, on a port that the kernel chose.
///
/// Whatever waits for it fails at once, with its log, when the process has ended.
class ListeningProcess {
 public:
  /// Pre: the command listens on port 0 and logs `mark` before the port it got.
  /// Throws std::runtime_error when it ends, or has not listened after 20 s.
  ListeningProcess(std::vector<std::string> command, const std::string& mark);

  std::uint16_t Port() const { return port_; }
  std::string Url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// The body of the answer; empty when there is none.
  std::string Get(const std::string& path) const;

  /// Asks until the body has `wanted`, and gives that body.
  /// Throws std::runtime_error, with the last body, after `patience`, or when the process ends.
  std::string GetUntil(const std::string& path, const std::string& wanted,
                       std::chrono::milliseconds patience = std::chrono::seconds(30));

  /// As by `kill -9`; returns when it is gone.
  void Kill();
  ChildProcess& Process() { return process_; }

 private:
  ChildProcess process_;
  std::uint16_t port_ = 0;
};

}  // namespace pathwitness
