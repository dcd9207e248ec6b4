#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "exporter/web/routes.h"
#include "exporter/web/web_counters.h"
#include "probes/base/event_log.h"
#include "probes/base/time.h"
#include "probes/engine_thread.h"

namespace pathwitness {

/// What was built, and of what; all of it text for build_info.
struct BuildFacts {
  std::string version;
  std::string revision;
  std::string branch;
  std::string compiler;
  std::string libcurl;
  std::string civetweb;
};

/// What the web server knows.
struct WebFacts {
  std::uint64_t connections = 0;  // open now
  WebCounters::Counts refused{};
  std::optional<bool> is_config_good = {};  // absent: there is no web configuration file
};

/// What the application knows and no board holds.
struct ExporterFacts {
  BuildFacts build;
  std::shared_ptr<const Config> config;  // in force; not null
  bool is_last_reload_successful = true;
  WallTime last_successful_reload;
  std::array<std::uint64_t, kLogLevelNames.size()> log_messages{};  // written, by LogLevel
  std::vector<EngineVitals> engines;
  std::map<std::string, std::size_t> discovery_refused = {};    // targets not in force, by source
  std::array<std::uint64_t, kScrapeEndNames.size()> scrapes{};  // by ScrapeEnd
  WebFacts web = {};
};

}  // namespace pathwitness
