#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "diagnosis/path_alignment.h"
#include "exporter/history/history_values.h"
#include "probes/base/asn_lookup.h"
#include "probes/base/ip_address.h"

// Paths as tables show them: whom each line is about, by name, network and figures.
namespace pathwitness {

/// What the history knows of addresses.
using Responders = std::map<IpAddress, ResponderFacts>;

/// The networks of addresses as they were then, whatever a database says today.
std::shared_ptr<const AsnLookup> NetworksOf(const Responders& responders);

/// An address as it is shown. Of whatever strangers chose, only plain text.
struct ShownAddress {
  std::string address;    // empty: nobody
  std::string name;       // of DNS; empty: unknown
  std::uint32_t asn = 0;  // 0: unknown
  std::string owner;      // of the configuration, else "AS64500"; empty: unknown
  std::string as_name;    // empty: unknown

  bool operator==(const ShownAddress&) const = default;
};

ShownAddress Show(const IpAddress& address, const Responders& responders);

/// "AS64500 Example Net", "office-lan"; empty when nothing is known.
std::string OwnerText(const ShownAddress& shown);

/// "core1.example (192.0.2.1)", the address alone without a name, "???" for nobody as mtr has it.
std::string HostText(const ShownAddress& shown);

/// One TTL of a path over a time.
struct HopRow {
  unsigned ttl = 0;
  std::vector<ShownAddress> responders;  // of all routes, the newest first; empty: silent
  HopStats stats;
  std::string hop_class;  // as in verdicts; "destination" for the last one; empty: not judged

  bool operator==(const HopRow&) const = default;
};

/// Everybody who answers on the routes of a time, by TTL.
PathView ViewOf(const TraceStats& stats);

/// By TTL, from 1; as long as the longest route.
std::vector<HopRow> HopRowsOf(const TraceStats& stats, const Responders& responders);

}  // namespace pathwitness
