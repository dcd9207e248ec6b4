#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/config.h"
#include "probes/base/event_log.h"
#include "probes/base/histogram.h"
#include "probes/base/time.h"
#include "probes/engine.h"

namespace pathwitness {

/// How an engine's thread is doing; what health checks and self metrics show.
struct EngineVitals {
  std::string name;
  WallTime last_turn;  // the thread's start before the first
  Duration since_last_turn{};
  bool has_turned = false;  // since the start, or since the last restart
  Histogram lateness;       // seconds between when a turn was due and when it began
  std::uint64_t restarts = 0;
};

/// Drives one engine on a thread of its own, and replaces both when they no longer turn.
///
/// Turns are at least `tick` apart, however often the descriptor becomes readable: packets carry
/// the kernel's time, so waiting costs no accuracy, and waking once for many packets is several
/// times cheaper than once for each. A turn comes at least every second.
///
/// A thread that hangs cannot be ended. It is left behind, its writers fall silent (SnapshotBoard)
/// and a new engine takes over the configuration and the counters.
///
/// All functions may be called from any thread but Start, Supervise and Stop, which belong to the
/// owner.
class EngineThread {
 public:
  using Factory = std::function<std::unique_ptr<Engine>()>;
  using Message = std::function<void(Engine& engine, MonoTime now)>;

  /// `make` is called once for the start and once for every restart, on the owner's thread.
  EngineThread(std::string name, Factory make, const Clock& clock, EventLog& log, Duration tick);
  ~EngineThread();
  EngineThread(const EngineThread&) = delete;
  EngineThread& operator=(const EngineThread&) = delete;

  void Start(std::shared_ptr<const Config> config);
  void Apply(std::shared_ptr<const Config> config);

  /// Has `message` called on the engine's thread before its next turn, at once if it is idle. A
  /// message that was waiting when the engine was given up is dropped.
  void Post(Message message);

  EngineVitals Vitals() const;

  /// Replaces an engine that threw, or that has not turned for `kStuckAfter`. Call every second.
  void Supervise();

  /// Ends the thread. False when it did not end within a second: then the process must not destroy
  /// what the engine uses, but exit. May be called again.
  bool Stop();

  static constexpr Duration kStuckAfter = std::chrono::seconds(10);

 private:
  class Seat;

  void Seed(std::shared_ptr<const Config> config);

  const std::string name_;
  const Factory make_;
  const Clock& clock_;
  EventLog& log_;
  const Duration tick_;
  MonoTime last_supervised_;  // the owner's alone

  mutable std::mutex mutex_;
  std::shared_ptr<Seat> seat_;                    // guarded by mutex_; null before Start
  std::shared_ptr<const Config> config_;          // guarded by mutex_
  Histogram past_lateness_;                       // guarded by mutex_; of engines given up
  std::uint64_t restarts_ = 0;                    // guarded by mutex_
  std::vector<std::shared_ptr<Seat>> abandoned_;  // guarded by mutex_; may hang for ever
};

}  // namespace pathwitness
