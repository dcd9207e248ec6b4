#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "probes/base/ip_address.h"

namespace pathwitness {

/// The autonomous system that an address belongs to.
struct AsnRecord {
  std::uint32_t asn = 0;
  std::string name;  // of the organisation; may be empty

  bool operator==(const AsnRecord&) const = default;
};

/// Tells the AS of an address without asking anybody. Any thread may ask.
class AsnLookup {
 public:
  AsnLookup() = default;
  AsnLookup(const AsnLookup&) = delete;
  AsnLookup& operator=(const AsnLookup&) = delete;
  virtual ~AsnLookup() = default;

  /// Empty when the address is in no known AS.
  virtual std::optional<AsnRecord> Find(const IpAddress& address) const = 0;
};

}  // namespace pathwitness
