#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/namespaces.h"
#include "tests/support/running_server.h"
#include "tests/support/tun_internet.h"
#include "tests/support/webhook_sink.h"

namespace pathwitness {

/// A network namespace with a simulated internet, and the program that measures through it.
///
/// Seven routers, 198.51.100.1 and up, lead to 203.0.113.9. The first is lab-isp's; the others
/// and the destination are lab-cloud's, and the program is told so. Another destination of
/// lab-cloud's, 203.0.113.10, lies behind the fourth router, before what can go wrong. The target
/// is kTarget, of the team "shop". Its history and its archive are in the program's own folder,
/// with a report every 10 s.
class SimulatedWorld {
 public:
  static constexpr std::string_view kTarget = "here-to-shop";

  /// Why there can be none here, for GTEST_SKIP; empty: there can.
  static std::string WhyNot();

  /// `layer` is called where the program will run, and gives the configuration of its environment
  /// "lab", which is laid over its own; `flags` are further ones of the program, `before` words
  /// before its name, as of env(1). Throws std::runtime_error where there can be none.
  explicit SimulatedWorld(const std::function<std::string()>& layer = nullptr,
                          std::vector<std::string> flags = {},
                          std::vector<std::string> before = {});

  /// From now on this share of packets is lost on the way from the fourth router to the fifth.
  void SetLoss(double ratio);

  /// From now on lab-cloud leads packets from the fourth router over two others of its own,
  /// 198.51.100.64 and .65, in place of the fifth, and loses this share into the first of them.
  void Detour(double loss);

  /// From now on the internet is that of `scenario`.
  void Become(Scenario scenario);

  /// Kills the program as by `kill -9` and starts it again with what it left on disk.
  void KillAndRestart();

  /// Runs the program beside the one that measures, as `{"compare", kTarget, ...}`, with the same
  /// configuration.
  Ended Run(std::vector<std::string> words) const;

  /// The program. What is asked of it is asked where it runs (Do).
  Server& Program() { return *exporter_; }

  /// The folder of the program's state.
  std::filesystem::path Folder() const { return workplace_->ConfigFile().parent_path(); }

  /// Runs `work` where the program runs, so that what it starts is on the same loopback.
  void Do(const std::function<void()>& work) const;

  /// The simulated internet ends, for good. All probes that came to it, in their order.
  std::vector<ProbeRecord> StopInternet();

  /// Asks until the metrics have `wanted` or 30 s are over; the last answer.
  std::string MetricsUntil(const std::string& wanted);

  /// Returns when a counter of the metrics has grown by `more`.
  /// Throws std::runtime_error after 60 s.
  void AwaitMore(const std::string& counter, double more);

  /// Returns when the history has written what was known before the call: a bucket is over then.
  void AwaitFlush();

  /// The program's port where it runs.
  std::uint16_t PortInside() const { return exporter_port_; }

  /// Where the program is seen by what runs where it does.
  std::string InnerUrl() const { return "http://127.0.0.1:" + std::to_string(exporter_port_); }

  /// Where the program is seen from outside.
  std::string Url() const { return window_.Url(); }
  std::uint16_t Port() const { return window_.Port(); }

 private:
  HttpAnswer Relay(const std::string& path) const;
  std::string Configuration() const;
  void Start();

  OwnedDescriptor place_;
  std::vector<std::string> flags_;
  std::vector<std::string> before_;
  std::unique_ptr<TunInternet> internet_;
  std::optional<Workplace> workplace_;
  std::atomic<std::uint16_t> exporter_port_ = 0;
  std::optional<Server> exporter_;
  WebhookSink window_;  // the last member: its thread uses the others
};

}  // namespace pathwitness
