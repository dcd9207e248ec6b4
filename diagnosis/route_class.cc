#include "diagnosis/route_class.h"

#include <algorithm>
#include <span>
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

// fits[i][j]: the rests from network i of one and j of the other may be equal.
using Fits = std::vector<std::vector<bool>>;

bool FitsAt(const Fits& fits, std::span<const AddressOwner> a, std::span<const AddressOwner> b) {
  const std::size_t i = fits.size() - 1 - a.size();
  const std::size_t j = fits.front().size() - 1 - b.size();
  if (a.empty() && b.empty()) {
    return true;
  }
  const bool is_any_a = !a.empty() && !IsKnown(a.front());
  const bool is_any_b = !b.empty() && !IsKnown(b.front());
  const bool is_same =
      !a.empty() && !b.empty() && !is_any_a && !is_any_b && HaveSameOwner(a.front(), b.front());
  const bool may_skip_a = !a.empty() && (is_any_a || is_any_b || is_same);
  const bool may_skip_b = !b.empty() && (is_any_a || is_any_b || is_same);
  return (may_skip_a && fits[i + 1][j]) || (may_skip_b && fits[i][j + 1]) ||
         (is_same && fits[i + 1][j + 1]);
}

// Unknown hops may be of any networks, or of none but their neighbours'.
bool MayBeEqual(std::span<const AddressOwner> a, std::span<const AddressOwner> b) {
  Fits fits(a.size() + 1, std::vector<bool>(b.size() + 1));
  for (std::size_t i = a.size() + 1; i-- > 0;) {
    for (std::size_t j = b.size() + 1; j-- > 0;) {
      fits[i][j] = FitsAt(fits, a.subspan(i), b.subspan(j));
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
