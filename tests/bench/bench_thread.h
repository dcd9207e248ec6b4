#pragma once

#include <chrono>
#include <ostream>

#include "probes/base/time.h"
#include "probes/engine_thread.h"

// What the benches that have an engine of their own have in common.
namespace pathwitness {

/// Between turns, as the exporter has it for traces.
inline constexpr Duration kBenchTick = std::chrono::milliseconds(5);

void WaitUntil(MonoTime when);

/// Writes `used`, the CPU time, user and system, of the engine's thread so far in nanoseconds (the
/// process also keeps the bench's own books) and the process's peak of resident bytes.
void WriteUsage(EngineThread& thread, std::ostream& output);

}  // namespace pathwitness
