#include <fmt/format.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "config/load.h"
#include "exporter/app.h"
#include "exporter/cli/commands.h"
#include "exporter/control_loop.h"
#include "exporter/flags.h"
#include "exporter/log.h"
#include "exporter/service_manager.h"
#include "exporter/web/inherited_sockets.h"
#include "exporter/web/routes.h"
#include "exporter/web/server.h"
#include "exporter/web/web_counters.h"
#include "exporter/web/web_gate.h"
#include "probes/net/open_ports.h"
#include "probes/net/privileges.h"
#include "probes/reflect/key_ring.h"
#include "probes/reflect/reflector_engine.h"

namespace pathwitness {
namespace {

std::string VersionText() {
  const BuildFacts build = ThisBuild();
  return fmt::format(
      "pathwitness, version {} (branch: {}, revision: {})\n  compiler: {}\n  libcurl:  {}\n"
      "  civetweb: {}\n",
      build.version, build.branch, build.revision, build.compiler, build.libcurl, build.civetweb);
}

/// Blocks the signals that ControlLoop takes, in this thread and all that will be started by it.
void BlockSignals() {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);  // a client that goes away ends its answer, not us
  sigset_t signals{};
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

/// Only HTTPS and pulse sockets are opened later on, and a mark on them needs the capability.
KeptCapability NeededCapability(const Config& config) {
  const bool has_marks = std::ranges::any_of(
      config.targets, [](const TargetConfig& target) { return target.route.mark != 0; });
  return has_marks ? KeptCapability::NetRaw : KeptCapability::None;
}

/// The machine's name; empty when it has none.
std::string OwnName() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// With TLS or passwords a stranger's name leads no browser astray: it has another certificate, and
/// gets no password.
Views AllowedViews(App& app, const WebGate& gate, const Flags& flags) {
  Views views = app.MakeViews();
  views.is_own_host = [&gate, names = flags.allowed_hosts, own = OwnName()](std::string_view host) {
    return !gate.IsOpen() || IsOwnHost(host, names) || IsOwnHost(host, {own});
  };
  if (!flags.enable_lifecycle) {
    views.reload = nullptr;
    views.drill = nullptr;
  }
  if (!flags.enable_follow_ups) {
    views.follow_up = nullptr;
  }
  return views;
}

/// Errors: std::runtime_error when the key file cannot be used or the port is taken.
std::optional<Responder> OpenResponder(const std::optional<ResponderFlags>& flags) {
  if (!flags) {
    return std::nullopt;
  }
  if (!KeyRing::Read(flags->key_file)) {
    throw std::runtime_error(
        fmt::format("--responder.key-file: {} cannot be read, or has a line that is no key: a "
                    "number from 1 to 65535, a space and 64 hexadecimal digits",
                    flags->key_file));
  }
  return Responder{.socket = OpenReflectorSocket(flags->address.host, flags->address.port),
                   .key_file = flags->key_file};
}

/// Before there are other threads, so reading the environment is safe.
std::string EnvironmentVariable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string() : std::string(value);
}

/// Errors: std::runtime_error when systemd has opened none.
std::vector<InheritedSocket> OurSockets(const Flags& flags) {
  return flags.uses_systemd_sockets
             ? TakeInheritedSockets({.listen_pid = EnvironmentVariable("LISTEN_PID"),
                                     .listen_fds = EnvironmentVariable("LISTEN_FDS")})
             : std::vector<InheritedSocket>();
}

ServiceEnvironment OurServiceEnvironment() {
  return {.notify_socket = EnvironmentVariable("NOTIFY_SOCKET"),
          .watchdog_usec = EnvironmentVariable("WATCHDOG_USEC"),
          .watchdog_pid = EnvironmentVariable("WATCHDOG_PID")};
}

/// Lets all threads share two heaps. By default glibc gives each its own, and each of the web
/// server's workers then keeps what its largest scrape took.
void ShareHeaps() {
  constexpr int kHeaps = 2;
  mallopt(M_ARENA_MAX, kHeaps);  // NOLINT(concurrency-mt-unsafe): there is one thread yet
}

/// The kernel's usual soft limit of 1024 is for programs that use select(2). A crowd at the web
/// server must not leave the probers without sockets.
void RaiseFileLimit() {
  constexpr rlim_t kEnough = 65536;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < kEnough) {
    files.rlim_cur = std::min(files.rlim_max, kEnough);
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

/// At `sockets`, or the addresses of the flags when there are none. Errors: as HttpServer's.
HttpServer OpenServer(const Flags& flags, std::vector<InheritedSocket> sockets, Routes& routes,
                      WebGate& gate) {
  const HttpHandler handle = [&routes](const HttpRequest& request) {
    return routes.Handle(request);
  };
  return sockets.empty() ? HttpServer(flags.listen_addresses, handle, &gate)
                         : HttpServer(std::move(sockets), handle, &gate);
}

/// What can fail comes before the first packet is sent. Capabilities go before there is any other
/// thread, as dropping them concerns the calling thread alone.
int Serve(const Flags& flags) {
  ShareHeaps();
  RaiseFileLimit();
  BlockSignals();
  const SystemClock clock;
  LoadedConfig loaded =
      LoadLayers(flags.config_file, flags.environment, clock.WallNow(), flags.shard);
  StderrLog log(flags.log_format, flags.log_level, clock);
  PortFactory open_port = OpenPacketPorts(loaded.config, log).factory;
  std::vector<InheritedSocket> sockets = OurSockets(flags);
  std::optional<Responder> responder = OpenResponder(flags.responder);
  const std::string reflects_at =
      responder
          ? ListenAddress{flags.responder->address.host, BoundPort(responder->socket)}.ToString()
          : "";
  DropCapabilities(NeededCapability(loaded.config));
  WebCounters web_counters;
  WebGate gate(flags.web_config_file, web_counters, clock, log);

  const auto targets = std::ranges::count_if(
      loaded.config.targets,
      [&](const TargetConfig& target) { return Watches(flags.shard, target.name); });
  App app({.config_file = flags.config_file,
           .environment = flags.environment,
           .telemetry_path = flags.telemetry_path,
           .shard = flags.shard,
           .allows_follow_ups = flags.enable_follow_ups,
           .responder = std::move(responder),
           .web_facts =
               [&web_counters, &gate] {
                 return WebFacts{.connections = web_counters.Open(),
                                 .refused = web_counters.Refused(),
                                 .is_config_good = gate.IsConfigGood()};
               }},
          std::move(loaded), std::move(open_port), clock, log);
  Routes routes(flags.telemetry_path, AllowedViews(app, gate, flags), flags.max_scrapes);
  ServiceManager manager(OurServiceEnvironment());
  ControlLoop loop(app, manager, gate, clock, log);
  const HttpServer server = OpenServer(flags, std::move(sockets), routes, gate);
  app.Start();
  for (const ListenAddress& address : server.Addresses()) {
    log.Write(LogLevel::Info, "listening",
              {{"address", address.ToString()},
               {"tls", gate.Tls() == nullptr ? "no" : "yes"},
               {"environment", flags.environment},
               {"targets", std::to_string(targets)}});
  }
  if (!reflects_at.empty()) {
    log.Write(LogLevel::Info, "reflecting", {{"udp", reflects_at}});
  }
  manager.OnReady(fmt::format("watching {} targets, environment {}", targets, flags.environment));
  loop.RunUntilTold();
  if (!app.Stop()) {
    log.Write(LogLevel::Error, "an engine hangs: leaving without it", {});
    std::_Exit(EXIT_SUCCESS);
  }
  return EXIT_SUCCESS;
}

int Run(const Flags& flags) {
  if (flags.action == Action::ShowHelp) {
    fmt::print("{}{}", flags.help, CommandOverview());
    return EXIT_SUCCESS;
  }
  if (flags.action == Action::ShowVersion) {
    fmt::print("{}", VersionText());
    return EXIT_SUCCESS;
  }
  if (flags.action == Action::CheckConfig) {
    LoadLayers(flags.config_file, flags.environment, SystemClock().WallNow(), flags.shard);
    if (flags.web_config_file) {
      CheckWebConfig(*flags.web_config_file);
    }
    fmt::print("configuration is valid\n");
    return EXIT_SUCCESS;
  }
  return Serve(flags);
}

/// What helps against an error of the system; empty: its own text says that.
std::string_view Remedy(const std::error_code& code) {
  return code == std::errc::resource_unavailable_try_again
             ? ": it needs about 280 threads; a container's limit of processes, TasksMax= of the "
               "service or ulimit -u allows fewer"
             : "";
}

}  // namespace
}  // namespace pathwitness

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    if (const auto status = pathwitness::RunCommand(arguments, std::cout, std::cerr)) {
      return *status;
    }
    return pathwitness::Run(pathwitness::ParseFlags(
        arguments, pathwitness::EnvironmentVariable("PATHWITNESS_ENVIRONMENT")));
  } catch (const pathwitness::ConfigError& error) {
    fmt::print(stderr, "{}\n", error.what());
  } catch (const std::system_error& error) {
    fmt::print(stderr, "pathwitness: {}{}\n", error.what(), pathwitness::Remedy(error.code()));
  } catch (const std::exception& error) {
    fmt::print(stderr, "pathwitness: {}\n", error.what());
  }
  return EXIT_FAILURE;
}
