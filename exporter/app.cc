#include "exporter/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <initializer_list>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "exporter/archive/archive_engine.h"
#include "exporter/archive/upload_engine.h"
#include "exporter/config_change.h"
#include "exporter/diagnosis/diagnosis_engine.h"
#include "exporter/discovery/discovery_engine.h"
#include "exporter/discovery/with_discovered.h"
#include "exporter/drill/drill_pages.h"
#include "exporter/history/history_engine.h"
#include "exporter/history/history_reader.h"
#include "exporter/history/restore_incidents.h"
#include "exporter/rules/rules_engine.h"
#include "exporter/rules/runbooks.h"
#include "exporter/version.h"
#include "exporter/web/server.h"
#include "probes/dns/dns_engine.h"
#include "probes/dns/ptr_engine.h"
#include "probes/https/https_engine.h"
#include "probes/pulse/pulse_engine.h"
#include "probes/reflect/one_way_engine.h"
#include "probes/reflect/reflector_engine.h"
#include "probes/trace/trace_engine.h"

namespace pathwitness {
namespace {

// Trace waits for many packets at once: their times are the kernel's (see EngineThread). The
// phases of an HTTPS request are timed when they are seen, so it turns at once.
constexpr Duration kTraceTick = std::chrono::milliseconds(5);
constexpr Duration kTick = std::chrono::microseconds(100);

constexpr Duration kReloadPatience = std::chrono::seconds(30);
constexpr Duration kEnginePatience = std::chrono::seconds(3);
constexpr std::size_t kLoggedProblems = 50;  // the rest only go to whoever asked by HTTP

template <typename Snapshots>
bool HasRound(const Snapshots& snapshots) {
  return std::ranges::any_of(snapshots,
                             [](const auto& snapshot) { return snapshot->status.rounds > 0; });
}

/// Whoever answers on any path now.
std::vector<IpAddress> RoutersOn(const TraceBoard& traces) {
  std::vector<IpAddress> routers;
  for (const TraceBoard::Pointer& trace : traces.All()) {
    for (const HopCounters& hop : trace->hops) {
      if (hop.address) {
        routers.push_back(*hop.address);
      }
    }
  }
  return routers;
}

/// Gives it to the engines and waits until they work by it, so that the next scrape shows it. An
/// engine that hangs gets it when it is replaced.
void GiveTo(std::initializer_list<EngineThread*> threads,
            const std::shared_ptr<const Config>& config) {
  std::vector<std::future<void>> taken;
  for (EngineThread* const thread : threads) {
    auto promise = std::make_shared<std::promise<void>>();
    taken.push_back(promise->get_future());
    thread->Apply(config);
    thread->Post([promise](Engine&, MonoTime) { promise->set_value(); });
  }
  const auto deadline = std::chrono::steady_clock::now() + kEnginePatience;
  for (const std::future<void>& by_engine : taken) {
    by_engine.wait_until(deadline);
  }
}

}  // namespace

App::App(AppSettings settings, LoadedConfig loaded, PortFactory open_port, const Clock& clock,
         StderrLog& log)
    : settings_(std::move(settings)),
      clock_(clock),
      log_(log),
      config_writer_(config_board_.NewWriter()),
      started_with_(TakeShare(std::make_shared<const Config>(loaded.config))),
      discovery_(
          "discovery",
          [this] { return std::make_unique<DiscoveryEngine>(discovery_board_, clock_, log_); },
          clock, log, kTick),
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
          clock, log, kTick),
      one_way_(
          "oneway",
          [this] {
            return std::make_unique<OneWayEngine>(dns_board_, one_way_board_, clock_, log_);
          },
          clock, log, kTick),
      diagnosis_(
          "diagnosis",
          [this] {
            return std::make_unique<DiagnosisEngine>(
                DiagnosisBoards{.traces = trace_board_,
                                .trace_self = trace_self_board_,
                                .https = https_board_,
                                .one_way = one_way_board_,
                                .dns = dns_board_,
                                .routes = route_board_,
                                .asn = asn_board_,
                                .verdicts = verdict_board_,
                                .incidents = incident_board_},
                clock_, log_);
          },
          clock, log, kTick),
      ptr_(
          "ptr",
          [this] {
            return std::make_unique<PtrEngine>([this] { return RoutersOn(trace_board_); },
                                               ptr_board_);
          },
          clock, log, kTick),
      rules_(
          "rules", [this] { return std::make_unique<RulesEngine>(rules_board_, clock_, log_); },
          clock, log, kTick),
      history_(
          "history",
          [this] {
            return std::make_unique<HistoryEngine>(HistoryBoards{.traces = trace_board_,
                                                                 .https = https_board_,
                                                                 .routes = route_board_,
                                                                 .incidents = incident_board_,
                                                                 .names = ptr_board_,
                                                                 .history = history_board_},
                                                   clock_, log_);
          },
          clock, log, kTick),
      archive_(
          "archive",
          [this] { return std::make_unique<ArchiveEngine>(archive_board_, clock_, log_); }, clock,
          log, kTick),
      upload_(
          "upload", [this] { return std::make_unique<UploadEngine>(upload_board_, clock_, log_); },
          clock, log, kTick) {
  if (settings_.responder) {
    reflector_.emplace(
        "reflector",
        [this] {
          return std::make_unique<ReflectorEngine>(settings_.responder->socket.Duplicate(),
                                                   settings_.responder->key_file, reflector_board_,
                                                   clock_, log_);
        },
        clock, log, kTick);
  }
  Publish({.loaded = std::make_shared<const LoadedConfig>(std::move(loaded)),
           .config = started_with_,
           .last_successful_reload = clock.WallNow()});
}

