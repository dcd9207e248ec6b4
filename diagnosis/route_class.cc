#include "diagnosis/route_class.h"

#include <algorithm>
#include <vector>

namespace pathwitness {
namespace {

constexpr std::uint8_t kLastLocalTtl = 2;

// The stretch from the last common hop to the one where the paths meet again, both included.
PathView Stretch(const PathView& path, std::uint8_t last_common, std::uint8_t rejoin) {
  const std::size_t from = last_common > 0 ? last_common - 1U : 0U;
  const std::size_t to = rejoin > 0 ? rejoin : path.size();
  PathView stretch;
  for (std::size_t i = from; i < std::min(to, path.size()); ++i) {
    stretch.push_back(path[i]);
  }
  return stretch;
}

// The networks of the hops in their order, each once; one of another kind stands for hops of which
// none is known.
std::vector<AddressOwner> Networks(const PathView& stretch, const OwnerTable& owners) {
  std::vector<AddressOwner> networks;
  for (const std::vector<IpAddress>& hop : stretch) {
    AddressOwner owner = hop.empty() ? AddressOwner() : owners.Of(hop.front());
    if (owner.kind != AddressKind::Network) {
      owner = AddressOwner();
    }
    const bool is_same =
        !networks.empty() && (networks.back().kind == owner.kind) &&
        (owner.kind != AddressKind::Network || HaveSameOwner(networks.back(), owner));
    if (!is_same) {
      networks.push_back(owner);
    }
  }
  return networks;
}

bool IsKnown(const AddressOwner& owner) {
  return owner.kind == AddressKind::Network;
}

// Unknown hops may be of any networks, or of none but their neighbours'.
bool MayBeEqual(const std::vector<AddressOwner>& a, const std::vector<AddressOwner>& b) {
  std::vector<std::vector<bool>> fits(a.size() + 1, std::vector<bool>(b.size() + 1));
  for (std::size_t i = a.size() + 1; i-- > 0;) {
    for (std::size_t j = b.size() + 1; j-- > 0;) {
      const bool has_a = i < a.size();
      const bool has_b = j < b.size();
      bool is_fit = !has_a && !has_b;
      if (has_a && !IsKnown(a[i])) {
        is_fit = is_fit || fits[i + 1][j] || (has_b && fits[i][j + 1]);
      }
      if (has_b && !IsKnown(b[j])) {
        is_fit = is_fit || fits[i][j + 1] || (has_a && fits[i + 1][j]);
      }
      if (has_a && has_b && IsKnown(a[i]) && IsKnown(b[j]) && HaveSameOwner(a[i], b[j])) {
        is_fit = is_fit || fits[i + 1][j + 1] || fits[i + 1][j] || fits[i][j + 1];
      }
      fits[i][j] = is_fit;
    }
  }
  return fits[0][0];
}

// True when every hop that answered on the stretch is of a known network, and one did.
bool IsAllKnown(const PathView& stretch, const OwnerTable& owners) {
  bool has_any = false;
  for (const std::vector<IpAddress>& hop : stretch) {
    if (!hop.empty() && !IsKnown(owners.Of(hop.front()))) {
      return false;
    }
    has_any = has_any || !hop.empty();
  }
  return has_any;
}

AddressOwner OwnerAt(const PathView& path, std::size_t ttl, const OwnerTable& owners) {
  const bool is_there = ttl > 0 && ttl <= path.size() && !path[ttl - 1].empty();
  return is_there ? owners.Of(path[ttl - 1].front()) : AddressOwner();
}

}  // namespace

LocatedChange LocateChange(const RouteEvent& event, const OwnerTable& owners) {
  LocatedChange located = {
      .last_common = event.last_common ? owners.Of(*event.last_common) : AddressOwner(),
      .before = OwnerAt(event.before, event.ttl, owners),
      .after = OwnerAt(event.after, event.ttl, owners)};
  const PathView before = Stretch(event.before, event.last_common_ttl, event.rejoin_ttl_before);
  const PathView after = Stretch(event.after, event.last_common_ttl, event.rejoin_ttl);
  if (event.ttl <= kLastLocalTtl) {
    located.kind = RouteChangeClass::Local;
  } else if (!MayBeEqual(Networks(before, owners), Networks(after, owners))) {
    located.kind = RouteChangeClass::InterAs;
  } else if (IsAllKnown(before, owners) && IsAllKnown(after, owners)) {
    located.kind = RouteChangeClass::IntraAs;
  }
  return located;
}

}  // namespace pathwitness
