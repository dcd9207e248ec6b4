#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace pathwitness {

/// One alert that the shipped rules can raise.
struct AlertEntry {
  std::string_view name;
  std::vector<std::string_view> tiers;  // its severities, mildest first
};

/// Every alert whose threshold an environment may override or that it may disable, sorted by name.
std::span<const AlertEntry> AlertCatalogue();

}  // namespace pathwitness