std::vector<EngineThread*> App::Threads() {
  std::vector<EngineThread*> threads = {&discovery_, &dns_,     &trace_,     &https_,
                                        &pulse_,     &one_way_, &diagnosis_, &ptr_,
                                        &rules_,     &history_, &archive_,   &upload_};
  if (reflector_) {
    threads.push_back(&*reflector_);
  }
  return threads;
}

void App::Publish(ConfigInForce next) {
  config_writer_.Publish(0, std::make_shared<const ConfigInForce>(std::move(next)));
}

/// Makes `next.loaded`, with the targets discovered so far, what everything works by.
void App::Enforce(ConfigInForce next) {
  const std::shared_ptr<const Config> written(next.loaded, &next.loaded->config);
  std::vector<ConfigProblem> refused;
  merged_sources_ = discovery_board_.All();
  next.config = TakeShare(WithDiscovered(written, merged_sources_, refused));
  LogRefused(next.refused, refused);
  next.refused = std::move(refused);
  const std::shared_ptr<const Config> config = next.config;
  Publish(std::move(next));
  GiveTo({&dns_, &trace_, &https_, &pulse_, &one_way_, &diagnosis_, &ptr_, &rules_, &history_,
          &archive_, &upload_},
         config);
}

/// Only what was not refused before: a document that is read again is no news.
void App::LogRefused(const std::vector<ConfigProblem>& before,
                     const std::vector<ConfigProblem>& refused) {
  std::unordered_set<std::string> known;
  for (const ConfigProblem& problem : before) {
    known.insert(problem.ToString());
  }
  std::size_t logged = 0;
  for (const ConfigProblem& problem : refused) {
    std::string text = problem.ToString();
    if (!known.contains(text) && ++logged <= kLoggedProblems) {
      log_.Write(LogLevel::Warn, "discovered target refused", {{"problem", std::move(text)}});
    }
  }
}

