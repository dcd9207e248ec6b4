#include "probes/dns/dns_snapshot.h"

#include <algorithm>
#include <array>

namespace pathwitness {
namespace {

constexpr std::array<IpFamily, 2> kFamilies = {IpFamily::Ipv4, IpFamily::Ipv6};

}  // namespace

std::vector<IpFamily> ProbedFamilies(const DnsBoard& board, const std::string& target,
                                     const std::vector<IpFamily>& configured) {
  std::array<DnsBoard::Pointer, kFamilies.size()> snapshots;
  bool is_applied = false;  // the DNS engine has seen the target
  bool is_decided = true;   // all its lookups have come back
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    snapshots[i] = board.Find({target, kFamilies[i]});
    is_applied = is_applied || snapshots[i] != nullptr;
    is_decided = is_decided && (snapshots[i] == nullptr || snapshots[i]->is_known);
  }
  std::vector<IpFamily> families;
  for (std::size_t i = 0; i < kFamilies.size() && is_applied; ++i) {
    const bool is_named =
        std::find(configured.begin(), configured.end(), kFamilies[i]) != configured.end();
    // Without a snapshot the host is a literal of the other family: down, never missing.
    const bool is_wanted = configured.empty()
                               ? snapshots[i] != nullptr && snapshots[i]->chosen.has_value()
                               : is_named && (snapshots[i] == nullptr || snapshots[i]->is_known);
    if (is_wanted) {
      families.push_back(kFamilies[i]);
    }
  }
  if (configured.empty() && families.empty() && is_applied && is_decided) {
    families.push_back(IpFamily::Ipv4);
  }
  return families;
}

}  // namespace pathwitness
