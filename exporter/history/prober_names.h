#pragma once

#include <string_view>

#include "probes/base/prober_key.h"

namespace pathwitness {

/// The kind that has this name; one that no version of this program ever wrote is taken for
/// TraceIcmp.
constexpr ProberKind ProberKindOf(std::string_view name) {
  for (const ProberKind kind : {ProberKind::TraceUdp, ProberKind::TraceTcp, ProberKind::Https,
                                ProberKind::Pulse, ProberKind::Reflector}) {
    if (ProberName(kind) == name) {
      return kind;
    }
  }
  return ProberKind::TraceIcmp;
}

/// The same of families, with None.
constexpr ProberFamily ProberFamilyOf(std::string_view name) {
  for (const ProberFamily family : {ProberFamily::Ipv4, ProberFamily::Ipv6}) {
    if (ProberFamilyName(family) == name) {
      return family;
    }
  }
  return ProberFamily::None;
}

}  // namespace pathwitness