void App::MergeDiscovered() {
  if (HaveSameTargets(discovery_board_.All(), merged_sources_)) {
    return;
  }
  const std::shared_ptr<const ConfigInForce> before = InForce();
  Enforce(*before);
  const std::shared_ptr<const ConfigInForce> after = InForce();
  const TargetChanges changes = CompareTargets(*before->config, *after->config);
  log_.Write(LogLevel::Info, "discovered targets changed",
             {{"targets", std::to_string(after->config->targets.size())},
              {"added", std::to_string(changes.added)},
              {"removed", std::to_string(changes.removed)},
              {"changed", std::to_string(changes.changed)},
              {"refused", std::to_string(after->refused.size())}});
}

void App::Start() {
  const std::shared_ptr<const Config> config = InForce()->config;
  if (config->history.is_enabled) {
    RestoreIncidents(HistoryDirectory(config->history, config->state_directory), incident_board_,
                     clock_.WallNow());
  }
  for (EngineThread* const thread : Threads()) {
    thread->Start(InForce()->config);
  }
}

ReloadResult App::Reload(std::string_view trigger) {
  log_.Write(LogLevel::Info, "reloading the configuration", {{"trigger", std::string(trigger)}});
  const MonoTime start = clock_.Now();
  try {
    LoadedConfig loaded =
        LoadLayers(settings_.config_file, settings_.environment, clock_.WallNow(), settings_.shard);
    return Accept(std::move(loaded), clock_.Now() - start);
  } catch (const ConfigError& error) {
    std::vector<std::string> problems;
    std::ranges::transform(error.Problems(), std::back_inserter(problems),
                           &ConfigProblem::ToString);
    return Reject(std::move(problems));
  } catch (const std::exception& error) {
    return Reject({error.what()});
  }
}

ReloadResult App::Accept(LoadedConfig loaded, Duration load_time) {
  const std::shared_ptr<const ConfigInForce> old = InForce();
  const auto shared = std::make_shared<const LoadedConfig>(std::move(loaded));
  // First, so that files of targets are on the board when the others are told.
  GiveTo({&discovery_}, std::shared_ptr<const Config>(shared, &shared->config));
  Enforce({.loaded = shared, .refused = old->refused, .last_successful_reload = clock_.WallNow()});
  const std::shared_ptr<const Config> config = InForce()->config;
  const TargetChanges changes = CompareTargets(*old->config, *config);
  log_.Write(LogLevel::Info, "configuration reloaded",
             {{"targets", std::to_string(config->targets.size())},
              {"added", std::to_string(changes.added)},
              {"removed", std::to_string(changes.removed)},
              {"changed", std::to_string(changes.changed)},
              {"load_seconds", fmt::format("{:.3f}", ToSeconds(load_time))}});
  ReloadResult result{.is_applied = true, .warnings = NeedsRestart(*started_with_, *config)};
  for (const std::string& warning : result.warnings) {
    log_.Write(LogLevel::Warn, "needs a restart", {{"setting", warning}});
  }
  return result;
}

ReloadResult App::Reject(std::vector<std::string> problems) {
  ConfigInForce unchanged = *InForce();
  unchanged.is_last_reload_successful = false;
  Publish(std::move(unchanged));
  for (std::size_t i = 0; i < std::min(problems.size(), kLoggedProblems); ++i) {
    log_.Write(LogLevel::Error, "configuration problem", {{"problem", problems[i]}});
  }
  log_.Write(LogLevel::Error, "configuration not reloaded: the old one stays in force",
             {{"problems", std::to_string(problems.size())}});
  return {.is_applied = false, .problems = std::move(problems)};
}

