#include "tests/support/alertmanager_server.h"

#include <nlohmann/json.hpp>

namespace pathwitness {
namespace {

std::vector<std::string> CommandFor(const AlertmanagerServer::Options& options,
                                    const TestFolder& folder) {
  for (const auto& [name, text] : options.files) {
    folder.Write(name, text);
  }
  std::vector<std::string> command = {
      "prometheus-alertmanager",  // as Debian calls it
      "--config.file=" + folder.Write("alertmanager.yaml", options.config),
      "--storage.path=" + (folder.Path() / "data").string(),
      "--web.listen-address=127.0.0.1:0",
      "--cluster.listen-address=127.0.0.1:0",
  };
  if (!options.peer.empty()) {
    command.push_back("--cluster.peer=" + options.peer);
  }
  command.insert(command.end(), options.flags.begin(), options.flags.end());
  return command;
}

/// A status without this member's own address is an error that ends the test.
std::string OwnClusterAddress(const std::string& status) {
  const auto cluster = nlohmann::json::parse(status).at("cluster");
  for (const auto& peer : cluster.at("peers")) {
    if (peer.at("name") == cluster.at("name")) {
      return peer.at("address");
    }
  }
  throw std::runtime_error("no address of its own: " + status);
}

}  // namespace

AlertmanagerServer::AlertmanagerServer(const Options& options)
    : process_(CommandFor(options, folder_), "msg=\"Listening on\" address=127.0.0.1:"),
      cluster_address_(OwnClusterAddress(process_.GetUntil("/api/v2/status", "\"address\""))) {}

}  // namespace pathwitness
