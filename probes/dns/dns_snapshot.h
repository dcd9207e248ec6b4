#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "probes/base/ip_address.h"
#include "probes/base/snapshot_board.h"

namespace pathwitness {

/// What is known of one target's host in one family. A literal address is its own answer and is
/// never looked up.
struct DnsSnapshot {
  std::string target;
  std::string host;
  IpFamily family = IpFamily::Ipv4;

  bool is_known = false;                  // the first lookup has come back, or none is needed
  std::vector<IpAddress> addresses = {};  // the last good answer, sorted; kept through failures
  /// The one to probe. It stays the same as long as it is among the answers, so that all probers
  /// of a target measure the same address and a rotating answer is no change.
  std::optional<IpAddress> chosen = {};
  bool is_failing = false;  // the last lookup failed; `chosen` may still hold the last good answer
  std::string error = {};   // of the last failed lookup, for people; empty otherwise

  double last_lookup_seconds = 0;  // how long the last one took; 0 for literal addresses
  std::uint64_t lookups = 0;
  std::uint64_t failures = 0;         // no answer, or an error other than "no such record"
  std::uint64_t address_changes = 0;  // of the set of addresses
};

/// Key: target name and family.
using DnsKey = std::pair<std::string, IpFamily>;
using DnsBoard = SnapshotBoard<DnsKey, DnsSnapshot>;

/// Which families of `target` are probed now: the configured ones; else those that have an
/// address; else ipv4 once both lookups failed, so that a name that does not resolve is a loss and
/// never a missing series. Empty while the first lookups are under way.
std::vector<IpFamily> ProbedFamilies(const DnsBoard& board, const std::string& target,
                                     const std::vector<IpFamily>& configured);

}  // namespace pathwitness
