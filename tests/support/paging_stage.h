#pragma once

#include <string>
#include <vector>

#include "tests/support/alertmanager_server.h"
#include "tests/support/pagerduty_stand_in.h"
#include "tests/support/prometheus_server.h"
#include "tests/support/test_folder.h"
#include "tests/support/webhook_sink.h"

namespace pathwitness {

/// All that the shipped alerts/ lead to, as stand-ins on loopback; and the shipped files, with
/// their names replaced by these places and every duration divided by `speed`, otherwise untouched.
class PagingStage {
 public:
  static constexpr const char* kKey = "0123456789abcdef0123456789abcdef";
  static constexpr const char* kDrillKey = "d0123456789abcdef0123456789abcde";

  explicit PagingStage(double speed = 60);

  /// `exporters`: host:port of pathwitness-1 and -2, which are told of drills; `partner` that of
  /// pathwitness-partner, which gets the heartbeat (empty: Heartbeat()).
  AlertmanagerServer::Options Alertmanager(const std::vector<std::string>& exporters,
                                           const std::string& partner = "") const;

  struct Neighbours {  // host:port of each
    std::vector<std::string> exporters;
    std::vector<std::string> alertmanagers;
  };
  /// One of the replicas "a" and "b" of the environment "test".
  PrometheusServer::Options Prometheus(const Neighbours& neighbours,
                                       const std::string& replica) const;

  PagerDutyStandIn& PagerDuty() { return pagerduty_; }
  const WebhookSink& Chat() const { return chat_; }
  const WebhookSink& SecondWay() const { return second_way_; }
  const WebhookSink& Heartbeat() const { return heartbeat_; }

 private:
  double speed_;
  TestFolder secrets_;
  PagerDutyStandIn pagerduty_;
  WebhookSink chat_;
  WebhookSink second_way_;
  WebhookSink heartbeat_;
};

/// "127.0.0.1:<port>".
std::string LoopbackPlace(std::uint16_t port);

}  // namespace pathwitness
