#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "tests/support/listening_process.h"
#include "tests/support/test_folder.h"

namespace pathwitness {

/// A real Alertmanager with an empty state in a folder of its own.
class AlertmanagerServer {
 public:
  struct Options {
    std::string config;                        // text of the configuration file
    std::map<std::string, std::string> files;  // beside it: path, such as templates/x.tmpl, to text
    std::string peer;                          // ClusterAddress() of another; empty: the first
    std::vector<std::string> flags;            // beside those that it needs
  };

  /// Ready to answer, though its cluster may not have settled (AwaitCluster).
  /// Throws std::runtime_error with its log when it does not start.
  explicit AlertmanagerServer(const Options& options);

  std::uint16_t Port() const { return process_.Port(); }
  std::string Url() const { return process_.Url(); }
  std::string Get(const std::string& path) const { return process_.Get(path); }
  std::string GetUntil(const std::string& path, const std::string& wanted,
                       std::chrono::milliseconds patience = std::chrono::seconds(30)) {
    return process_.GetUntil(path, wanted, patience);
  }

  /// Where its peers reach it.
  const std::string& ClusterAddress() const { return cluster_address_; }
  /// Returns when the cluster has settled. Throws std::runtime_error when it does not.
  void AwaitCluster() { process_.GetUntil("/api/v2/status", "\"status\":\"ready\""); }

  void Kill() { process_.Kill(); }
  ChildProcess& Process() { return process_.Process(); }

 private:
  TestFolder folder_;
  ListeningProcess process_;
  std::string cluster_address_;
};

}  // namespace pathwitness
