#include "exporter/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "exporter/config_change.h"
#include "exporter/discovery/with_discovered.h"
#include "exporter/drill/drill_pages.h"
#include "exporter/history/history_reader.h"
#include "exporter/history/restore_incidents.h"
#include "exporter/pages/follow_ups.h"
#include "exporter/rules/runbooks.h"
#include "exporter/version.h"
#include "exporter/web/server.h"

namespace pathwitness {
namespace {

constexpr Duration kReloadPatience = std::chrono::seconds(30);
constexpr std::size_t kLoggedProblems = 50;  // the rest only go to whoever asked by HTTP

template <typename Snapshots>
bool HasRound(const Snapshots& snapshots) {
  return std::ranges::any_of(snapshots,
                             [](const auto& snapshot) { return snapshot->status.rounds > 0; });
}

}  // namespace

App::App(AppSettings settings, LoadedConfig loaded, PortFactory open_port, const Clock& clock,
         StderrLog& log)
    : settings_(std::move(settings)),
      form_key_(settings_.allows_follow_ups ? MakeFormKey() : std::string()),
      clock_(clock),
      log_(log),
      config_writer_(config_board_.NewWriter()),
      engines_(boards_, std::move(open_port), settings_.responder, clock, log) {
  const auto shared = std::make_shared<const LoadedConfig>(std::move(loaded));
  started_with_ = TakeShare(std::shared_ptr<const Config>(shared, &shared->config));
  Publish({.loaded = shared, .config = started_with_, .last_successful_reload = clock.WallNow()});
}

void App::Publish(ConfigInForce next) {
  config_writer_.Publish(0, std::make_shared<const ConfigInForce>(std::move(next)));
}

/// Makes `next.loaded`, with the targets discovered so far, what everything works by.
void App::Enforce(ConfigInForce next) {
  const std::shared_ptr<const Config> written(next.loaded, &next.loaded->config);
  std::vector<ConfigProblem> refused;
  merged_sources_ = boards_.discovery.All();
  next.config = TakeShare(WithDiscovered(written, merged_sources_, refused));
  LogRefused(next.refused, refused);
  next.refused = std::move(refused);
  const std::shared_ptr<const Config> config = next.config;
  Publish(std::move(next));
  engines_.Apply(config);
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
  if (HaveSameTargets(boards_.discovery.All(), merged_sources_)) {
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
    RestoreIncidents(HistoryDirectory(config->history, config->state_directory), boards_.incidents,
                     clock_.WallNow());
  }
  engines_.Start(config);
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
  engines_.Discover(std::shared_ptr<const Config>(shared, &shared->config));
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
  engines_.Supervise();
}

bool App::Stop() {
  return engines_.Stop();
}

Views App::MakeViews() {
  const MetricSources sources{.traces = &boards_.traces,
                              .trace_self = &boards_.trace_self,
                              .https = &boards_.https,
                              .pulses = &boards_.pulses,
                              .one_way = &boards_.one_way,
                              .reflector = &boards_.reflector,
                              .dns = &boards_.dns,
                              .names = &boards_.names,
                              .discovery = &boards_.discovery,
                              .routes = &boards_.routes,
                              .asn = &boards_.asn,
                              .verdicts = &boards_.verdicts,
                              .incidents = &boards_.incidents,
                              .rules = &boards_.rules,
                              .history = &boards_.history,
                              .archive = &boards_.archive,
                              .upload = &boards_.upload,
                              .drills = &drills_,
                              .clock = &clock_,
                              .facts = [this] { return Facts(); }};
  const Probers probers{boards_.dns, engines_.Trace(), engines_.Https(), engines_.Pulse(), clock_};
  return {
      .metrics = [sources](const BodySink& sink) { return RenderMetrics(sources, sink); },
      .metrics_gzip = [sources](const BodySink& sink) { return RenderGzip(sources, sink); },
      .page = [this](const HttpRequest& request) { return AnswerPage(request, Pages()); },
      .stuck_engines = [this] { return engines_.Stuck(); },
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
                {.book = drills_, .traces = boards_.traces, .clock = clock_, .log = log_});
          },
      .follow_up =
          [this](const HttpRequest& request) {
            return AnswerFollowUp(request, Pages(), [this](const auto& incident, const auto& note) {
              return StoreFollowUp(incident, note, engines_.History());
            });
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
  return {.build = ThisBuild(),
          .config = in_force->config,
          .is_last_reload_successful = in_force->is_last_reload_successful,
          .last_successful_reload = in_force->last_successful_reload,
          .log_messages = log_.Counts(),
          .engines = engines_.Vitals(),
          .discovery_refused = CountRefused(in_force->refused),
          .scrapes = Scrapes(),
          .web = settings_.web_facts()};
}

PageSources App::Pages() const {
  const std::shared_ptr<const Config> config = InForce()->config;
  return {.boards = boards_,
          .config = config,
          .frame = {.version = std::string(Version()),
                    .environment = config->environment,
                    .telemetry_path = settings_.telemetry_path,
                    .now = clock_.WallNow()},
          .form_key = form_key_};
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
  return HasRound(boards_.traces.All()) || HasRound(boards_.https.All()) ||
         HasRound(boards_.pulses.All());
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
