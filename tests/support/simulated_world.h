#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/namespaces.h"
#include "tests/support/running_server.h"
#include "tests/support/tun_internet.h"
#include "tests/support/webhook_sink.h"

namespace pathwitness {

/// A network namespace with a simulated internet, and the program that measures through it.
///
/// Seven routers, 198.51.100.1 and up, lead to 203.0.113.9. The first is lab-isp's; the others
/// and the destination are lab-cloud's, and the program is told so. The target is kTarget, of the
/// team "shop".
class SimulatedWorld {
 public:
  static constexpr std::string_view kTarget = "here-to-shop";

  /// Why there can be none here, for GTEST_SKIP; empty: there can.
  static std::string WhyNot();

  /// Throws std::runtime_error where there can be none.
  SimulatedWorld();

  /// From now on this share of packets is lost on the way from the fourth router to the fifth.
  void SetLoss(double ratio);

  /// Asks until the metrics have `wanted` or 30 s are over; the last answer.
  std::string MetricsUntil(const std::string& wanted);

  /// Where the program is seen from outside.
  std::string Url() const { return window_.Url(); }
  std::uint16_t Port() const { return window_.Port(); }

 private:
  HttpAnswer Relay(const std::string& path) const;
  std::string Configuration() const;

  OwnedDescriptor place_;
  std::unique_ptr<TunInternet> internet_;
  std::atomic<std::uint16_t> exporter_port_ = 0;
  std::optional<Server> exporter_;
  WebhookSink window_;  // the last member: its thread uses the others
};

}  // namespace pathwitness
