#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "config/load.h"
#include "exporter/app.h"
#include "exporter/flags.h"
#include "exporter/log.h"
#include "exporter/web/routes.h"
#include "exporter/web/server.h"
#include "probes/net/open_ports.h"
#include "probes/net/privileges.h"

namespace pathwitness {
namespace {

std::string VersionText() {
  const BuildFacts build = ThisBuild();
  return fmt::format(
      "pathwitness, version {} (branch: {}, revision: {})\n  compiler: {}\n  libcurl:  {}\n"
      "  civetweb: {}\n",
      build.version, build.branch, build.revision, build.compiler, build.libcurl, build.civetweb);
}

/// Blocks the signals that main waits for, in this thread and all that will be started by it.
sigset_t TakeSignals() {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);  // a client that goes away ends its answer, not us
  sigset_t signals{};
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

/// Only HTTPS and pulse sockets are opened later on, and a mark on them needs the capability.
KeptCapability NeededCapability(const Config& config) {
  const bool has_marks = std::ranges::any_of(
      config.targets, [](const TargetConfig& target) { return target.route.mark != 0; });
  return has_marks ? KeptCapability::NetRaw : KeptCapability::None;
}

void SuperviseUntilTold(App& app, const sigset_t& signals, EventLog& log) {
  constexpr timespec kSecond{.tv_sec = 1, .tv_nsec = 0};
  while (true) {
    const int signal = sigtimedwait(&signals, nullptr, &kSecond);
    if (signal == SIGTERM || signal == SIGINT) {
      log.Write(LogLevel::Info, "stopping", {{"signal", signal == SIGTERM ? "TERM" : "INT"}});
      return;
    }
    if (signal == SIGHUP) {
      log.Write(LogLevel::Warn, "signal ignored: this version cannot reload, restart it instead",
                {{"signal", "HUP"}});
    }
    app.Supervise();
  }
}

/// What can fail comes before the first packet is sent. Capabilities go before there is any other
/// thread, as dropping them concerns the calling thread alone.
int Serve(const Flags& flags) {
  const sigset_t signals = TakeSignals();
  const SystemClock clock;
  const auto config = std::make_shared<const Config>(LoadConfig(flags.config_file));
  StderrLog log(flags.log_format, flags.log_level, clock);
  PortFactory open_port = OpenPacketPorts(*config, log).factory;
  DropCapabilities(NeededCapability(*config));

  App app(config, std::move(open_port), flags.telemetry_path, clock, log);
  Routes routes(flags.telemetry_path, app.MakeViews());
  const HttpServer server(flags.listen_addresses,
                          [&routes](const HttpRequest& request) { return routes.Handle(request); });
  app.Start();
  for (const ListenAddress& address : server.Addresses()) {
    log.Write(
        LogLevel::Info, "listening",
        {{"address", address.ToString()}, {"targets", std::to_string(config->targets.size())}});
  }
  SuperviseUntilTold(app, signals, log);
  if (!app.Stop()) {
    log.Write(LogLevel::Error, "an engine hangs: leaving without it", {});
    std::_Exit(EXIT_SUCCESS);
  }
  return EXIT_SUCCESS;
}

int Run(const Flags& flags) {
  if (flags.action == Action::ShowHelp) {
    fmt::print("{}", flags.help);
    return EXIT_SUCCESS;
  }
  if (flags.action == Action::ShowVersion) {
    fmt::print("{}", VersionText());
    return EXIT_SUCCESS;
  }
  CheckEnvironment(flags.environment, flags.config_file);
  if (flags.action == Action::CheckConfig) {
    LoadConfig(flags.config_file);
    fmt::print("configuration is valid\n");
    return EXIT_SUCCESS;
  }
  return Serve(flags);
}

/// Before there are other threads, so reading the environment is safe.
std::string EnvironmentVariable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace
}  // namespace pathwitness

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    return pathwitness::Run(pathwitness::ParseFlags(
        arguments, pathwitness::EnvironmentVariable("PATHWITNESS_ENVIRONMENT")));
  } catch (const pathwitness::ConfigError& error) {
    fmt::print(stderr, "{}\n", error.what());
  } catch (const std::exception& error) {
    fmt::print(stderr, "pathwitness: {}\n", error.what());
  }
  return EXIT_FAILURE;
}
