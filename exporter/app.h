#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/load.h"
#include "exporter/boards.h"
#include "exporter/config_in_force.h"
#include "exporter/drill/drill_book.h"
#include "exporter/engines.h"
#include "exporter/log.h"
#include "exporter/metrics/exporter_facts.h"
#include "exporter/metrics/render.h"
#include "exporter/on_demand.h"
#include "exporter/pages/pages.h"
#include "exporter/reload_mailbox.h"
#include "exporter/web/routes.h"
#include "probes/base/time.h"
#include "probes/net/packet_port.h"

namespace pathwitness {

/// What stays as it was at the start.
struct AppSettings {
  std::filesystem::path config_file;
  std::string environment;
  std::string telemetry_path;
  Shard shard = {};
  bool allows_follow_ups = false;           // of whoever reads the pages
  std::optional<Responder> responder = {};  // absent: it reflects nothing
  std::function<WebFacts()> web_facts = [] { return WebFacts(); };
};

/// Everything that measures: the boards, an engine for each kind of probe, and what the web server
/// shows of them. Belongs to the main thread; only the views may be used from others.
class App {
 public:
  /// `loaded` is what LoadLayers made of the settings. `clock` and `log` must outlive the app.
  App(AppSettings settings, LoadedConfig loaded, PortFactory open_port, const Clock& clock,
      StderrLog& log);
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// Must not be called after the app is gone. `reload` is among them.
  Views MakeViews();

  void Start();

  /// Replaces engines that no longer turn. Call every second.
  void Supervise();

  /// Reads the configuration again, wholly, and gives it to the engines; what is wrong with it
  /// keeps the old one. Never throws. `trigger` says in the log why.
  ReloadResult Reload(std::string_view trigger);

  /// The names of engines that make no progress. For any thread.
  std::vector<std::string> StuckEngines() const { return engines_.Stuck(); }

  /// Takes over what was discovered since the last call. Call every second.
  void MergeDiscovered();

  /// Where views ask for a reload.
  ReloadMailbox& ReloadRequests() { return reload_requests_; }

  /// The files whose change is a reason to reload; none when that is not configured.
  std::vector<std::filesystem::path> FilesToWatch() const;

  /// Ends the engines; measurements under way on demand are answered as interrupted. False when an
  /// engine hangs: then the app must not be destroyed, but the process must end.
  bool Stop();

 private:
  std::array<std::uint64_t, kScrapeEndNames.size()> Scrapes() const;
  std::shared_ptr<const ConfigInForce> InForce() const { return config_board_.Find(0); }
  void Publish(ConfigInForce next);
  void Enforce(ConfigInForce next);
  void LogRefused(const std::vector<ConfigProblem>& before,
                  const std::vector<ConfigProblem>& refused);
  ReloadResult Accept(LoadedConfig loaded, Duration load_time);
  ReloadResult Reject(std::vector<std::string> problems);
  ExporterFacts Facts();
  PageSources Pages() const;
  std::string ConfigText() const;
  bool HasStoredRound() const;

  const AppSettings settings_;
  const std::string form_key_;  // see PageSources
  const Clock& clock_;
  StderrLog& log_;

  ConfigBoard config_board_;
  ConfigBoard::Writer config_writer_;
  std::shared_ptr<const Config> started_with_;
  ReloadMailbox reload_requests_;
  std::array<std::atomic<std::uint64_t>, kScrapeEndNames.size()> scrapes_{};  // by ScrapeEnd

  Boards boards_;
  std::vector<DiscoveryBoard::Pointer> merged_sources_;  // the main thread's alone
  DrillBook drills_;
  Engines engines_;  // after the boards: engines end before what they write to
};

/// What was built, and of what.
BuildFacts ThisBuild();

}  // namespace pathwitness
