#include "diagnosis/owners.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

namespace pathwitness {
namespace {

constexpr const char* kLocalNetwork = "local network";

std::string AsText(std::uint32_t asn) {
  return "AS" + std::to_string(asn);
}

IpAddress Masked(const IpAddress& address, unsigned length) {
  std::array<std::byte, 16> bytes{};
  const std::span<const std::byte> from = address.Bytes();
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::size_t bits =
        std::min<std::size_t>(8, length - std::min<std::size_t>(length, 8 * i));
    bytes.at(i) = from[i] & static_cast<std::byte>(0xff00U >> bits);
  }
  return IpAddress::FromBytes(address.Family(), bytes);
}

std::vector<IpPrefix> Prefixes(std::initializer_list<std::string_view> texts) {
  std::vector<IpPrefix> prefixes;
  for (const std::string_view text : texts) {
    prefixes.push_back(IpPrefix::Parse(text).value());
  }
  return prefixes;
}

bool IsInAny(const IpAddress& address, const std::vector<IpPrefix>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const IpPrefix& prefix) { return prefix.Contains(address); });
}

// Source: RFC 1918, RFC 3927, RFC 4193, RFC 4291 2.4, RFC 6598.
AddressKind KindOfRange(const IpAddress& address) {
  static const std::vector<IpPrefix> kPrivate = Prefixes(
      {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"});
  static const std::vector<IpPrefix> kCgnat = Prefixes({"100.64.0.0/10"});
  if (address.IsLoopback()) {
    return AddressKind::Loopback;
  }
  if (IsInAny(address, kPrivate)) {
    return AddressKind::Private;
  }
  return IsInAny(address, kCgnat) ? AddressKind::Cgnat : AddressKind::Unknown;
}

Segment SegmentOf(OwnerSegment segment) {
  switch (segment) {
    case OwnerSegment::SourceLan:
      return Segment::SourceLan;
    case OwnerSegment::SourceIsp:
      return Segment::SourceIsp;
    case OwnerSegment::Transit:
      return Segment::Transit;
    case OwnerSegment::Ix:
      return Segment::Ix;
    case OwnerSegment::DestinationAs:
      return Segment::DestinationAs;
    case OwnerSegment::ByPosition:
      break;
  }
  return Segment::Undetermined;
}

std::string Joined(std::string one, const std::string& other) {
  one += (one.empty() || other.empty() ? "" : ", ") + other;
  return one;
}

}  // namespace

bool HaveSameOwner(const AddressOwner& a, const AddressOwner& b) {
  return (a.asn != 0 && a.asn == b.asn) || (!a.name.empty() && a.name == b.name);
}

OwnerTable::OwnerTable(const std::vector<OwnerConfig>& owners,
                       const std::vector<ExchangeConfig>& exchanges,
                       std::shared_ptr<const AsnLookup> database)
    : database_(std::move(database)) {
  for (const OwnerConfig& owner : owners) {
    const bool is_exchange = owner.segment == OwnerSegment::Ix;
    const AddressOwner entry = {.kind = is_exchange ? AddressKind::Exchange : AddressKind::Network,
                                .asn = owner.asn,
                                .name = owner.name,
                                .segment = is_exchange ? OwnerSegment::ByPosition : owner.segment};
    if (std::string& contact = contacts_[owner.name]; contact.empty()) {
      contact = owner.contact;
    }
    for (const IpPrefix& prefix : owner.prefixes) {
      Add(prefix, entry);
    }
    if (owner.prefixes.empty()) {
      by_asn_.emplace(owner.asn, entry);
    }
  }
  for (const ExchangeConfig& exchange : exchanges) {
    for (const IpPrefix& prefix : exchange.prefixes) {
      Add(prefix, {.kind = AddressKind::Exchange, .name = exchange.name});
    }
  }
  std::sort(lengths_.begin(), lengths_.end(),
            [](const Lengths& a, const Lengths& b) { return a.length > b.length; });
}

void OwnerTable::Add(const IpPrefix& prefix, const AddressOwner& owner) {
  auto entry = std::find_if(lengths_.begin(), lengths_.end(), [&](const Lengths& candidate) {
    return candidate.length == prefix.Length();
  });
  if (entry == lengths_.end()) {
    entry = lengths_.insert(lengths_.end(), {.length = prefix.Length()});
  }
  entry->by_base.emplace(prefix.Base(), owner);
}

const AddressOwner* OwnerTable::FindConfigured(const IpAddress& address) const {
  for (const Lengths& entry : lengths_) {
    if (entry.length > address.Bytes().size() * 8) {
      continue;
    }
    const auto found = entry.by_base.find(Masked(address, entry.length));
    if (found != entry.by_base.end()) {
      return &found->second;
    }
  }
  return nullptr;
}

AddressOwner OwnerTable::Of(const IpAddress& address) const {
  const AddressOwner* const configured = FindConfigured(address);
  AddressOwner owner = configured == nullptr ? AddressOwner() : *configured;
  if (configured == nullptr) {
    owner.kind = KindOfRange(address);
  }
  const bool may_be_listed =
      owner.kind == AddressKind::Unknown || owner.kind == AddressKind::Network;
  const std::optional<AsnRecord> record =
      may_be_listed && database_ ? database_->Find(address) : std::nullopt;
  if (!record || record->asn == 0 || (owner.asn != 0 && owner.asn != record->asn)) {
    return owner;
  }
  const auto named = by_asn_.find(record->asn);
  if (configured == nullptr && named != by_asn_.end()) {
    owner = named->second;
  }
  owner.kind = owner.kind == AddressKind::Unknown ? AddressKind::Network : owner.kind;
  owner.asn = record->asn;
  owner.as_name = record->name;
  owner.name = owner.name.empty() ? AsText(record->asn) : owner.name;
  return owner;
}

namespace {

/// The hops of one path while their owners are told.
class OwnedPath {
 public:
  OwnedPath(std::vector<std::optional<AddressOwner>> hops, AddressOwner destination)
      : hops_(std::move(hops)), destination_(std::move(destination)) {
    const auto first = std::find_if(hops_.begin(), hops_.end(), IsAnchor);
    source_ = first == hops_.end() ? std::nullopt : *first;
    const auto declared = std::find_if(hops_.begin(), hops_.end(), [](const auto& hop) {
      return IsAnchor(hop) && hop->segment == OwnerSegment::SourceIsp;
    });
    source_ = declared == hops_.end() ? source_ : *declared;
  }

  std::vector<HopOwner> Owners() const {
    std::vector<HopOwner> owners;
    for (std::size_t i = 0; i < hops_.size(); ++i) {
      owners.push_back(OwnerOf(i));
    }
    MarkBorders(owners);
    return owners;
  }

 private:
  using HopKind = std::optional<AddressOwner>;

  // An anchor tells by itself whose it is, and lets its neighbours be told.
  static bool IsAnchor(const HopKind& hop) {
    return hop && hop->kind == AddressKind::Network && hop->segment != OwnerSegment::SourceLan;
  }
  static bool Is(const HopKind& hop, AddressKind kind) { return hop && hop->kind == kind; }
  static bool IsOwnLan(const HopKind& hop) {
    return hop && hop->segment == OwnerSegment::SourceLan;
  }

  // The nearest anchor before a hop or behind it. A router on an exchange is of the next network.
  const AddressOwner* Before(std::size_t index) const {
    for (std::size_t i = index; i-- > 0;) {
      if (IsAnchor(hops_[i])) {
        return &*hops_[i];
      }
      if (Is(hops_[i], AddressKind::Exchange)) {
        return Behind(i);
      }
    }
    return nullptr;
  }
  const AddressOwner* Behind(std::size_t index) const {
    const auto from = hops_.begin() + static_cast<std::ptrdiff_t>(index) + 1;
    const auto found = std::find_if(from, hops_.end(), IsAnchor);
    return found == hops_.end() ? nullptr : &**found;
  }

  HopOwner OwnerOf(std::size_t index) const {
    const HopKind& hop = hops_[index];
    if (IsOwnLan(hop)) {
      return {.segment = Segment::SourceLan, .asn = hop->asn, .name = hop->name};
    }
    if (Is(hop, AddressKind::Loopback)) {
      return {.segment = Segment::Prober, .name = "this machine"};
    }
    if (Is(hop, AddressKind::Exchange)) {
      return OnExchange(index);
    }
    const AddressOwner* const before = Before(index);
    if (!IsAnchor(hop)) {
      return before == nullptr ? NearSource(index) : Between(before, Behind(index));
    }
    if (before != nullptr && !HaveSameOwner(*before, *hop)) {
      return {.segment = Segment::Interconnect,
              .asn = hop->asn,
              .asn_near = before->asn,
              .name = before->name + "-" + hop->name};
    }
    return Inside(*hop);
  }

  HopOwner Inside(const AddressOwner& network) const {
    Segment segment = SegmentOf(network.segment);
    if (network.segment == OwnerSegment::ByPosition) {
      const bool is_source = source_ && HaveSameOwner(network, *source_);
      segment = HaveSameOwner(network, destination_) ? Segment::DestinationAs
                : is_source                          ? Segment::SourceIsp
                                                     : Segment::Transit;
    }
    return {.segment = segment, .asn = network.asn, .name = network.name};
  }

  HopOwner OnExchange(std::size_t index) const {
    const AddressOwner* const before = Before(index);
    const AddressOwner* const behind = Behind(index);
    return {.segment = Segment::Ix,
            .asn = behind == nullptr ? 0 : behind->asn,
            .asn_near = before == nullptr ? 0 : before->asn,
            .name = hops_[index]->name};
  }

  // A private, unknown or silent hop in the middle is of the network around it.
  HopOwner Between(const AddressOwner* before, const AddressOwner* behind) const {
    if (behind != nullptr && HaveSameOwner(*before, *behind)) {
      return Inside(*before);
    }
    return {.name = before->name + " or " + (behind == nullptr ? "beyond" : behind->name)};
  }

  // Before the first network: the first private hop is the local gateway, a provider's private
  // addresses come after it, and where one ends and the other begins only CGNAT tells.
  HopOwner NearSource(std::size_t index) const {
    const HopKind& hop = hops_[index];
    const auto at = hops_.begin() + static_cast<std::ptrdiff_t>(index);
    if (std::any_of(at, hops_.end(), IsOwnLan) || (index == 0 && Is(hop, AddressKind::Private))) {
      return {.segment = Segment::SourceLan, .name = kLocalNetwork};
    }
    const bool is_behind_cgnat = std::any_of(
        hops_.begin(), at + 1, [](const HopKind& other) { return Is(other, AddressKind::Cgnat); });
    if (is_behind_cgnat) {
      return {.segment = Segment::SourceIsp,
              .asn = source_ ? source_->asn : 0,
              .name = source_ ? source_->name : "the provider"};
    }
    return {.name = std::string(kLocalNetwork) + " or " + (source_ ? source_->name : "beyond")};
  }

  void MarkBorders(std::vector<HopOwner>& owners) const {
    for (std::size_t i = 1; i < owners.size(); ++i) {
      const bool is_border = owners[i].segment == Segment::Interconnect;
      owners[i - 1].may_be_border = is_border && IsAnchor(hops_[i - 1]);
    }
  }

  std::vector<HopKind> hops_;
  AddressOwner destination_;
  HopKind source_;  // the network that one's own packets enter first
};

}  // namespace

std::vector<HopOwner> OwnerTable::OwnersOf(const std::vector<std::optional<IpAddress>>& path,
                                           const IpAddress& destination) const {
  std::vector<std::optional<AddressOwner>> hops;
  hops.reserve(path.size());
  for (const std::optional<IpAddress>& address : path) {
    hops.push_back(address ? std::optional(Of(*address)) : std::nullopt);
  }
  return OwnedPath(std::move(hops), Of(destination)).Owners();
}

// By its name: configured, or "AS64500".
bool OwnerTable::IsNetwork(const std::string& name) const {
  const bool is_asn = name.size() > 2 && name.starts_with("AS") &&
                      name.find_first_not_of("0123456789", 2) == std::string::npos;
  return is_asn || contacts_.contains(name);
}

std::string OwnerTable::ContactOf(const HopOwner& owner) const {
  if (const auto known = contacts_.find(owner.name); known != contacts_.end()) {
    return known->second;
  }
  if (owner.segment != Segment::Interconnect) {
    return "";
  }
  for (std::size_t dash = owner.name.find('-'); dash != std::string::npos;
       dash = owner.name.find('-', dash + 1)) {
    const std::string near = owner.name.substr(0, dash);
    const std::string far = owner.name.substr(dash + 1);
    if (IsNetwork(near) && IsNetwork(far)) {
      return Joined(ContactOf({.name = near}), ContactOf({.name = far}));
    }
  }
  return "";
}

}  // namespace pathwitness
