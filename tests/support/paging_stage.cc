#include "tests/support/paging_stage.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/support/scale_durations.h"

namespace pathwitness {
namespace {

const std::filesystem::path kAlerts = std::filesystem::path(PATHWITNESS_SOURCE_DIR) / "alerts";

std::string TextOf(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) {
    throw std::runtime_error("cannot read " + file.string());
  }
  return text.str();
}

/// A name that the text does not hold is a change of the shipped file that the test must follow.
void Replace(std::string& text, const std::string& name, const std::string& place) {
  std::size_t found = text.find(name);
  if (found == std::string::npos) {
    throw std::runtime_error("not in the shipped file: " + name);
  }
  for (; found != std::string::npos; found = text.find(name, found + place.size())) {
    text.replace(found, name.size(), place);
  }
}

std::string DurationText(std::chrono::duration<double> duration, double speed) {
  const auto scaled = std::chrono::ceil<std::chrono::milliseconds>(duration / speed);
  return std::to_string(scaled.count()) + "ms";
}

}  // namespace

using namespace std::chrono_literals;

PagingStage::PagingStage(double speed) : speed_(speed) {
  secrets_.Write("pagerduty.key", kKey);
  secrets_.Write("pagerduty-drill.key", kDrillKey);
  secrets_.Write("chat.url", chat_.Url() + "/chat");
}

AlertmanagerServer::Options PagingStage::Alertmanager(const std::vector<std::string>& exporters,
                                                      const std::string& partner) const {
  std::string config = TextOf(kAlerts / "alertmanager.yaml");
  Replace(config, "https://events.pagerduty.com/v2/enqueue", pagerduty_.Url());
  Replace(config, "/etc/alertmanager/secrets", secrets_.Path());
  Replace(config, "http://second-way:8080", second_way_.Url());
  Replace(config, "pathwitness-partner:10059",
          partner.empty() ? LoopbackPlace(heartbeat_.Port()) : partner);
  Replace(config, "pathwitness-1:10059", exporters.at(0));
  Replace(config, "pathwitness-2:10059", exporters.at(1));
  return {.config = ScaleDurations(config, speed_),
          .files = {{"templates/pathwitness.tmpl", TextOf(kAlerts / "templates/pathwitness.tmpl")}},
          .peer = "",
          .flags = {"--web.external-url=http://alertmanager.example",
                    "--cluster.peer-timeout=" + DurationText(15s, speed_),
                    "--cluster.gossip-interval=20ms", "--cluster.pushpull-interval=1s",
                    "--cluster.settle-timeout=5s", "--cluster.reconnect-interval=1s"}};
}

PrometheusServer::Options PagingStage::Prometheus(const Neighbours& neighbours,
                                                  const std::string& replica) const {
  std::string config = TextOf(kAlerts / "prometheus.yaml");
  Replace(config, "${PATHWITNESS_ENVIRONMENT}", "test");
  Replace(config, "${REPLICA}", replica);
  Replace(config, "pathwitness-1:10059", neighbours.exporters.at(0));
  Replace(config, "pathwitness-2:10059", neighbours.exporters.at(1));
  Replace(config, "alertmanager-1:9093", neighbours.alertmanagers.at(0));
  Replace(config, "alertmanager-2:9093", neighbours.alertmanagers.at(1));
  PrometheusServer::Options options{
      .config = ScaleDurations(config, speed_),
      .files = {},
      .flags = {"--rules.alert.resend-delay=" + DurationText(1min, speed_),
                "--rules.alert.for-grace-period=" + DurationText(10min, speed_)}};
  for (const auto& entry : std::filesystem::directory_iterator(kAlerts / "rules")) {
    options.files["rules/" + entry.path().filename().string()] =
        ScaleDurations(TextOf(entry.path()), speed_);
  }
  return options;
}

std::string LoopbackPlace(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

}  // namespace pathwitness
