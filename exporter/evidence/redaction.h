#pragma once

#include <set>
#include <string>
#include <vector>

#include "diagnosis/owners.h"
#include "exporter/evidence/report.h"

namespace pathwitness {

/// What of the observer is not for others' eyes.
struct OwnThings {
  std::set<std::string> names;     // of targets, owners, hosts
  std::vector<IpPrefix> prefixes;  // beside private addresses, which always are
};

/// The names of all targets, and what the configuration calls the local network.
OwnThings OwnThingsOf(const Config& config);

/// The report with everything of the observer replaced, the same thing by the same word throughout:
/// its source address, private, provider-internal (RFC 6598) and loopback addresses, those of
/// `own`, the names that DNS has for them, and names of `own`; in sentences too. The destination
/// stays: without it a report proves nothing.
Report Redact(Report report, const OwnThings& own);

}  // namespace pathwitness
