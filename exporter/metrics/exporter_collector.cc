#include "exporter/metrics/exporter_collector.h"

#include <utility>

#include "exporter/metrics/families.h"

namespace pathwitness {

using prometheus::MetricFamily;

ExporterCollector::ExporterCollector(ExporterFacts facts) : facts_(std::move(facts)) {}

std::vector<MetricFamily> ExporterCollector::Collect() const {
  const BuildFacts& build = facts_.build;
  const Config& config = *facts_.config;
  MetricFamily log_messages = NewFamily(kLogMessages);
  AddEach(log_messages, {}, "level", kLogLevelNames, facts_.log_messages);
  MetricFamily scrapes = NewFamily(kScrapes);
  AddEach(scrapes, {}, "result", kScrapeEndNames, facts_.scrapes);
  MetricFamily web_refused = NewFamily(kWebRefused);
  AddEach(web_refused, {}, "reason", kWebRefusalNames, facts_.web.refused);
  MetricFamily web_config = NewFamily(kWebConfigLastReadSuccessful);
  if (facts_.web.is_config_good) {
    AddSample(web_config, {}, *facts_.web.is_config_good);
  }
  return {
      OneSample(kBuildInfo,
                {{"version", build.version},
                 {"revision", build.revision},
                 {"branch", build.branch},
                 {"compiler", build.compiler},
                 {"libcurl", build.libcurl},
                 {"civetweb", build.civetweb}},
                1),
      OneSample(kConfigLastReloadSuccessful, {}, facts_.is_last_reload_successful),
      OneSample(kConfigLastReloadSuccessTimestamp, {},
                ToUnixSeconds(facts_.last_successful_reload)),
      OneSample(kConfigInfo, {{"environment", config.environment}, {"sha256", config.sha256}}, 1),
      OneSample(kShardInfo,
                {{"shard", std::to_string(config.shard.index)},
                 {"shards", std::to_string(config.shard.count)}},
                1),
      std::move(scrapes),
      OneSample(kWebConnections, {}, facts_.web.connections),
      std::move(web_refused),
      std::move(web_config),
      std::move(log_messages),
  };
}

}  // namespace pathwitness
