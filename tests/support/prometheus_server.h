#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "tests/support/listening_process.h"
#include "tests/support/test_folder.h"

namespace pathwitness {

/// A real Prometheus with an empty database in a folder of its own.
class PrometheusServer {
 public:
  struct Options {
    std::string config;                        // text of the configuration file
    std::map<std::string, std::string> files;  // beside it: path, such as rules/x.yaml, to text
    std::vector<std::string> flags;            // beside those that it needs
  };

  /// Ready to answer. Throws std::runtime_error with its log when it does not start.
  explicit PrometheusServer(const Options& options);

  std::uint16_t Port() const { return process_.Port(); }
  std::string Url() const { return process_.Url(); }
  std::string Get(const std::string& path) const { return process_.Get(path); }
  std::string GetUntil(const std::string& path, const std::string& wanted,
                       std::chrono::milliseconds patience = std::chrono::seconds(30)) {
    return process_.GetUntil(path, wanted, patience);
  }

  /// The JSON that /api/v1/query answers to an expression.
  std::string Query(const std::string& expression) const;
  /// Asks until the answer has `wanted`; throws as ListeningProcess::GetUntil.
  std::string QueryUntil(const std::string& expression, const std::string& wanted,
                         std::chrono::milliseconds patience = std::chrono::seconds(30));

  /// Replaces a file of `Options::files`; in force with the next Reload.
  void Write(const std::string& name, const std::string& text) const { folder_.Write(name, text); }
  /// POST /-/reload: what it answers, empty when all is well.
  std::string Reload() const;
  void Kill() { process_.Kill(); }
  ChildProcess& Process() { return process_.Process(); }

 private:
  TestFolder folder_;
  ListeningProcess process_;
};

}  // namespace pathwitness
