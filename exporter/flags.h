#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/shard.h"
#include "exporter/log.h"
#include "exporter/usage.h"
#include "exporter/web/routes.h"
#include "exporter/web/server.h"

namespace pathwitness {

enum class Action : std::uint8_t { Serve, CheckConfig, ShowVersion, ShowHelp };

/// How to be the reflector of other pathwitness.
struct ResponderFlags {
  ListenAddress address = {.host = "", .port = 10060};  // UDP
  std::string key_file;
};

/// What the command line asks for.
struct Flags {
  Action action = Action::Serve;
  std::string help;  // the page, for ShowHelp
  std::filesystem::path config_file = "config/default.yaml";
  std::string environment = "default";
  std::vector<ListenAddress> listen_addresses = {{.host = "", .port = 10059}};
  bool uses_systemd_sockets = false;       // in place of listen_addresses
  std::vector<std::string> allowed_hosts;  // names by which browsers may ask for changes
  std::optional<std::filesystem::path> web_config_file;  // absent: plain HTTP for everybody
  std::string telemetry_path = "/metrics";
  int max_scrapes = Routes::kMaxScrapes;  // at a time
  Shard shard;
  bool enable_lifecycle = false;            // POST /-/reload
  bool enable_follow_ups = false;           // POST /incidents/<id>/follow-ups
  std::optional<ResponderFlags> responder;  // absent: nobody's requests are reflected
  LogLevel log_level = LogLevel::Info;
  LogFormat log_format = LogFormat::Logfmt;
};

/// what() is one line fit for standard error.
class FlagError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The program's own flags, without its commands.
CommandUsage FlagsUsage();

/// Reads the command line without the program's name. PATHWITNESS_ENVIRONMENT, given as
/// `environment_variable` (empty: unset), stands in for an absent --environment.
///
/// Errors: FlagError for an unknown flag or a value that is not allowed.
Flags ParseFlags(const std::vector<std::string>& arguments,
                 const std::string& environment_variable);

}  // namespace pathwitness
