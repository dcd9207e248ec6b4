#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/alertmanager_server.h"
#include "tests/support/paging_stage.h"
#include "tests/support/simulated_world.h"

namespace pathwitness {

class LiveServices;

/// All that the dashboards are about: the exporter in its simulated world, with HTTPS services, a
/// reflector and a heartbeat; a Prometheus and an Alertmanager with the shipped rules, whose time
/// runs kSpeed times as fast.
class LiveStage {
 public:
  static constexpr int kSpeed = 60;

  /// Throws std::runtime_error where there can be none.
  LiveStage();
  ~LiveStage();

  /// Returns when all is known to be well; the time that is looked at begins a while before that.
  void AwaitCalm();

  /// From now on packets to kTarget take another way, which loses half of them, its HTTPS is slow
  /// and that of here-to-api fails. Returns when an alert fires and an incident is open.
  void BreakAll();

  /// From now on packets to kTarget take the usual way again, and half of them get lost there.
  /// Returns when the change of the route is known.
  void LeadBack();

  /// Runs a command of tools/dashboard-preview for the time since AwaitCalm, with these arguments.
  Ended Node(const std::string& command, const std::vector<std::string>& arguments) const;

 private:
  std::string Configuration();
  void StartPrometheus();

  TestFolder folder_;
  PagingStage paging_{kSpeed};
  std::unique_ptr<LiveServices> services_;
  std::unique_ptr<SimulatedWorld> world_;
  std::unique_ptr<AlertmanagerServer> alertmanager_;
  std::unique_ptr<PrometheusServer> prometheus_;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::system_clock::time_point during_;
};

}  // namespace pathwitness
