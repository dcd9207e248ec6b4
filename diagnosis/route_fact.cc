#include "diagnosis/route_fact.h"

#include <fmt/format.h>

namespace pathwitness {
namespace {

std::string RespondersText(const PathView& path, std::uint8_t ttl) {
  std::string text;
  if (ttl > 0 && ttl <= path.size()) {
    for (const IpAddress& address : path[ttl - 1U]) {
      text += (text.empty() ? "" : " and ") + address.ToString();
    }
  }
  return text.empty() ? "silence" : text;
}

std::string NameOf(const AddressOwner& owner) {
  return owner.name.empty() ? "an unknown network" : owner.name;
}

std::string PlaceText(const LocatedChange& where) {
  switch (where.kind) {
    case RouteChangeClass::IntraAs:
      return ", inside " + NameOf(where.after);
    case RouteChangeClass::InterAs:
      return fmt::format(", from {} to {}", NameOf(where.before), NameOf(where.after));
    case RouteChangeClass::Local:
      return ", in the local network";
    case RouteChangeClass::Unknown:
      break;
  }
  return "";
}

}  // namespace

RouteFact DescribeChange(const RouteEvent& event, const LocatedChange& where) {
  return {.kind = where.kind,
          .ttl = event.ttl,
          .text = fmt::format("at hop {} from {} to {}{}", event.ttl,
                              RespondersText(event.before, event.ttl),
                              RespondersText(event.after, event.ttl), PlaceText(where))};
}

}  // namespace pathwitness
