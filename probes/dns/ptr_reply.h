#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "probes/base/ip_address.h"
#include "probes/base/time.h"

namespace pathwitness {

/// The name under which the name of `address` is asked for: "1.2.0.192.in-addr.arpa".
/// Source: RFC 1035 section 3.5, RFC 3596 section 2.5.
std::string ReverseName(const IpAddress& address);

/// A name that an address has.
struct PtrRecord {
  std::string name;  // in lower case, without the last dot
  Duration ttl{};    // the shortest among the records of the answer

  bool operator==(const PtrRecord&) const = default;
};

/// The first PTR record of a DNS answer, also behind the CNAMEs of RFC 2317. `reply` starts at the
/// header.
///
/// Empty when there is none, when the message is damaged, and when the name is not made of letters,
/// digits, '.', '-' and '_' alone: whoever has an address may name it as he likes, and the name
/// ends in metrics, pages and reports.
/// Source: RFC 1035 section 4.1.
std::optional<PtrRecord> ReadPtrReply(std::span<const std::byte> reply);

}  // namespace pathwitness
