#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "exporter/log.h"
#include "exporter/metrics/render.h"
#include "exporter/on_demand.h"
#include "exporter/web/pages.h"
#include "exporter/web/routes.h"
#include "probes/base/time.h"
#include "probes/dns/dns_snapshot.h"
#include "probes/engine_thread.h"
#include "probes/https/https_snapshot.h"
#include "probes/net/packet_port.h"
#include "probes/pulse/pulse_snapshot.h"
#include "probes/trace/trace_snapshot.h"

namespace pathwitness {

/// Everything that measures: the boards, an engine for each kind of probe, and what the web server
/// shows of them. Belongs to the main thread; only the views may be used from others.
class App {
 public:
  /// `clock` and `log` must outlive the app.
  App(std::shared_ptr<const Config> config, PortFactory open_port, std::string telemetry_path,
      const Clock& clock, StderrLog& log);
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// Must not be called after the app is gone.
  Views MakeViews();

  void Start();

  /// Replaces engines that no longer turn. Call every second.
  void Supervise();

  /// Ends the engines; measurements under way on demand are answered as interrupted. False when an
  /// engine hangs: then the app must not be destroyed, but the process must end.
  bool Stop();

 private:
  std::vector<EngineThread*> Threads();
  ExporterFacts Facts();
  StatusView Status() const;
  bool HasStoredRound() const;
  std::vector<std::string> StuckEngines();

  const std::shared_ptr<const Config> config_;
  const std::string telemetry_path_;
  const Clock& clock_;
  StderrLog& log_;
  const WallTime loaded_at_;

  DnsBoard dns_board_;
  TraceBoard trace_board_;
  TraceSelfBoard trace_self_board_;
  HttpsBoard https_board_;
  PulseBoard pulse_board_;

  // After the boards: engines end before what they write to.
  EngineThread dns_;
  EngineThread trace_;
  EngineThread https_;
  EngineThread pulse_;
};

/// What was built, and of what.
BuildFacts ThisBuild();

}  // namespace pathwitness
