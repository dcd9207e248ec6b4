#pragma once

#include <cstddef>
#include <ostream>

#include "probes/base/time.h"

namespace pathwitness {

/// What the kernel asks for a probe, whoever sends it: bare sockets send what the trace engine
/// would to the first `targets` destinations of Scale, read the answers and both stamps of each,
/// and do nothing with them. As many probes a second and a target as the engine has there, in the
/// engine's turns and batches, for `length`.
///
/// Writes as RunEngine does, but of targets only how many answers were missing in all, as lost at
/// the first destination. Throws when sockets cannot be opened.
void RunLimit(std::size_t targets, Duration length, std::ostream& output);

}  // namespace pathwitness