std::vector<std::filesystem::path> App::FilesToWatch() const {
  const std::shared_ptr<const LoadedConfig> loaded = InForce()->loaded;
  return loaded->config.reload.watch ? loaded->files : std::vector<std::filesystem::path>();
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
                              .one_way = &one_way_board_,
                              .reflector = &reflector_board_,
                              .dns = &dns_board_,
                              .names = &ptr_board_,
                              .discovery = &discovery_board_,
                              .routes = &route_board_,
                              .asn = &asn_board_,
                              .verdicts = &verdict_board_,
                              .incidents = &incident_board_,
                              .rules = &rules_board_,
                              .history = &history_board_,
                              .archive = &archive_board_,
                              .upload = &upload_board_,
                              .drills = &drills_,
                              .clock = &clock_,
                              .facts = [this] { return Facts(); }};
  const Probers probers{dns_board_, trace_, https_, pulse_, clock_};
  return {
      .metrics = [sources](const BodySink& sink) { return RenderMetrics(sources, sink); },
      .metrics_gzip = [sources](const BodySink& sink) { return RenderGzip(sources, sink); },
      .status_page = [this] { return StatusPage(Status()); },
      .stuck_engines = [this] { return StuckEngines(); },
      .has_stored_round = [this] { return HasStoredRound(); },
      .probe =
          [this, probers](const ProbeOrder& order) {
            return ProbeOnDemand(order, *InForce()->config, probers);
          },
      .on_heartbeat =
          [this, probers](const std::string& name) {
            return StoreHeartbeat(name, *InForce()->config, probers);
          },
      .config_text = [this] { return ConfigText(); },
      .runbook_names = [this] { return RunbookNames(InForce()->config->alerting); },
      .runbook =
          [this](const std::string& alert) {
            return ReadRunbook(InForce()->config->alerting, alert);
          },
      .reload = [this] { return reload_requests_.Ask(kReloadPatience); },
      .drill =
          [this](const HttpRequest& request) {
            return AnswerDrillRequest(
                request, *InForce()->config,
                {.book = drills_, .traces = trace_board_, .clock = clock_, .log = log_});
          },
      .on_scrape = [this](ScrapeEnd end) { ++scrapes_.at(static_cast<std::size_t>(end)); },
  };
}

std::array<std::uint64_t, kScrapeEndNames.size()> App::Scrapes() const {
  std::array<std::uint64_t, kScrapeEndNames.size()> counts{};
  std::ranges::copy(scrapes_, counts.begin());
  return counts;
}

ExporterFacts App::Facts() {
  const std::shared_ptr<const ConfigInForce> in_force = InForce();
  ExporterFacts facts{.build = ThisBuild(),
                      .config = in_force->config,
                      .is_last_reload_successful = in_force->is_last_reload_successful,
                      .last_successful_reload = in_force->last_successful_reload,
                      .log_messages = log_.Counts(),
                      .engines = {},
                      .discovery_refused = CountRefused(in_force->refused),
                      .scrapes = Scrapes()};
  for (const EngineThread* const thread : Threads()) {
    facts.engines.push_back(thread->Vitals());
  }
  return facts;
}

StatusView App::Status() const {
  const std::shared_ptr<const Config> config = InForce()->config;
  StatusView view{.version = std::string(Version()),
                  .environment = config->environment,
                  .telemetry_path = settings_.telemetry_path,
                  .now = clock_.WallNow(),
                  .targets = {},
                  .traces = trace_board_.All(),
                  .https = https_board_.All(),
                  .pulses = pulse_board_.All(),
                  .verdicts = verdict_board_.All()};
  std::ranges::transform(config->targets, std::back_inserter(view.targets), &TargetConfig::name);
  return view;
}

std::string App::ConfigText() const {
  const std::shared_ptr<const ConfigInForce> in_force = InForce();
  const Config& all_shards = in_force->loaded->config;
  const auto written = static_cast<std::size_t>(std::ranges::count_if(
      all_shards.targets,
      [&](const TargetConfig& target) { return Watches(all_shards.shard, target.name); }));
  const std::size_t all = in_force->config->targets.size();
  return fmt::format("# environment {}; {} targets from files, {} discovered\n",
                     in_force->config->environment, written, all - written) +
         ShowConfig(*in_force->loaded);
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
