#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "probes/base/asn_lookup.h"

namespace pathwitness {

/// A database that the test writes down: the first prefix that fits counts.
class ListedNetworks : public AsnLookup {
 public:
  using List = std::vector<std::pair<const char*, AsnRecord>>;

  explicit ListedNetworks(List list) : list_(std::move(list)) {}

  std::optional<AsnRecord> Find(const IpAddress& address) const override {
    for (const auto& [prefix, record] : list_) {
      if (IpPrefix::Parse(prefix)->Contains(address)) {
        return record;
      }
    }
    return std::nullopt;
  }

 private:
  List list_;
};

/// AS64500 to AS64503, each with a /24.
inline std::shared_ptr<const AsnLookup> FourNetworks() {
  return std::make_shared<ListedNetworks>(ListedNetworks::List{
      {"203.0.113.0/24", {64500, "Source ISP"}},
      {"198.51.100.0/24", {64501, "Transit"}},
      {"198.18.0.0/24", {64502, "Destination"}},
      {"198.18.1.0/24", {64503, "Other"}},
  });
}

}  // namespace pathwitness
