#include "tests/grafana/live_stage.h"

#include <algorithm>
#include <stdexcept>

#include "exporter/rfc3339.h"
#include "tests/support/exchange.h"

namespace pathwitness {
namespace {

using namespace std::chrono_literals;

const std::string kTools = PATHWITNESS_SOURCE_DIR "/tools/dashboard-preview/";

/// What the dashboards take for the time between two samples. There are more, but rounds are a
/// second apart: a rate over less would show gaps that nobody else has.
constexpr const char* kScrapeInterval = "2s";

/// What a place is called that is not known yet.
constexpr const char* kNowhere = "127.0.0.1:1";

std::string DayIn(std::chrono::hours time) {
  return FormatRfc3339(std::chrono::system_clock::now() + time, TimePrecision::Seconds)
      .substr(0, 10);
}

std::string InMilliseconds(std::chrono::system_clock::duration time) {
  return std::to_string(std::chrono::floor<std::chrono::milliseconds>(time).count());
}

/// Of one that is quick and good, and of one that may be neither.
std::string TargetsLayer(const LiveServices& services, const std::string& backup) {
  const std::string https =
      "interval: 2s, timeout: 1900ms, tls: {ca_file: \"" + services.AuthorityFile() + "\"}}\n";
  return "targets:\n"
         "  - name: here-to-shop\n"
         "    reflector: {key_file: \"" +
         services.ReflectorKeyFile() +
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
         backup + "\"}}\n";
}

std::string OverridesLayer() {
  return "alert_overrides:\n"
         "  - {alert: PathwitnessPathLossHigh, tier: critical, threshold: 0.35, target: "
         "here-to-shop, reason: \"shared with office VPN users\", owner: shop, expires: " +
         DayIn(200 * 24h) +
         "}\n"
         "  - {alert: PathwitnessHttpsTrafficDip, disabled: true, reason: \"no customers here\", "
         "owner: api, expires: " +
         DayIn(30 * 24h) + "}\n";
}

}  // namespace

LiveStage::LiveStage() {
  world_ = std::make_unique<SimulatedWorld>([this] { return Layer(); },
                                            std::vector<std::string>{"--web.enable-lifecycle"});
  world_->Do([this] { StartAlerting(); });
}

std::string LiveStage::Layer() {
  services_ = std::make_unique<LiveServices>();
  paging_ = std::make_unique<PagingStage>(kSpeed);
  prometheus_ = std::make_unique<PrometheusServer>(PrometheusOptions(kNowhere, kNowhere));
  const std::string discovered = folder_.Write(
      "discovered.json",
      R"([{"targets": ["203.0.113.10"], "labels": {"__pathwitness_name": "here-to-search",
           "__pathwitness_protocols": "icmp", "__pathwitness_interval": "3s"}}])");
  return TargetsLayer(*services_, folder_.Write("backup", "done")) + OverridesLayer() +
         RulesLayer() + services_->Layer() + "discovery: {target_files: \"" + discovered + "\"}\n";
}

std::string LiveStage::RulesLayer() const {
  for (const auto& [name, text] : PrometheusOptions(kNowhere, kNowhere).files) {
    folder_.Write(name, text);
  }
  return "alerting: {rules: \"" + (folder_.Path() / "rules").string() +
         "\", runbooks: \"" PATHWITNESS_SOURCE_DIR
         "/alerts/runbooks\", interval: 2s, "
         "prometheus: [{url: \"" +
         prometheus_->Url() + "\", timeout: 1s}]}\n";
}

PrometheusServer::Options LiveStage::PrometheusOptions(const std::string& exporter,
                                                       const std::string& alertmanager) const {
  return paging_->Prometheus(
      {.exporters = {exporter, exporter}, .alertmanagers = {alertmanager, alertmanager}}, "a");
}

void LiveStage::StartAlerting() {
  const std::string exporter = LoopbackPlace(world_->PortInside());
  alertmanager_ = std::make_unique<AlertmanagerServer>(paging_->Alertmanager({exporter, exporter}));
  std::string config = PrometheusOptions(exporter, LoopbackPlace(alertmanager_->Port())).config;
  const auto replace = [&config](const std::string& text, const std::string& other) {
    config.replace(config.find(text), text.size(), other);
  };
  replace("prometheus-1:9090", LoopbackPlace(prometheus_->Port()));
  replace("scrape_interval: 250ms", "scrape_interval: 1s");  // a scrape may also last that long
  prometheus_->Write("prometheus.yaml", config);
  if (const std::string problem = prometheus_->Reload(); !problem.empty()) {
    throw std::runtime_error(problem);
  }
}

void LiveStage::Await(const std::string& expression, const std::string& wanted) const {
  world_->Do([&] { prometheus_->QueryUntil(expression, wanted, 60s); });
}

void LiveStage::AwaitCalm() {
  Await("pathwitness:target_worked:ever{target=\"here-to-shop\"}", "\"1\"]");
  world_->AwaitMore("pathwitness_path_probes_total", 50);
  world_->AwaitFlush();
  begin_ = std::chrono::system_clock::now();
  world_->AwaitMore("pathwitness_path_probes_total", 100);
}

void LiveStage::BreakAll() {
  world_->Detour(0.5);
  world_->Do([this] {
    services_->Fail();
    Exchange(world_->PortInside(),
             "POST /-/drill?target=here-to-api&loss=30%25&for=5m&at_hop=3 HTTP/1.0\r\n"
             "Host: localhost\r\nContent-Length: 0\r\n\r\n");
  });
  Await("pathwitness_incident_info", "lab-cloud");
  Await("ALERTS{alertstate=\"firing\",severity=\"critical\"}", "here-to-shop");
  during_ = InMilliseconds(std::chrono::system_clock::now().time_since_epoch()) + "e-3";
}

void LiveStage::LeadBack() {
  world_->SetLoss(0.5);
  Await("sum(pathwitness_path_route_changes_total{target=\"here-to-shop\"}) > 1", "value");
  Await("pathwitness_path_hop_icmp_limited{target=\"here-to-shop\"}", "value");
  Await("pathwitness_history_oldest_timestamp_seconds", "value");
}

Ended LiveStage::Node(const std::string& command, const std::vector<std::string>& arguments) const {
  Await("up{job=\"pathwitness\"}", "\"1\"]");  // what is asked for is of a moment with samples
  const auto to = std::chrono::system_clock::now();
  std::vector<std::string> words = {"node",
                                    kTools + command,
                                    "--prometheus=" + prometheus_->Url(),
                                    "--range=" + InMilliseconds(to - begin_) + "ms",
                                    "--to=" + InMilliseconds(to.time_since_epoch()) + "e-3",
                                    std::string("--scrape=") + kScrapeInterval,
                                    "--set=target=" + std::string(SimulatedWorld::kTarget),
                                    "--set=during=" + during_};
  words.insert(words.end(), arguments.begin(), arguments.end());
  Ended ended;
  world_->Do([&] {
    ChildProcess process(words);
    const std::optional<int> status = process.AwaitExit(120s);
    ended = {status.value_or(-1), process.Output()};
  });
  return ended;
}

}  // namespace pathwitness
