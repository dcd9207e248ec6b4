#pragma once

#include <cstdint>
#include <string>

#include "diagnosis/route_class.h"
#include "diagnosis/route_watch.h"

namespace pathwitness {

/// What a verdict says of a change of route.
struct RouteFact {
  RouteChangeClass kind = RouteChangeClass::Unknown;
  std::uint8_t ttl = 0;  // of the first hop that differs
  std::string text;      // "at hop 3 from 198.51.100.2 to 198.51.100.9, inside AS64500"

  bool operator==(const RouteFact&) const = default;
};

/// Pre: `event` is a change of the route.
RouteFact DescribeChange(const RouteEvent& event, const LocatedChange& where);

}  // namespace pathwitness
