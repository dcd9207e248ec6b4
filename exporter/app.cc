#include "exporter/app.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "exporter/version.h"
#include "exporter/web/server.h"
#include "probes/dns/dns_engine.h"
#include "probes/https/https_engine.h"
#include "probes/pulse/pulse_engine.h"
#include "probes/trace/trace_engine.h"

namespace pathwitness {
namespace {

// Trace waits for many packets at once: their times are the kernel's (see EngineThread). The
// phases of an HTTPS request are timed when they are seen, so it turns at once.
constexpr Duration kTraceTick = std::chrono::milliseconds(5);
constexpr Duration kTick = std::chrono::microseconds(100);

template <typename Snapshots>
bool HasRound(const Snapshots& snapshots) {
  return std::ranges::any_of(snapshots,
                             [](const auto& snapshot) { return snapshot->status.rounds > 0; });
}

}  // namespace

App::App(std::shared_ptr<const Config> config, PortFactory open_port, std::string telemetry_path,
         const Clock& clock, StderrLog& log)
    : config_(std::move(config)),
      telemetry_path_(std::move(telemetry_path)),
      clock_(clock),
      log_(log),
      loaded_at_(clock.WallNow()),
      dns_(
          "dns", [this] { return std::make_unique<DnsEngine>(dns_board_, clock_, log_); }, clock,
          log, kTick),
      trace_(
          "trace",
          [this, open_port = std::move(open_port)] {
            return std::make_unique<TraceEngine>(open_port(), dns_board_, trace_board_,
                                                 trace_self_board_, clock_, log_);
          },
          clock, log, kTraceTick),
      https_(
          "https",
          [this] { return std::make_unique<HttpsEngine>(dns_board_, https_board_, clock_, log_); },
          clock, log, kTick),
      pulse_(
          "pulse",
          [this] { return std::make_unique<PulseEngine>(dns_board_, pulse_board_, clock_, log_); },
          clock, log, kTick) {}

std::vector<EngineThread*> App::Threads() {
  return {&dns_, &trace_, &https_, &pulse_};
}

void App::Start() {
  for (EngineThread* const thread : Threads()) {
    thread->Start(config_);
  }
}

void App::Supervise() {
  for (EngineThread* const thread : Threads()) {
    thread->Supervise();
  }
}

bool App::Stop() {
  bool have_all_ended = true;
  for (EngineThread* const thread : Threads()) {
    have_all_ended = thread->Stop() && have_all_ended;
  }
  return have_all_ended;
}

Views App::MakeViews() {
  const MetricSources sources{.traces = &trace_board_,
                              .trace_self = &trace_self_board_,
                              .https = &https_board_,
                              .pulses = &pulse_board_,
                              .dns = &dns_board_,
                              .clock = &clock_,
                              .facts = [this] { return Facts(); }};
  const Probers probers{dns_board_, trace_, https_, pulse_, clock_};
  return {
      .metrics = [sources] { return RenderMetrics(sources); },
      .metrics_gzip = [sources] { return RenderGzip(sources); },
      .status_page = [this] { return StatusPage(Status()); },
      .stuck_engines = [this] { return StuckEngines(); },
      .has_stored_round = [this] { return HasStoredRound(); },
      .probe = [this, probers](
                   const ProbeOrder& order) { return ProbeOnDemand(order, *config_, probers); },
      .on_heartbeat =
          [this, probers](const std::string& name) {
            return StoreHeartbeat(name, *config_, probers);
          },
  };
}

ExporterFacts App::Facts() {
  ExporterFacts facts{.build = ThisBuild(),
                      .config = config_,
                      .last_successful_reload = loaded_at_,
                      .log_messages = log_.Counts(),
                      .engines = {}};
  for (const EngineThread* const thread : Threads()) {
    facts.engines.push_back(thread->Vitals());
  }
  return facts;
}

StatusView App::Status() const {
  StatusView view{.version = std::string(Version()),
                  .environment = config_->environment,
                  .telemetry_path = telemetry_path_,
                  .now = clock_.WallNow(),
                  .targets = {},
                  .traces = trace_board_.All(),
                  .https = https_board_.All(),
                  .pulses = pulse_board_.All()};
  std::ranges::transform(config_->targets, std::back_inserter(view.targets), &TargetConfig::name);
  return view;
}

bool App::HasStoredRound() const {
  return HasRound(trace_board_.All()) || HasRound(https_board_.All()) ||
         HasRound(pulse_board_.All());
}

std::vector<std::string> App::StuckEngines() {
  std::vector<std::string> stuck;
  for (const EngineThread* const thread : Threads()) {
    const EngineVitals vitals = thread->Vitals();
    if (vitals.since_last_turn >= EngineThread::kStuckAfter) {
      stuck.push_back(vitals.name);
    }
  }
  return stuck;
}

BuildFacts ThisBuild() {
  return {.version = std::string(Version()),
          .revision = std::string(Revision()),
          .branch = std::string(Branch()),
          .compiler = PATHWITNESS_COMPILER,
          .libcurl = PATHWITNESS_LIBCURL_VERSION,
          .civetweb = std::string(HttpServerVersion())};
}

}  // namespace pathwitness
