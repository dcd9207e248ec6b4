#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "diagnosis/segment.h"
#include "probes/base/asn_lookup.h"
#include "probes/base/ip_address.h"

namespace pathwitness {

enum class AddressKind : std::uint8_t {
  Loopback,
  Private,   // RFC 1918, RFC 4193, link-local: of whoever is around
  Cgnat,     // RFC 6598: of a provider
  Exchange,  // of the member whose router has it
  Network,   // in a known AS, or one's own by configuration
  Unknown,
};

/// What is known of an address by itself, wherever it stands on a path.
struct AddressOwner {
  AddressKind kind = AddressKind::Unknown;
  std::uint32_t asn = 0;  // 0: unknown
  std::string name;       // of the configuration, else "AS64500"; of an exchange its name
  std::string as_name;    // of the database; may be empty
  OwnerSegment segment = OwnerSegment::ByPosition;

  bool operator==(const AddressOwner&) const = default;
};

/// True when two addresses of kind Network have one owner: the same AS, or the same name in the
/// configuration.
bool HaveSameOwner(const AddressOwner& a, const AddressOwner& b);

/// Tells whose hops are: the configuration first, then the database.
class OwnerTable {
 public:
  /// `database` may be null.
  OwnerTable(const std::vector<OwnerConfig>& owners, const std::vector<ExchangeConfig>& exchanges,
             std::shared_ptr<const AsnLookup> database);

  AddressOwner Of(const IpAddress& address) const;

  /// The owner of each hop and of the link that leads to it, by the hops around it. Element i is
  /// TTL i + 1, empty: silent. What cannot be told from both sides is undetermined, with the names
  /// of those who come into question.
  std::vector<HopOwner> OwnersOf(const std::vector<std::optional<IpAddress>>& path,
                                 const IpAddress& destination) const;

  /// Whom to ask, as the configuration says: of an interconnect those of both networks, with a
  /// comma between. Empty: unknown.
  std::string ContactOf(const HopOwner& owner) const;

 private:
  struct Lengths {
    unsigned length = 0;
    std::unordered_map<IpAddress, AddressOwner> by_base;
  };

  void Add(const IpPrefix& prefix, const AddressOwner& owner);
  bool IsNetwork(const std::string& name) const;
  const AddressOwner* FindConfigured(const IpAddress& address) const;

  std::vector<Lengths> lengths_;  // longest first
  std::unordered_map<std::uint32_t, AddressOwner> by_asn_;
  std::map<std::string, std::string> contacts_;  // by configured name; empty: unknown
  std::shared_ptr<const AsnLookup> database_;
};

}  // namespace pathwitness
