#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "diagnosis/path_alignment.h"
#include "probes/trace/round.h"

namespace pathwitness {

/// Hops that are looked at; what answers beyond tells nothing.
inline constexpr std::size_t kMostHops = 64;

/// Who answered at which TTL, up to the destination.
///
/// An unreachable says that somebody gave up, not who stands at that TTL.
PathView AnsweredPath(const Round& round);

/// By TTL - 1, kMostHops of them. Hops that many paths share are probed in some rounds only.
std::vector<bool> AskedHops(const Round& round);

/// What lies behind the destination's first answer is no path: where its last answer is lost now
/// and then, it is known at two TTLs, and the first one counts. Silence at the end goes, too.
void EndAtDestination(PathView& view, const IpAddress& destination);

/// Of the first hop that has the address.
std::optional<std::size_t> IndexOf(const PathView& view, const IpAddress& address);

/// True when an address answers again behind another one.
bool HasCircle(const PathView& view);

}  // namespace pathwitness
