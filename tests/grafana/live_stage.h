#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/grafana/live_services.h"
#include "tests/support/alertmanager_server.h"
#include "tests/support/paging_stage.h"
#include "tests/support/simulated_world.h"

namespace pathwitness {

/// All that the dashboards are about, in a network namespace: the exporter in its simulated world,
/// with services, a reflector, a bucket and a name server, so that everything it can do is in use;
/// a Prometheus and an Alertmanager with the shipped rules, whose time runs kSpeed times as fast.
class LiveStage {
 public:
  static constexpr int kSpeed = 60;

  /// Throws std::runtime_error where there can be none.
  LiveStage();

  /// Returns when all is known to be well; the time that is looked at begins a while before that.
  void AwaitCalm();

  /// From now on packets to kTarget take another way, which loses half of them, its services are as
  /// LiveServices::Fail says, and here-to-api has a drill. Returns when an alert fires and an
  /// incident is open.
  void BreakAll();

  /// From now on packets to kTarget take the usual way again, and half of them get lost there.
  /// Returns when all that is to be known of that is known.
  void LeadBack();

  /// Runs a command of tools/dashboard-preview for the time since AwaitCalm, with these arguments.
  Ended Node(const std::string& command, const std::vector<std::string>& arguments) const;

 private:
  std::string Layer();
  std::string RulesLayer() const;
  PrometheusServer::Options PrometheusOptions(const std::string& exporter,
                                              const std::string& alertmanager) const;
  void StartAlerting();
  void Await(const std::string& expression, const std::string& wanted) const;

  TestFolder folder_;
  std::unique_ptr<LiveServices> services_;
  std::unique_ptr<PagingStage> paging_;
  std::unique_ptr<PrometheusServer> prometheus_;
  std::unique_ptr<SimulatedWorld> world_;
  std::unique_ptr<AlertmanagerServer> alertmanager_;
  std::chrono::system_clock::time_point begin_;
  std::string during_ = "end()";  // the moment that is compared with before and after, in PromQL
};

}  // namespace pathwitness
