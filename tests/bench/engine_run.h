#pragma once

#include <cstddef>
#include <ostream>

#include "probes/base/time.h"

namespace pathwitness {

/// Traces the first `targets` destinations of Scale for `length` as the product would: its engine,
/// on its thread, at its default intervals, with its statistics.
///
/// Then writes what it measured: first what WriteUsage says, with the bench's own books in the
/// resident bytes; then a line for each target and TTL with destination, TTL, lost probes,
/// number of round trips, and these in nanoseconds in the order of their rounds. End-to-end losses
/// come as TTL 0. Throws when sockets cannot be opened.
void RunEngine(std::size_t targets, Duration length, std::ostream& output);

}  // namespace pathwitness
