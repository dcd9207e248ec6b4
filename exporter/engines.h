#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "exporter/boards.h"
#include "probes/base/event_log.h"
#include "probes/base/time.h"
#include "probes/engine_thread.h"
#include "probes/net/packet_port.h"
#include "probes/net/socket.h"

namespace pathwitness {

/// What this process reflects with.
struct Responder {
  FileDescriptor socket;
  std::string key_file;
};

/// All engines, a thread for each, and which board each reads and writes. Belongs to the main
/// thread; Vitals and Stuck, and posting to an engine, are for any.
class Engines {
 public:
  /// Everything referred to must outlive the engines. `responder` empty: nothing is reflected.
  Engines(Boards& boards, PortFactory open_port, const std::optional<Responder>& responder,
          const Clock& clock, EventLog& log);
  Engines(const Engines&) = delete;
  Engines& operator=(const Engines&) = delete;

  void Start(const std::shared_ptr<const Config>& config);

  /// Gives it to the engine that finds targets, and to all others. Waits until they work by it, so
  /// that the next scrape shows it; an engine that hangs gets it when it is replaced.
  void Discover(const std::shared_ptr<const Config>& config);
  void Apply(const std::shared_ptr<const Config>& config);

  /// Replaces engines that no longer turn. Call every second.
  void Supervise();

  /// False when an engine hangs: then the boards must not be destroyed, but the process must end.
  bool Stop();

  std::vector<EngineVitals> Vitals() const;

  /// The names of those that have not turned for long, or not at all since they were replaced.
  std::vector<std::string> Stuck() const;

  EngineThread& Trace() { return trace_; }
  EngineThread& Https() { return https_; }
  EngineThread& Pulse() { return pulse_; }
  EngineThread& History() { return *history_; }

 private:
  EngineThread& Add(std::string name, EngineThread::Factory make, Duration tick = kTick);
  void AddWitnesses();
  void AddKeepers();
  void AddReflector(const Responder& responder);
  static void GiveTo(const std::vector<EngineThread*>& threads,
                     const std::shared_ptr<const Config>& config);

  // Trace waits for many packets at once: their times are the kernel's (see EngineThread). The
  // phases of an HTTPS request are timed when they are seen, so it turns at once.
  static constexpr Duration kTraceTick = std::chrono::milliseconds(5);
  static constexpr Duration kTick = std::chrono::microseconds(100);

  Boards& boards_;
  const Clock& clock_;
  EventLog& log_;
  std::list<EngineThread> threads_;
  EngineThread& discovery_;
  EngineThread& trace_;
  EngineThread& https_;
  EngineThread& pulse_;
  EngineThread* history_ = nullptr;  // added behind those whose results it keeps
};

}  // namespace pathwitness
