#pragma once

#include <memory>

#include "config/config.h"
#include "probes/base/time.h"

namespace pathwitness {

/// One kind of probe for all targets; single-threaded, driven from outside by an EngineThread.
///
/// It takes counters over from the snapshots that a predecessor left on the board (see
/// CountRestart), so that a restart of the engine is no reset of the series.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Takes a new configuration. Unchanged targets keep counters, flows and timers; the snapshots
  /// of removed ones leave the board.
  virtual void Apply(std::shared_ptr<const Config> config, MonoTime now) = 0;

  /// Does whatever is due at `now` and reads what has arrived. Harmless when there is nothing.
  virtual void Turn(MonoTime now) = 0;

  /// When Turn must be called at the latest; MonoTime::max(): only when Descriptor is readable.
  virtual MonoTime NextDeadline() const = 0;

  /// Readable when there is something to read; -1: none.
  virtual int Descriptor() const = 0;
};

}  // namespace pathwitness
