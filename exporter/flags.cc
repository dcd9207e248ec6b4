#include "exporter/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <utility>

#include "exporter/web/routes.h"
#include "probes/base/ip_address.h"

namespace pathwitness {
namespace {

constexpr const char* kPurpose = "Watches network paths and HTTPS services, for Prometheus.";
constexpr std::array<std::string_view, 2> kLogFormatNames = {"logfmt", "json"};  // by LogFormat

/// The flags as text, before they mean anything.
struct Words {
  std::string config_file = Flags().config_file.string();
  std::string environment;
  std::vector<std::string> listen_addresses;
  bool uses_systemd_sockets = false;
  std::vector<std::string> allowed_hosts;
  std::string web_config_file;
  std::string telemetry_path = "/metrics";
  int max_scrapes = Routes::kMaxScrapes;
  std::string shard = Shard().ToString();
  std::string log_level = "info";
  std::string log_format = "logfmt";
  bool enable_lifecycle = false;
  bool enable_follow_ups = false;
  bool is_responder = false;
  std::string responder_address;
  std::string responder_key_file;
  bool check_config = false;
  bool show_version = false;
};

void Declare(CLI::App& app, Words& words) {
  app.set_help_flag("-h,--help", "Show this page and exit");
  app.add_flag("--version", words.show_version, "Show the version and exit");
  app.add_option("--config.file", words.config_file, "What to measure")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_flag("--config.check", words.check_config,
               "Check the configuration, print all its problems and exit");
  app.add_option("--environment", words.environment,
                 "Environment, also from PATHWITNESS_ENVIRONMENT [default]");
  app.add_option("--web.listen-address", words.listen_addresses,
                 R"(":port", "host:port" or "[v6]:port"; may be repeated [:10059])")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag("--web.systemd-socket", words.uses_systemd_sockets,
               "Listen by the sockets that systemd has opened, in place of addresses");
  app.add_option("--web.config.file", words.web_config_file,
                 "TLS, passwords and headers of the web server, as for other exporters")
      ->type_name("FILE");
  app.add_option("--web.telemetry-path", words.telemetry_path, "Where the metrics are")
      ->capture_default_str();
  app.add_option("--web.max-requests", words.max_scrapes, "Scrapes answered at a time; 503 beyond")
      ->check(CLI::Range(1, Routes::kMostScrapes))
      ->capture_default_str();
  app.add_option("--shard", words.shard, "i/n: watch only part i (from 0) of n of the targets")
      ->capture_default_str();
  app.add_flag("--web.enable-lifecycle", words.enable_lifecycle, "Allow POST /-/reload and drills");
  app.add_flag("--web.enable-follow-ups", words.enable_follow_ups,
               "Allow readers of the pages to write about incidents");
  app.add_option("--web.allowed-host", words.allowed_hosts,
                 "A name with dots by which browsers may ask for changes; may be repeated")
      ->type_name("NAME")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag("--responder", words.is_responder,
               "Reflect the requests of other pathwitness, which tells them which way loss is");
  app.add_option("--responder.listen-address", words.responder_address,
                 R"(UDP ":port", "address:port" or "[v6]:port" [:10060])");
  app.add_option("--responder.key-file", words.responder_key_file,
                 "What they have as reflector.key_file; required with --responder")
      ->type_name("FILE");
  app.add_option("--log.level", words.log_level, "The mildest that is logged")
      ->type_name(fmt::format("{}", fmt::join(kLogLevelNames, "|")))
      ->capture_default_str();
  app.add_option("--log.format", words.log_format, "How it is logged")
      ->type_name(fmt::format("{}", fmt::join(kLogFormatNames, "|")))
      ->capture_default_str();
}

/// The index of `word` among `allowed`.
template <std::size_t kSize>
std::size_t OneOf(const std::array<std::string_view, kSize>& allowed, std::string_view flag,
                  std::string_view word) {
  const auto* const found = std::ranges::find(allowed, word);
  if (found == allowed.end()) {
    throw FlagError(
        fmt::format("{}: \"{}\" is not one of {}", flag, word, fmt::join(allowed, ", ")));
  }
  return static_cast<std::size_t>(found - allowed.begin());
}

std::vector<ListenAddress> ReadAddresses(const std::vector<std::string>& words) {
  std::vector<ListenAddress> addresses;
  for (const std::string& word : words) {
    const std::optional<ListenAddress> address = ListenAddress::Parse(word);
    if (!address) {
      throw FlagError(fmt::format(
          R"(--web.listen-address: "{}" is not ":port", "host:port" or "[v6]:port")", word));
    }
    addresses.push_back(*address);
  }
  return addresses;
}

std::optional<ResponderFlags> ReadResponder(const Words& words) {
  if (!words.is_responder) {
    if (!words.responder_address.empty() || !words.responder_key_file.empty()) {
      throw FlagError("--responder.listen-address and --responder.key-file need --responder");
    }
    return std::nullopt;
  }
  if (words.responder_key_file.empty()) {
    throw FlagError("--responder needs --responder.key-file");
  }
  ResponderFlags flags{.key_file = words.responder_key_file};
  if (!words.responder_address.empty()) {
    const std::optional<ListenAddress> address = ListenAddress::Parse(words.responder_address);
    if (!address || !(address->host.empty() || IpAddress::Parse(address->host))) {
      throw FlagError(fmt::format(
          R"(--responder.listen-address: "{}" is not ":port", "address:port" or "[v6]:port")",
          words.responder_address));
    }
    flags.address = *address;
  }
  return flags;
}

Shard ReadShard(const std::string& word) {
  const std::optional<Shard> shard = Shard::Parse(word);
  if (!shard) {
    throw FlagError(fmt::format("--shard: \"{}\" is not i/n with i from 0 to n - 1", word));
  }
  return *shard;
}

Action ActionOf(const Words& words) {
  if (words.show_version) {
    return Action::ShowVersion;
  }
  return words.check_config ? Action::CheckConfig : Action::Serve;
}

Flags ToFlags(const Words& words, const std::string& environment_variable) {
  Flags flags;
  flags.action = ActionOf(words);
  flags.config_file = words.config_file;
  if (const std::string& name =
          words.environment.empty() ? environment_variable : words.environment;
      !name.empty()) {
    flags.environment = name;
  }
  if (words.uses_systemd_sockets && !words.listen_addresses.empty()) {
    throw FlagError("--web.systemd-socket takes the place of --web.listen-address: give one");
  }
  flags.uses_systemd_sockets = words.uses_systemd_sockets;
  flags.allowed_hosts = words.allowed_hosts;
  if (!words.listen_addresses.empty()) {
    flags.listen_addresses = ReadAddresses(words.listen_addresses);
  }
  if (!words.web_config_file.empty()) {
    flags.web_config_file = words.web_config_file;
  }
  if (!IsUsableTelemetryPath(words.telemetry_path)) {
    throw FlagError(
        fmt::format("--web.telemetry-path: \"{}\" is no path like /metrics, or is another page's",
                    words.telemetry_path));
  }
  flags.telemetry_path = words.telemetry_path;
  flags.max_scrapes = words.max_scrapes;
  flags.shard = ReadShard(words.shard);
  flags.enable_lifecycle = words.enable_lifecycle;
  flags.enable_follow_ups = words.enable_follow_ups;
  flags.responder = ReadResponder(words);
  flags.log_level = static_cast<LogLevel>(OneOf(kLogLevelNames, "--log.level", words.log_level));
  flags.log_format =
      static_cast<LogFormat>(OneOf(kLogFormatNames, "--log.format", words.log_format));
  return flags;
}

/// The problem in one line, whatever the parser has to say.
std::string FirstLine(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

CommandUsage FlagsUsage() {
  CLI::App app(kPurpose, "pathwitness");
  Words words;
  Declare(app, words);
  return UsageOf(app);
}

Flags ParseFlags(const std::vector<std::string>& arguments,
                 const std::string& environment_variable) {
  CLI::App app(kPurpose, "pathwitness");
  Words words;
  Declare(app, words);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants them
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return {.action = Action::ShowHelp, .help = app.help()};
  } catch (const CLI::ParseError& error) {
    throw FlagError(FirstLine(error.what()) + " (--help lists the flags)");
  }
  return ToFlags(words, environment_variable);
}

}  // namespace pathwitness
