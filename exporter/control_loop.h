#pragma once

#include <optional>
#include <string_view>

#include "exporter/app.h"
#include "exporter/file_watch.h"
#include "exporter/service_manager.h"
#include "exporter/web/web_gate.h"
#include "probes/base/event_log.h"
#include "probes/base/time.h"

namespace pathwitness {

/// What the main thread does while the engines measure: it supervises them, and reloads when a
/// signal, a request or a changed file says so. It keeps the service manager informed.
class ControlLoop {
 public:
  /// Takes the signals TERM, INT and HUP, which must be blocked in every thread. Everything given
  /// must outlive the loop. Throws std::system_error.
  ControlLoop(App& app, ServiceManager& manager, WebGate& gate, const Clock& clock, EventLog& log);
  ~ControlLoop();
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;

  /// Returns when TERM or INT has come; whoever waits for a reload then waits no longer.
  void RunUntilTold();

 private:
  /// Reads the next signal and does what the others than TERM and INT ask for.
  bool IsToldToStop();
  void Supervise();
  void Wait(MonoTime until);
  std::optional<int> NextSignal() const;
  ReloadResult Reload(std::string_view trigger);
  void WatchFiles();
  void AnswerRequests();
  void LookAtFiles();

  App& app_;
  ServiceManager& manager_;
  WebGate& gate_;
  const Clock& clock_;
  EventLog& log_;
  const int signals_;
  MonoTime next_supervision_;
  FileWatch watch_;
};

}  // namespace pathwitness
