#include "diagnosis/as_path.h"

#include <algorithm>

namespace pathwitness {
namespace {

bool IsEnd(Segment segment) {
  return segment == Segment::Prober || segment == Segment::SourceLan ||
         segment == Segment::DestinationAs || segment == Segment::DestinationHost;
}

bool IsAmong(const AddressOwner& network, const std::vector<AddressOwner>& others) {
  return std::ranges::any_of(
      others, [&](const AddressOwner& other) { return HaveSameOwner(network, other); });
}

bool IsExpected(const AddressOwner& network, const std::vector<std::string>& expected) {
  return std::ranges::any_of(expected, [&](const std::string& name) {
    return name == network.name || name == "AS" + std::to_string(network.asn);
  });
}

}  // namespace

std::vector<std::uint32_t> AsPath(const std::vector<AddressOwner>& networks, std::size_t most) {
  std::vector<std::uint32_t> path;
  for (const AddressOwner& network : networks) {
    const bool is_next = network.asn != 0 && (path.empty() || path.back() != network.asn);
    if (is_next && path.size() < most) {
      path.push_back(network.asn);
    }
  }
  return path;
}

std::vector<AddressOwner> UnexpectedTransit(const std::vector<AddressOwner>& networks,
                                            const std::vector<HopOwner>& owners,
                                            const std::vector<std::string>& expected) {
  std::vector<AddressOwner> ends;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    if (IsEnd(owners[i].segment)) {
      ends.push_back(networks[i]);
    }
  }
  std::vector<AddressOwner> unexpected;
  for (const AddressOwner& network : networks) {
    const bool is_fine = network.kind != AddressKind::Network || IsAmong(network, ends) ||
                         IsExpected(network, expected);
    if (!is_fine && !IsAmong(network, unexpected)) {
      unexpected.push_back(network);
    }
  }
  return unexpected;
}

}  // namespace pathwitness
