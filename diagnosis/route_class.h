#pragma once

#include <cstdint>
#include <string_view>

#include "diagnosis/owners.h"
#include "diagnosis/route_watch.h"

namespace pathwitness {

/// Where a route changed.
enum class RouteChangeClass : std::uint8_t {
  IntraAs,  // other hops inside the same networks
  InterAs,  // other networks
  Local,    // at the first or second hop
  Unknown,  // the networks are not known
};

/// The `class` label.
constexpr std::string_view RouteChangeClassName(RouteChangeClass kind) {
  switch (kind) {
    case RouteChangeClass::IntraAs:
      return "intra_as";
    case RouteChangeClass::InterAs:
      return "inter_as";
    case RouteChangeClass::Local:
      return "local";
    case RouteChangeClass::Unknown:
      break;
  }
  return "unknown";
}

/// A change with the networks it happened in.
struct LocatedChange {
  RouteChangeClass kind = RouteChangeClass::Unknown;
  AddressOwner last_common;  // of the last hop before the change
  AddressOwner before;       // of the first hop that differs, before the change and after it
  AddressOwner after;
};

/// Pre: `event` is a change of the route or a flow that moved.
LocatedChange LocateChange(const RouteEvent& event, const OwnerTable& owners);

}  // namespace pathwitness
