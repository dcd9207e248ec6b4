#include "tests/grafana/live_stage.h"

#include <stdexcept>
#include <utility>

#include "exporter/rfc3339.h"
#include "tests/grafana/live_services.h"

namespace pathwitness {
namespace {

using namespace std::chrono_literals;

const std::string kTools = PATHWITNESS_SOURCE_DIR "/tools/dashboard-preview/";

/// Of the samples that the shipped configuration takes each 15 s.
constexpr std::chrono::milliseconds kScrapeInterval = 15000ms / LiveStage::kSpeed;

std::string DayIn(std::chrono::hours time) {
  return FormatRfc3339(std::chrono::system_clock::now() + time, TimePrecision::Seconds)
      .substr(0, 10);
}

std::string WithPlace(std::string text, const std::string& name, std::uint16_t port) {
  return text.replace(text.find(name), name.size(), LoopbackPlace(port));
}

}  // namespace

LiveStage::LiveStage() {
  world_ = std::make_unique<SimulatedWorld>([this] { return Configuration(); });
  StartPrometheus();
}

LiveStage::~LiveStage() = default;

/// Begins where the world's own configuration of its target ends.
std::string LiveStage::Configuration() {
  services_ = std::make_unique<LiveServices>();
  const std::string https =
      "interval: 1s, timeout: 950ms, tls: {ca_file: \"" + services_->AuthorityFile() + "\"}}\n";
  return "    reflector: {key_file: \"" + services_->ReflectorKeyFile() +
         "\", interval: 100ms}\n"
         "    https: {url: \"https://shop.example/\", " +
         https +
         "  - name: here-to-api\n"
         "    host: 203.0.113.10\n"
         "    labels: {team: api}\n"
         "    trace: {protocols: [icmp], interval: 1s, flows: 1, end_to_end_interval: 100ms, "
         "timeout: 300ms}\n"
         "    https: {url: \"https://api.example/\", " +
         https +
         "  - name: nightly-backup\n"
         "    pulse: {interval: 1s, expected_interval: 1h, file: {path: \"" +
         folder_.Write("backup", "done") +
         "\"}}\n"
         "alert_overrides:\n"
         "  - {alert: PathwitnessPathLossHigh, tier: critical, threshold: 0.35, target: "
         "here-to-shop, reason: \"shared with office VPN users\", owner: shop, expires: " +
         DayIn(200 * 24h) +
         "}\n"
         "  - {alert: PathwitnessHttpsTrafficDip, disabled: true, reason: \"no customers here\", "
         "owner: api, expires: " +
         DayIn(30 * 24h) + "}\n";
}

void LiveStage::StartPrometheus() {
  const std::vector<std::string> exporters(2, LoopbackPlace(world_->Port()));
  alertmanager_ = std::make_unique<AlertmanagerServer>(paging_.Alertmanager(exporters));
  const std::vector<std::string> alertmanagers(2, LoopbackPlace(alertmanager_->Port()));
  const PrometheusServer::Options options =
      paging_.Prometheus({.exporters = exporters, .alertmanagers = alertmanagers}, "a");
  prometheus_ = std::make_unique<PrometheusServer>(options);
  prometheus_->Write("prometheus.yaml",
                     WithPlace(options.config, "prometheus-1:9090", prometheus_->Port()));
  if (const std::string problem = prometheus_->Reload(); !problem.empty()) {
    throw std::runtime_error(problem);
  }
}

void LiveStage::AwaitCalm() {
  prometheus_->QueryUntil("pathwitness:target_worked:ever{target=\"here-to-shop\"}", "\"1\"]");
  world_->AwaitFlush();
  begin_ = std::chrono::steady_clock::now();
  world_->AwaitMore("pathwitness_path_probes_total", 100);
}

void LiveStage::BreakAll() {
  world_->Detour(0.5);
  world_->Do([this] { services_->Fail(); });
  prometheus_->QueryUntil("pathwitness_incident_info", "lab-cloud", 60s);
  prometheus_->QueryUntil("ALERTS{alertstate=\"firing\",severity=\"critical\"}", "here-to-shop",
                          60s);
  during_ = std::chrono::system_clock::now();
}

void LiveStage::LeadBack() {
  const std::string changes = "pathwitness_path_route_changes_total{target=\"here-to-shop\"}";
  world_->SetLoss(0.5);
  prometheus_->QueryUntil("sum(" + changes + ") > 1", "value", 60s);
  world_->AwaitMore("pathwitness_path_probes_total", 50);
}

Ended LiveStage::Node(const std::string& command, const std::vector<std::string>& arguments) const {
  const auto range =
      std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin_);
  const auto during = std::chrono::ceil<std::chrono::seconds>(during_.time_since_epoch());
  std::vector<std::string> words = {"node",
                                    kTools + command,
                                    "--prometheus=" + prometheus_->Url(),
                                    "--range=" + std::to_string(range.count()) + "ms",
                                    "--scrape=" + std::to_string(kScrapeInterval.count()) + "ms",
                                    "--set=target=" + std::string(SimulatedWorld::kTarget),
                                    "--set=during=" + std::to_string(during.count())};
  words.insert(words.end(), arguments.begin(), arguments.end());
  ChildProcess process(words);
  const std::optional<int> status = process.AwaitExit(60s);
  return {status.value_or(-1), process.Output()};
}

}  // namespace pathwitness
